import { characters, HASH_STEP } from "./characters.ts";
import { STREET, UNIT } from "./lexicon.ts";
import { ROW_BITS } from "./model.ts";
import type { Sentence } from "./sentence.ts";
import { ALPHANUMERIC, NUMBER } from "./tokens.ts";

/** The most features that one token has. */
export const MOST_FEATURES = 48;

const SHIFT = 32 - ROW_BITS;

/** The row of weights of a feature: the number of its template and its value. */
function rowOf(template: number, value: number): number {
  return Math.imul(value ^ (value >>> 15) ^ (template * 0x3c6ef372), 0x9e3779b1) >>> SHIFT;
}

function pair(a: number, b: number): number {
  return (Math.imul(a ^ (a >>> 13), 0x2c1b3c6d) + b) | 0;
}

/**
 * Writes the rows of weights that speak about one token into `out`; returns how many. It looks at two tokens on either side, at the
 * tags of the two before, and where an address may be, a little further.
 */
export function featuresOf({ text, tokens, flags, zone, tags, heads }: Sentence, row: number, out: Int32Array): number {
  const { hash, shape, gap, gapKind, start, stop } = tokens;
  const { folded } = characters();
  const w0 = hash[row] as number;
  const w1 = hash[row + 1] as number;
  const w2 = hash[row + 2] as number;
  const v1 = hash[row - 1] as number;
  const v2 = hash[row - 2] as number;
  const s0 = shape[row] as number;
  const k0 = (flags[row] as number) | (s0 << 16);
  const k1 = (flags[row + 1] as number) | ((shape[row + 1] as number) << 16);
  const k2 = (flags[row + 2] as number) | ((shape[row + 2] as number) << 16);
  const j1 = (flags[row - 1] as number) | ((shape[row - 1] as number) << 16);
  const j2 = (flags[row - 2] as number) | ((shape[row - 2] as number) << 16);
  const before = gap[row] as number;
  const after = gap[row + 1] as number;
  const kinds = ((gapKind[row] as number) << 4) | (gapKind[row + 1] as number);
  const t1 = tags[row - 1] as number;
  const t2 = tags[row - 2] as number;
  const from = start[row] as number;
  const to = stop[row] as number;
  const head = heads[row] as number;
  let count = 0;
  out[count++] = rowOf(1, w0);
  out[count++] = rowOf(2, k0);
  out[count++] = rowOf(3, (kinds << 8) | s0);
  out[count++] = rowOf(4, pair(v1, before));
  out[count++] = rowOf(5, pair(v1, s0));
  out[count++] = rowOf(6, pair(w1, after));
  out[count++] = rowOf(7, pair(j1, k0));
  out[count++] = rowOf(8, pair(pair(k0, k1), gapKind[row + 1] as number));
  out[count++] = rowOf(9, pair(pair(j1, k0), k1));
  out[count++] = rowOf(10, pair(v2, v1));
  out[count++] = rowOf(11, pair(w1, w2));
  out[count++] = rowOf(12, pair(v1, w1));
  out[count++] = rowOf(13, pair(before, after));
  out[count++] = rowOf(14, pair(before, k0));
  out[count++] = rowOf(15, pair(after, k0));
  out[count++] = rowOf(16, (t1 << 3) | t2);
  out[count++] = rowOf(17, pair(k0, t1));
  out[count++] = rowOf(18, pair(before, (t1 << 4) | s0));
  out[count++] = rowOf(19, pair(v1, t1));
  out[count++] = rowOf(20, pair(pair(k0, k1), t1));
  out[count++] = rowOf(21, pair(j2, s0));
  out[count++] = rowOf(22, pair(k2, s0));
  out[count++] = rowOf(23, pair(v2, s0));
  out[count++] = rowOf(24, pair(w2, s0));
  out[count++] = rowOf(25, pair(head, s0));
  out[count++] = rowOf(26, pair(pair(after, w1), t1));
  out[count++] = rowOf(
    27,
    (shape[row - 2] as number) |
      ((shape[row - 1] as number) << 4) |
      (s0 << 8) |
      ((shape[row + 1] as number) << 12) |
      ((shape[row + 2] as number) << 16),
  );
  out[count++] = rowOf(28, (Math.min(to - from, 12) << 4) | s0);
  if (to - from > 2) {
    let ending = 0x1234567;
    for (let at = to - 1; at >= to - 3; at--) {
      ending = Math.imul(ending ^ (folded[text.charCodeAt(at)] ?? 0), HASH_STEP);
      if (at === to - 2) out[count++] = rowOf(29, ending);
    }
    out[count++] = rowOf(30, ending);
    let beginning = 0x7654321;
    for (let at = from; at < from + 3; at++) beginning = Math.imul(beginning ^ (folded[text.charCodeAt(at)] ?? 0), HASH_STEP);
    out[count++] = rowOf(31, beginning);
  }
  if (zone[row] === 1) {
    let around = 0;
    for (let distance = 1; distance <= 3; distance++) {
      const left = shape[row - distance] as number;
      const right = shape[row + distance] as number;
      if (left === NUMBER || left === ALPHANUMERIC) around |= 1 << distance;
      if (right === NUMBER || right === ALPHANUMERIC) around |= 16 << distance;
      if (((flags[row - distance] as number) & (STREET | UNIT)) !== 0) around |= 256 << distance;
      if (((flags[row + distance] as number) & (STREET | UNIT)) !== 0) around |= 4096 << distance;
    }
    out[count++] = rowOf(32, pair(around, s0));
    out[count++] = rowOf(33, pair(around, t1));
    out[count++] = rowOf(34, pair(pair(around, k0), t1));
    out[count++] = rowOf(35, pair(pair(j1, k0), t1));
    out[count++] = rowOf(36, pair(pair(k1, k2), pair(k0, t1)));
    out[count++] = rowOf(37, pair(w0, t1));
    out[count++] = rowOf(38, pair(pair(kinds, s0), t1));
    out[count++] = rowOf(39, pair(pair(k0, k1), pair(j1, t1)));
  }
  return count;
}
