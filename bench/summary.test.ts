import { expect, test } from "vitest";
import { percentile, spread } from "./summary.ts";

const percentiles = [
  { title: "no values", values: [], share: 0.5, is: undefined },
  { title: "one value", values: [7], share: 0.99, is: 7 },
  { title: "the middle of three, unsorted", values: [30, 10, 20], share: 0.5, is: 20 },
  { title: "the 99th of a hundred", values: Array.from({ length: 100 }, (_, i) => i + 1), share: 0.99, is: 99 },
  { title: "all of them", values: [1, 2, 3], share: 1, is: 3 },
];
for (const { title, values, share, is } of percentiles) {
  test(`percentile of ${title}`, () => expect(percentile(values, share)).toBe(is));
}

test("the spread of an odd and of an even number of rounds", () => {
  expect(spread([5, 1, 3])).toEqual({ median: 3, min: 1, max: 5 });
  expect(spread([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 });
  expect(spread([])).toBeUndefined();
});
