import { isContent } from "../genai/attributes.ts";
import type { Attributes, Span } from "../genai/span.ts";
import type { Processor } from "./processor.ts";

/** Takes content off the spans that may not have any. */
export function withhold(mayHave: (span: Span) => boolean): Processor {
  return { name: "withhold", process: (spans) => spans.map((span) => (mayHave(span) ? span : withoutContent(span))) };
}

/** Until it is scrubbed, content of tier `scrubbed` is needed for that. */
export const byTier = ({ capture }: Span): boolean => capture === "full" || capture === "scrubbed";

/** What may be stored: `full` as it is, `scrubbed` once that was done, and by nobody but the one who marks it. */
export const whenScrubbed = ({ capture, scrubbed }: Span): boolean => capture === "full" || (capture === "scrubbed" && scrubbed === true);

export function withoutContent(span: Span): Span {
  if (!Object.keys(span.attributes).some(isContent)) return span;
  const attributes: Attributes = Object.fromEntries(Object.entries(span.attributes).filter(([name]) => !isContent(name)));
  return { ...span, attributes };
}
