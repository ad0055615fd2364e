import type { Span } from "../genai/span.ts";
import type { Sequence } from "../journal/record.ts";

export interface SpanWriter {
  /** The place in the span journal up to which rows are durably stored; the store reads on from there after a restart. */
  position(): Promise<Sequence>;
  /** Readable at once; durable, together with `through`, when `position()` has passed it. */
  append(batch: { readonly spans: readonly Span[]; readonly through: Sequence }): Promise<void>;
  /** Makes all that was appended durable, and readable to whoever opens the files. */
  flush(): Promise<void>;
}

/** Rows in the terms of JSON: decimals and big integers are strings, maps are objects. */
export interface Rows {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

export interface SpanReader {
  /** Rows of a read-only statement over the view `spans`; parameters are bound, never pasted into its text. */
  query(statement: string, parameters?: readonly (string | number | null)[]): Promise<Rows>;
}

export interface SpanStore extends SpanWriter, SpanReader, AsyncDisposable {
  /** The published files, for a reader in another process. */
  files(): readonly string[];
  readonly stored: number;
  /** Spans it could not take and left out. */
  readonly refused: number;
}
