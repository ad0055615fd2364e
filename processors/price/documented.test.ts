import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { BUCKETS } from "./buckets.ts";
import { parsePriceFile } from "./price_file.ts";
import { REASONS } from "./reason.ts";

const page = readFileSync(new URL("../../docs/cost.md", import.meta.url), "utf8");

/** Names in the first column of the table with these headings. */
function named(headings: string): ReadonlySet<string> {
  const [, rows = ""] = page.split(`| ${headings} |`);
  const firsts = (rows.split("\n\n")[0] ?? "").split("\n").map((row) => row.split("|")[1] ?? "");
  return new Set(firsts.join(" ").match(/(?<=`)\w+(?=`)/g));
}

test("the price file in the docs is one", () => {
  const [, example = ""] = /```yaml\n# prices\.yaml\n(.*?)```/s.exec(page) ?? [];
  const { prices, factors, providers } = parsePriceFile(example);
  expect([prices.length, factors.length, providers.length]).toEqual([3, 1, 2]);
});

test("the docs name every bucket, and no other", () => {
  expect(named("bucket | column | what it is")).toEqual(new Set(BUCKETS));
});

test("the docs explain every reason for a cost that is unknown or estimated, and no other", () => {
  expect(named("`cost_reason` | what it means | what to do")).toEqual(new Set(REASONS));
});
