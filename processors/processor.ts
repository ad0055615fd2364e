import type { Span } from "../genai/span.ts";

/**
 * A step over finished spans. It may change them, by returning others in their place, and drop them; it cannot add any, nor change who
 * they are: tenant, source, ids, times. One that throws, or returns what it may not, has its batch go on as it was, without content.
 */
export interface Processor {
  /** A verb, the same in configuration and metrics. */
  readonly name: string;
  /** Returns the spans that go on. Leaves the ones it was given as they were. */
  process(spans: readonly Span[]): readonly Span[] | Promise<readonly Span[]>;
  /** Lets go of what it holds: threads, files. */
  readonly [Symbol.asyncDispose]?: () => Promise<void>;
}
