import { expect, test } from "vitest";
import { budget, rowVerdict, verdict, type BudgetRow, type Medians } from "./budget.ts";

const NOTHING: Medians = { of: () => undefined, peak: () => undefined, idleMb: () => undefined };

const limits = [
  { title: "at the better limit", limit: { value: 1.5, hold: 3, reach: 1.5 }, is: "reached" },
  { title: "between the limits", limit: { value: 1.51, hold: 3, reach: 1.5 }, is: "held" },
  { title: "above both", limit: { value: 3.01, hold: 3, reach: 1.5 }, is: "missed" },
  { title: "with one limit only", limit: { value: 0.1, hold: 0.1 }, is: "reached" },
  { title: "a speed above the better limit", limit: { value: 14_000, hold: 8000, reach: 14_000, atLeast: true }, is: "reached" },
  { title: "a speed below both", limit: { value: 7999, hold: 8000, reach: 14_000, atLeast: true }, is: "missed" },
  { title: "nothing measured", limit: { value: undefined, hold: 3 }, is: "not measured" },
  { title: "a division by what was not there", limit: { value: Number.NaN, hold: 3 }, is: "not measured" },
] as const;
for (const { title, limit, is } of limits) {
  test(`a limit, ${title}: ${is}`, () => expect(verdict({ what: "", ...limit })).toBe(is));
}

const [reached, held, missed, unmeasured] = [1, 2, 4, undefined].map((value) => ({ what: "", value, hold: 3, reach: 1 }));
const rows = [
  { title: "the worst of its limits", row: { limits: [reached, missed, held] }, is: "missed" },
  { title: "held when one limit only holds", row: { limits: [reached, held] }, is: "held" },
  { title: "not measured when a part is not", row: { limits: [reached, unmeasured] }, is: "not measured" },
  { title: "not measured when it has no limits", row: { limits: [] }, is: "not measured" },
];
for (const { title, row, is } of rows) {
  test(`a row is ${title}`, () => expect(rowVerdict({ what: "", ...row } as BudgetRow)).toBe(is));
}

test("ratios are made of medians of the same run", () => {
  const gatewayUs: { readonly [proxy: string]: number } = { nginx: 20, off: 40, balanced: 60, portkey: 900 };
  const [off, balanced] = budget({
    ...NOTHING,
    of: (scenario, proxy, figure) => (scenario.startsWith("json") && figure === "gateway_us" ? gatewayUs[proxy] : undefined),
  });
  expect(off?.limits.map(({ value }) => value)).toEqual([2]);
  expect(balanced?.limits.map(({ value }) => value)).toEqual([3, 60 / 900]);
});

test("an empty run has no verdict", () => {
  expect(new Set(budget(NOTHING).map(rowVerdict))).toEqual(new Set(["not measured"]));
});
