import type { Span } from "../genai/span.ts";
import type { Processor } from "../processors/processor.ts";
import { placesOf } from "../processors/returned.ts";
import { withoutContent } from "../processors/withhold.ts";
import { reasonOf } from "./letter.ts";

/** What left the processors. JSON-safe but for the spans. */
export interface Processed {
  readonly spans: readonly Span[];
  /** Spans that a processor dropped, by its name. */
  readonly dropped: Readonly<Record<string, number>>;
  /** Each time that a processor failed on the batch. */
  readonly failures: readonly Failure[];
}

export interface Failure {
  readonly processor: string;
  /** Without what it quotes. */
  readonly reason: string;
}

/**
 * Takes spans through all processors. No span is lost to one that fails: the spans it was given go on, without their content, whatever
 * their tier, since nobody knows what it was to do to it.
 */
export async function process(given: readonly Span[], processors: readonly Processor[]): Promise<Processed> {
  let spans = given;
  const dropped = new Map<string, number>();
  const failures: Failure[] = [];
  for (const processor of processors) {
    const { name } = processor;
    try {
      const returned = await processor.process(spans);
      placesOf(spans, returned);
      if (returned.length < spans.length) dropped.set(name, (dropped.get(name) ?? 0) + spans.length - returned.length);
      spans = returned;
    } catch (error) {
      failures.push({ processor: name, reason: reasonOf(error) });
      spans = spans.map(withoutContent);
    }
  }
  return { spans, dropped: Object.fromEntries(dropped), failures };
}
