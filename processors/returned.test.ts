import fc from "fast-check";
import { expect, test } from "vitest";
import type { Span } from "../genai/span.ts";
import { aSpan } from "./processor_contract.ts";
import { placesOf } from "./returned.ts";

const batch = (count: number): readonly Span[] => Array.from({ length: count }, (_, i) => aSpan({ spanId: `${i}` }));

test("what is left of a batch, told otherwise or not, has its places", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("same", "told otherwise", "dropped")), (fates) => {
      const given = batch(fates.length);
      const returned = given.flatMap((span, i) =>
        fates[i] === "dropped" ? [] : [fates[i] === "same" ? span : { ...span, name: "other", attributes: { a: 1 } }],
      );
      expect(placesOf(given, returned)).toEqual(fates.flatMap((fate, i) => (fate === "dropped" ? [] : [i])));
    }),
  );
});

test("no order but the given one is taken, and none twice", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5 })), (picked) => {
      const given = batch(6);
      const returned = picked.map((i) => given[i]);
      const rises = picked.every((each, i) => i === 0 || each > (picked[i - 1] ?? 0));
      if (rises) expect(placesOf(given, returned)).toEqual(picked);
      else expect(() => placesOf(given, returned)).toThrow("was not given");
    }),
  );
});

const changes: readonly Partial<Span>[] = [
  { spanId: "other" },
  { traceId: "other" },
  { parentSpanId: "other" },
  { exchangeId: "other" },
  { tenant: "other" },
  { source: "other" },
  { kind: "server" },
  { startTimeUnixNano: 0n },
  { endTimeUnixNano: 0n },
];
for (const change of changes) {
  test(`${Object.keys(change)[0]} stays as it is`, () => {
    const given = batch(1);
    expect(() => placesOf(given, [{ ...given[0], ...change }])).toThrow("was not given");
  });
}

test("a tier goes down only", () => {
  const tiers = ["full", "scrubbed", "metadata", "none"] as const;
  for (const [from, before] of tiers.entries()) {
    for (const [to, capture] of tiers.entries()) {
      const given = [aSpan({ capture: before })];
      const returned = [{ ...given[0], capture }];
      if (to >= from) expect(placesOf(given, returned)).toEqual([0]);
      else expect(() => placesOf(given, returned)).toThrow("raised the tier");
    }
  }
});
