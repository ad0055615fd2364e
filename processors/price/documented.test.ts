import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BUCKETS } from "./buckets.ts";
import { parsePriceFile } from "./price_file.ts";
import { REASONS } from "./reason.ts";

const page = readFileSync(new URL("../../docs/cost.md", import.meta.url), "utf8");

test("the price file in the docs is one", () => {
  const [, example = ""] = /```yaml\n# prices\.yaml\n(.*?)```/s.exec(page) ?? [];
  const { prices, factors, providers } = parsePriceFile(example);
  expect([prices.length, factors.length, providers.length]).toEqual([3, 1, 2]);
});

test("the docs name every bucket in their table, and no other", () => {
  const [, table = ""] = /\| bucket \| column \|[^\n]*\n(.*?)\n\n/s.exec(page) ?? [];
  const named = table.split("\n").flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, bucket]) => bucket));
  expect(named.toSorted()).toEqual([...BUCKETS].toSorted());
});

test("the docs explain every reason that the code gives for a cost", () => {
  const [, table = ""] = /\| `cost_reason` \| what it means \|[^\n]*\n(.*?)\n\n/s.exec(page) ?? [];
  const explained = table.split("\n").flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, reason]) => reason));
  expect(explained.toSorted()).toEqual([...REASONS].toSorted());
});
