import type { Lexicon } from "./lexicon.ts";
import { lexiconOf } from "./lexicon.ts";

/** What a token is part of. The weights stand in this order. */
export const OUTSIDE = 0;
export const NAME_BEGINS = 1;
export const NAME_GOES_ON = 2;
export const ADDRESS_BEGINS = 3;
export const ADDRESS_GOES_ON = 4;
export const TAGS = 5;

/** Features share 2^16 rows of weights by their hash. */
export const ROW_BITS = 16;

/** A trained tagger: what it knows of words, and the weight of each feature for each tag. */
export interface Model {
  readonly lexicon: Lexicon;
  readonly weights: Int8Array;
}

const FORMAT = 0x31474154; // "TAG1"
const HEADER = 8;
const WORD_BYTES = 6;

/** Layout, little-endian: format, number of words, then hashes (4 bytes each, ascending), flags (2 bytes each), weights (1 byte each). */
export function encodeModel(words: ReadonlyMap<number, number>, weights: Int8Array): Uint8Array {
  const hashes = [...words.keys()].sort((a, b) => a - b);
  const bytes = new Uint8Array(HEADER + hashes.length * WORD_BYTES + weights.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, FORMAT, true);
  view.setUint32(4, hashes.length, true);
  hashes.forEach((hash, at) => {
    view.setInt32(HEADER + at * 4, hash, true);
    view.setUint16(HEADER + hashes.length * 4 + at * 2, words.get(hash) ?? 0, true);
  });
  bytes.set(weights, HEADER + hashes.length * WORD_BYTES);
  return bytes;
}

/** Throws when the bytes are no model of this format. */
export function decodeModel(bytes: Uint8Array): Model {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = bytes.length < HEADER || view.getUint32(0, true) !== FORMAT ? -1 : view.getUint32(4, true);
  const weightsAt = HEADER + count * WORD_BYTES;
  if (count < 0 || bytes.length !== weightsAt + (TAGS << ROW_BITS)) {
    throw new Error("cannot read the name model: it is not of this version; train it again with npm run train");
  }
  const hashes = Int32Array.from({ length: count }, (_, at) => view.getInt32(HEADER + at * 4, true));
  const flags = Uint16Array.from({ length: count }, (_, at) => view.getUint16(HEADER + count * 4 + at * 2, true));
  return { lexicon: lexiconOf(hashes, flags), weights: new Int8Array(bytes.buffer, bytes.byteOffset + weightsAt) };
}
