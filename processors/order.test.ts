import { expect, test } from "vitest";
import type { ProcessorOptions } from "./options.ts";
import { misplaced } from "./order.ts";

/** As checked, but for what the order does not look at. */
const listed = (...list: readonly (string | object | undefined)[]): readonly (ProcessorOptions | undefined)[] =>
  list.map((each) => (typeof each === "string" ? { use: each, keep: {}, time_limit_ms: 5000 } : each)) as readonly (
    | ProcessorOptions
    | undefined
  )[];

const fine = [
  [],
  ["count_tokens", "scrub", "price"],
  ["scrub", { use: "module", name: "module", time_limit_ms: 5000 }, "price", { use: "module", name: "redact", time_limit_ms: 5000 }],
  ["module"],
  ["filter", "scrub"],
  ["price", { use: "sample", keep: { costlier_than_usd: 1 } }],
  [undefined, undefined],
];
for (const list of fine) {
  test(`${JSON.stringify(list)} is in order`, () => {
    expect(misplaced(listed(...list))).toEqual([]);
  });
}

const wrong = [
  { list: ["scrub", "count_tokens"], index: 1, option: "use", says: "too late" },
  { list: ["module", "scrub"], index: 0, option: "use", says: "not scrubbed yet" },
  { list: ["scrub", "price", "scrub"], index: 2, option: "use", says: "already" },
  { list: [{ use: "sample", keep: { costlier_than_usd: 1 } }, "price"], index: 0, option: "keep", says: "no price before it" },
  { list: [{ use: "sample", keep: { costlier_than_usd: 1 } }], index: 0, option: "keep", says: "no price before it" },
  { list: ["module", "module", "module", "module", "module"], index: 4, option: "time_limit_ms", says: "25000 ms" },
  { list: [{ use: "module", name: "sample", time_limit_ms: 5000 }], index: 0, option: "name", says: "sample is another's name" },
  { list: [{ use: "module", name: "constructor", time_limit_ms: 5000 }], index: 0, option: "name", says: "constructor is another's name" },
  { list: [undefined, "scrub", "count_tokens"], index: 2, option: "use", says: "too late" },
];
for (const { list, index, option, says } of wrong) {
  test(`${JSON.stringify(list)} is not: ${says}`, () => {
    expect(misplaced(listed(...list))).toEqual([
      { index, option, message: expect.stringContaining(says), fix: expect.stringMatching(/^[A-Z].*\.$/) },
    ]);
  });
}
