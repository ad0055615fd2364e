import { expect, test } from "vitest";
import { lookUp } from "./lexicon.ts";
import { decodeModel, encodeModel, ROWS } from "./model.ts";

/** Hashes spread over the whole range, as those of words are. */
const words = new Map(Array.from({ length: 2000 }, (_, at) => [Math.imul(at + 1, 0x9e3779b1), (at % 60) + 1] as const));
const weights = Int32Array.from({ length: ROWS }, (_, row) => Math.imul(row, 0x01000193));

test("decodes what it encodes", () => {
  const { lexicon, weights: decoded } = decodeModel(encodeModel(words, weights));
  expect(decoded).toEqual(weights);
  expect([...words].filter(([hash, flags]) => lookUp(lexicon, hash) !== flags)).toEqual([]);
  expect(lookUp(lexicon, 12345)).toBe(0);
});

test("is read wherever its bytes stand in memory", () => {
  const bytes = encodeModel(words, weights);
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  expect(decodeModel(shifted.subarray(3)).weights).toEqual(weights);
});

test("refuses what is no model of this version", () => {
  expect(() => decodeModel(new Uint8Array(0))).toThrow("not of this version");
  expect(() => decodeModel(encodeModel(words, weights).subarray(1))).toThrow("not of this version");
});
