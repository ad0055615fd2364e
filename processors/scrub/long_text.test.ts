import { expect, test } from "vitest";
import type { Detector } from "./detector.ts";
import { findAll, OverBudget } from "./long_text.ts";

/** Notes how much it is shown at once. */
function counting(): Detector & { readonly sizes: number[] } {
  const sizes: number[] = [];
  return {
    sizes,
    find(text) {
      sizes.push(text.length);
      return [...text.matchAll(/\w+@\w+/g)].map(({ index, 0: found }) => ({ start: index, end: index + found.length, type: "EMAIL" }));
    },
  };
}

const never = (): boolean => false;
const LONG = 2 * 1024 * 1024;

test("a long text is shown in windows, and all of it", () => {
  const detector = counting();
  findAll(detector, "word ".repeat(LONG / 5), never);
  expect(detector.sizes.length).toBeGreaterThan(3);
  expect(Math.max(...detector.sizes)).toBeLessThanOrEqual(512 * 1024);
  expect(detector.sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThanOrEqual(LONG - 5);
});

test.for(["\n", " ", ""])("what stands anywhere in it is found once and whole, with %j between words", (separator) => {
  const unit = `${separator}-ann@example${separator}${"-".repeat(1000)}`;
  const text = unit.repeat(LONG / unit.length);
  const found = findAll(counting(), text, never);
  const expected = [...text.matchAll(/\w+@\w+/g)].map(({ index }) => index);
  expect(found.map(({ start }) => start)).toEqual(expected);
  expect(found.every(({ start, end }) => text.slice(start, end) === "ann@example")).toBe(true);
});

test("it stops when the time is over, also between windows", () => {
  let left = 2;
  const detector = counting();
  expect(() => findAll(detector, " ".repeat(LONG), () => left-- === 0)).toThrow(OverBudget);
  expect(detector.sizes).toHaveLength(1);
});
