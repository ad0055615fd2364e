import { isContent } from "../genai/attributes.ts";
import type { Attributes, Span } from "../genai/span.ts";
import type { Processor } from "./processor.ts";

/**
 * Takes content off the spans whose tier does not keep it as it is. Only `full` does: `scrubbed` keeps what was scrubbed, and nothing
 * was, so it stores what `metadata` stores. Spans of the tier `metadata` hold messages too, where their tokens had to be counted.
 */
export function withhold(): Processor {
  return { name: "withhold", process: (spans) => spans.map((span) => (span.capture === "full" ? span : withoutContent(span))) };
}

function withoutContent(span: Span): Span {
  if (!Object.keys(span.attributes).some(isContent)) return span;
  const attributes: Attributes = Object.fromEntries(Object.entries(span.attributes).filter(([name]) => !isContent(name)));
  return { ...span, attributes };
}
