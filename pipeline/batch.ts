import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { toJson } from "../genai/json.ts";
import type { Span } from "../genai/span.ts";
import type { Sequence } from "../journal/record.ts";

/** Version of the batches on the span journal; every version ever written can be read. */
const VERSION = 1;

/**
 * How far the intake is done, by lane: the sequence of the last finished exchange's `end`, or `closed` when the lane was read to its end
 * and what was open in it is finished too.
 */
export type IntakeCursor = { readonly [lane: string]: Sequence | "closed" };

/** What stands in one record of the span journal. */
export interface Batch {
  readonly spans: readonly Span[];
  readonly through: IntakeCursor;
  /** The dead letter these spans were made of. Such a batch does not move the cursor. */
  readonly letter?: Sequence;
  /** The batch before it that says so was lost: exchanges behind `through` may be stored already. */
  readonly doubtful?: boolean;
}

type StoredSpan = Omit<Span, "startTimeUnixNano" | "endTimeUnixNano"> & { readonly start: string; readonly end: string };

/** Integers beyond 2^53 in attributes become text: nothing in the conventions needs them. */
export function encodeBatch({ spans, through, letter, doubtful }: Batch): Buffer {
  const stored = spans.map(({ startTimeUnixNano, endTimeUnixNano, ...rest }): StoredSpan => ({
    ...rest,
    start: String(startTimeUnixNano),
    end: String(endTimeUnixNano),
  }));
  const json = toJson({ version: VERSION, through, letter, ...(doubtful && { doubtful }), spans: stored });
  return zstdCompressSync(json, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
}

export function decodeBatch(bytes: Buffer): Batch {
  const { version, through, letter, doubtful, spans } = JSON.parse(zstdDecompressSync(bytes).toString()) as {
    version: number;
    through: IntakeCursor;
    letter?: Sequence;
    doubtful?: boolean;
    spans: readonly StoredSpan[];
  };
  if (version > VERSION)
    throw new Error(`a batch of the span journal was written by a newer Spangate (format ${version}, this one reads up to ${VERSION})`);
  return {
    through,
    ...(letter !== undefined && { letter }),
    ...(doubtful && { doubtful }),
    spans: spans.map(({ start, end, ...rest }) => ({ ...rest, startTimeUnixNano: BigInt(start), endTimeUnixNano: BigInt(end) })),
  };
}
