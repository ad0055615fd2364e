import type { Span } from "../genai/span.ts";
import type { Sequence } from "../journal/record.ts";

/**
 * The store holds as many rows in memory as it may, and cannot publish them now. It took nothing of the batch: that stays in the span
 * journal, to be offered again.
 */
export class StoreFull extends Error {
  override readonly name = "StoreFull";
}

/** What was asked for must wait: the store does not take spans now, and nothing is lost. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
}

export interface SpanBatch {
  readonly spans: readonly Span[];
  /** Its place in the span journal. */
  readonly through: Sequence;
}

export interface SpanWriter {
  /** The place in the span journal up to which rows are durably stored; the store reads on from there after a restart. */
  position(): Promise<Sequence>;
  /**
   * Readable at once; durable, together with `through`, when `position()` has passed it. Rejects with `StoreFull` while it has no room. What
   * rejects took nothing of the batch: it is to be offered again before any later one.
   */
  append(batch: SpanBatch): Promise<void>;
  /** The same for a batch that is not taken, or ends the engine: the engine gets span by span, and `beforeEach` is told which one is next. */
  appendEach(batch: SpanBatch, beforeEach?: (span: Span) => void): Promise<void>;
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

/** Rows that were in a file which is damaged or missing, to be had from the span journal as long as that holds them. */
export interface Missing {
  readonly path: string;
  readonly tenant: string;
  /** UTC, `2026-11-21`. */
  readonly day: string;
  /** Of the span journal: behind `after`, up to `through`. */
  readonly after: Sequence;
  readonly through: Sequence;
}

export interface SpanStore extends SpanWriter, SpanReader, AsyncDisposable {
  /** The published files, for a reader in another process. */
  files(): readonly string[];
  /** The same, each of them compared with what was published; what is damaged is set aside and not among them. */
  wholeFiles(): Promise<readonly string[]>;
  /** What `refill` was not called for yet. */
  missing(): readonly Missing[];
  /** Publishes, of these batches of its stretch, the rows that were in the file. Once: what they lack stays missing. */
  refill(missing: Missing, batches: AsyncIterable<readonly Span[]>): Promise<void>;
  /** Published files that were found damaged or missing, ever. */
  readonly damagedFiles: number;
  /** Rows of such files that no other file has. */
  readonly missingRows: number;
  readonly stored: number;
  /** Spans it could not take and left out. */
  readonly refused: number;
}
