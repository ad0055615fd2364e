import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync, zstdDecompressSync } from "node:zlib";
import type { Chunk, Header, Recorded } from "../genai/recorded.ts";

/** Undoes one content coding; throws on bytes that are not in it and on more than `maxOutputLength`, but takes a cut end. */
type Decoder = (bytes: Buffer, maxOutputLength: number) => Buffer;

const gunzip: Decoder = (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH });

/** Some servers mean zlib's format by `deflate`, as the standard does, and some the bare stream. */
const inflate: Decoder = (bytes, maxOutputLength) =>
  (hasZlibHead(bytes) ? inflateSync : inflateRawSync)(bytes, { maxOutputLength, finishFlush: constants.Z_SYNC_FLUSH });

const unbrotli: Decoder = (bytes, maxOutputLength) =>
  brotliDecompressSync(bytes, { maxOutputLength, finishFlush: constants.BROTLI_OPERATION_FLUSH });

const unzstd: Decoder = (bytes, maxOutputLength) => zstdDecompressSync(bytes, { maxOutputLength, finishFlush: constants.ZSTD_e_flush });

const DECODERS: ReadonlyMap<string, Decoder> = new Map([
  ["gzip", gunzip],
  ["x-gzip", gunzip],
  ["deflate", inflate],
  ["br", unbrotli],
  ["zstd", unzstd],
]);

/** Nobody sends more than one in earnest; each costs a pass over the limit. */
const MAX_CODINGS = 3;

/**
 * The record with its bodies as they were before compression, and without the `content-encoding` that no longer holds.
 * Each body stops at `limitBytes`, or where it is broken, and is then marked as truncated. A coding we cannot undo leaves its body empty
 * and is named in `unreadable`. Never throws.
 */
export function decode(recorded: Recorded, limitBytes: number): Recorded {
  const { opened, closed } = recorded;
  const asked = codingsOf(opened.headers);
  const answered = codingsOf(closed.headers);
  if (asked.length + answered.length === 0) return recorded;
  const request = decodeChunks([{ atUs: 0, bytes: recorded.request }], asked, limitBytes);
  const response = decodeChunks(recorded.response, answered, limitBytes);
  const unreadable = {
    ...(request === undefined && { request: asked.join(", ") }),
    ...(response === undefined && { response: answered.join(", ") }),
  };
  return {
    opened: { ...opened, headers: withoutCoding(opened.headers) },
    closed: {
      ...closed,
      headers: withoutCoding(closed.headers),
      ...(request?.truncated && { requestTruncated: true }),
      ...(response?.truncated && { responseTruncated: true }),
    },
    request: request?.chunks[0]?.bytes ?? Buffer.alloc(0),
    response: response?.chunks ?? [],
    ...(Object.keys(unreadable).length > 0 && { unreadable }),
  };
}

/** In the order they were applied. */
function codingsOf(headers: readonly Header[]): readonly string[] {
  return headers
    .flatMap(([name, value]) => (name === "content-encoding" ? value.toLowerCase().split(",") : []))
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "" && coding !== "identity");
}

function withoutCoding(headers: readonly Header[]): readonly Header[] {
  return headers.filter(([name]) => name !== "content-encoding");
}

interface Decoded {
  readonly chunks: readonly Chunk[];
  readonly truncated: boolean;
}

/**
 * Decodes what came in chunks into chunks again. zlib decodes at once only from the beginning, so the beginning is decoded at the first chunk, the
 * second, the fourth, the eighth …: what is new each time came by then. All together that costs twice the work of decoding once, the first
 * chunk has its exact time, and a later one is dated at most as late as twice the chunks before it.
 */
function decodeChunks(chunks: readonly Chunk[], codings: readonly string[], limitBytes: number): Decoded | undefined {
  if (codings.length === 0) return { chunks, truncated: false };
  const decoders = codings.map((coding) => DECODERS.get(coding)).filter((decoder) => decoder !== undefined);
  if (decoders.length < codings.length || codings.length > MAX_CODINGS) return undefined;
  const undo: Decoder = (bytes, limit) => decoders.reduceRight((each, decoder) => (each.length === 0 ? each : decoder(each, limit)), bytes);

  const whole = Buffer.concat(chunks.map((chunk) => chunk.bytes));
  const readable = readableStart(whole, undo, limitBytes);
  const decoded: Chunk[] = [];
  let done = 0;
  let compressed = 0;
  for (const [index, { atUs, bytes }] of chunks.entries()) {
    compressed = Math.min(compressed + bytes.length, readable.length);
    const last = index === chunks.length - 1 || compressed === readable.length;
    if (!last && !isPowerOfTwo(index + 1)) continue;
    const start = last ? readable.decoded : tryTo(undo, whole.subarray(0, compressed), limitBytes);
    if (start && start.length > done) {
      decoded.push({ atUs, bytes: readable.decoded.subarray(done, start.length) });
      done = start.length;
    }
    if (last) break;
  }
  return { chunks: decoded, truncated: readable.length < whole.length };
}

function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}

interface Readable {
  /** How many of the compressed bytes could be used. */
  readonly length: number;
  readonly decoded: Buffer;
}

/** The longest beginning that decodes within the limit, found by halving: what a beginning decodes to, every longer one begins with. */
function readableStart(bytes: Buffer, undo: Decoder, limitBytes: number): Readable {
  const all = tryTo(undo, bytes, limitBytes);
  if (all) return { length: bytes.length, decoded: all };
  let best: Readable = { length: 0, decoded: Buffer.alloc(0) };
  let tooLong = bytes.length;
  // Close enough at 1/64 of the whole: every step decodes up to the limit again.
  while (tooLong - best.length > Math.max(1, bytes.length >> 6)) {
    const length = (best.length + tooLong) >> 1;
    const decoded = tryTo(undo, bytes.subarray(0, length), limitBytes);
    if (decoded) best = { length, decoded };
    else tooLong = length;
  }
  return best;
}

function tryTo(undo: Decoder, bytes: Buffer, limitBytes: number): Buffer | undefined {
  try {
    return bytes.length === 0 ? bytes : undo(bytes, limitBytes);
  } catch {
    return undefined;
  }
}

/** A zlib stream begins with its method and a check of its two first bytes. Source: RFC 1950, section 2.2. */
function hasZlibHead(bytes: Buffer): boolean {
  const [method = 0, flags = 0] = bytes;
  return (method & 0x0f) === 8 && (bytes.length < 2 || ((method << 8) | flags) % 31 === 0);
}
