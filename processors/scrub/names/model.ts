import type { Lexicon } from "./lexicon.ts";
import { lexiconOf } from "./lexicon.ts";

/** What a token is part of. */
export const OUTSIDE = 0;
export const NAME_BEGINS = 1;
export const NAME_GOES_ON = 2;
export const ADDRESS_BEGINS = 3;
export const ADDRESS_GOES_ON = 4;
export const TAGS = 5;

/** Features share 2^16 rows of weights by their hash. */
export const ROW_BITS = 16;
export const ROWS = 1 << ROW_BITS;

/** Added to each weight, so that none is negative and sums of them can stand side by side in one number. */
export const WEIGHT_ZERO = 128;

/** A trained tagger. */
export interface Model {
  /** What it knows of words. */
  readonly lexicon: Lexicon;
  /** For each row four bytes, from the lowest: how much it speaks for each tag but OUTSIDE, against OUTSIDE. */
  readonly weights: Int32Array;
}

const FORMAT = 0x32474154; // "TAG2"
const HEADER = 8;
const WORD_BYTES = 6;

/** Layout, little-endian: format, number of words, then hashes (4 bytes each, ascending), flags (2 bytes each), weights (4 bytes a row). */
export function encodeModel(words: ReadonlyMap<number, number>, weights: Int32Array): Uint8Array {
  const hashes = [...words.keys()].sort((a, b) => a - b);
  const weightsAt = HEADER + hashes.length * WORD_BYTES;
  const bytes = new Uint8Array(weightsAt + ROWS * 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, FORMAT, true);
  view.setUint32(4, hashes.length, true);
  hashes.forEach((hash, at) => {
    view.setInt32(HEADER + at * 4, hash, true);
    view.setUint16(HEADER + hashes.length * 4 + at * 2, words.get(hash) ?? 0, true);
  });
  weights.forEach((weight, row) => view.setInt32(weightsAt + row * 4, weight, true));
  return bytes;
}

/** Throws when the bytes are no model of this format. */
export function decodeModel(bytes: Uint8Array): Model {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = bytes.length < HEADER || view.getUint32(0, true) !== FORMAT ? -1 : view.getUint32(4, true);
  const weightsAt = HEADER + count * WORD_BYTES;
  if (count < 0 || bytes.length !== weightsAt + ROWS * 4) {
    throw new Error("cannot read the name model: it is not of this version; train it again with npm run train");
  }
  const hashes = Int32Array.from({ length: count }, (_, at) => view.getInt32(HEADER + at * 4, true));
  const flags = Uint16Array.from({ length: count }, (_, at) => view.getUint16(HEADER + count * 4 + at * 2, true));
  const weights = Int32Array.from({ length: ROWS }, (_, row) => view.getInt32(weightsAt + row * 4, true));
  return { lexicon: lexiconOf(hashes, flags), weights };
}
