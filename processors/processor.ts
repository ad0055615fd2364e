import type { Span } from "../genai/span.ts";

/** A step over finished spans. */
export interface Processor {
  /** A verb, the same in configuration and metrics. */
  readonly name: string;
  /** Returns the spans that go on. Leaves the ones it was given as they were. */
  process(spans: readonly Span[]): readonly Span[] | Promise<readonly Span[]>;
}
