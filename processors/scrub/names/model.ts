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

const FORMAT = 0x33474154; // "TAG3"
const HEADER = 12;
/** A step from one hash to the next, in ascending order; with tens of thousands of words none needs more. */
const STEP_BYTES = 3;

/**
 * Layout, little-endian: format, number of words, number of kinds of word; the flags of each kind (2 bytes); for each word, in the order of
 * their hashes, the step from the one before (3 bytes); for each word its kind (1 byte); the weights (4 bytes a row).
 */
export function encodeModel(words: ReadonlyMap<number, number>, weights: Int32Array): Uint8Array {
  const sorted = [...words].map(([hash, flags]) => ({ hash: hash >>> 0, flags })).toSorted((a, b) => a.hash - b.hash);
  const kinds = [...new Set(sorted.map(({ flags }) => flags))].toSorted((a, b) => a - b);
  if (kinds.length > 256) throw new Error(`cannot encode ${kinds.length} kinds of words: a kind is one byte; have fewer flags`);
  const stepsAt = HEADER + kinds.length * 2;
  const kindsAt = stepsAt + sorted.length * STEP_BYTES;
  const weightsAt = kindsAt + sorted.length;
  const bytes = new Uint8Array(weightsAt + ROWS * 4);
  const view = new DataView(bytes.buffer);
  [FORMAT, sorted.length, kinds.length].forEach((value, at) => view.setUint32(at * 4, value, true));
  kinds.forEach((flags, at) => view.setUint16(HEADER + at * 2, flags, true));
  let last = 0;
  sorted.forEach(({ hash, flags }, at) => {
    const step = hash - last;
    if (step >= 2 ** 24) throw new Error("cannot encode so few words: a step between hashes is three bytes; have more words");
    view.setUint16(stepsAt + at * STEP_BYTES, step & 0xffff, true);
    view.setUint8(stepsAt + at * STEP_BYTES + 2, step >>> 16);
    view.setUint8(kindsAt + at, kinds.indexOf(flags));
    last = hash;
  });
  weights.forEach((weight, row) => view.setInt32(weightsAt + row * 4, weight, true));
  return bytes;
}

/** Throws when the bytes are no model of this format. */
export function decodeModel(bytes: Uint8Array): Model {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const known = bytes.length >= HEADER && view.getUint32(0, true) === FORMAT;
  const count = known ? view.getUint32(4, true) : 0;
  const kinds = known ? view.getUint32(8, true) : 0;
  const stepsAt = HEADER + kinds * 2;
  const kindsAt = stepsAt + count * STEP_BYTES;
  const weightsAt = kindsAt + count;
  if (!known || bytes.length !== weightsAt + ROWS * 4) {
    throw new Error("cannot read the name model: it is not of this version; train it again with npm run train");
  }
  let hash = 0;
  const hashes = Int32Array.from({ length: count }, (_, at) => {
    const step = stepsAt + at * STEP_BYTES;
    return (hash += view.getUint16(step, true) + view.getUint8(step + 2) * 0x10000);
  });
  const flags = Uint16Array.from({ length: count }, (_, at) => view.getUint16(HEADER + view.getUint8(kindsAt + at) * 2, true));
  const weights = Int32Array.from({ length: ROWS }, (_, row) => view.getInt32(weightsAt + row * 4, true));
  return { lexicon: lexiconOf(hashes, flags), weights };
}
