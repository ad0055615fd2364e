import Big from "big.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimal, nanos, rate, toDecimal, toNanos } from "./decimal.ts";

describe("decimals", () => {
  for (const { usd, per, units, cost } of [
    { usd: "0.1", per: 1, units: 3, cost: "0.3" }, // where floats say 0.30000000000000004
    { usd: "2.5", per: 1_000_000, units: 1, cost: "0.0000025" },
    { usd: "0.0005", per: 1_000_000, units: 1, cost: "0" }, // half a nano, to even
    { usd: "0.0015", per: 1_000_000, units: 1, cost: "0.000000002" }, // one and a half, to even
    { usd: "0.0025", per: 1_000_000, units: 1, cost: "0.000000002" }, // two and a half, to even
    { usd: "0.00251", per: 1_000_000, units: 1, cost: "0.000000003" },
    { usd: "0.111", per: 3600, units: 10, cost: "0.000308333" }, // a fraction no decimal says
    { usd: "0.36", per: 3600, units: 0.5, cost: "0.00005" },
    { usd: "1", per: 1, units: Number.MAX_SAFE_INTEGER, cost: "9007199254740991" },
    { usd: "0", per: 1, units: 5, cost: "0" },
  ]) {
    test(`${units} units at ${usd} for ${per} cost ${cost}`, () => {
      expect(toDecimal(nanos(units, rate(new Big(usd), per)))).toBe(cost);
    });
  }

  for (const written of [-1, "-0.1", "", "1 USD", Number.NaN, Infinity, "1,5", "0x10"]) {
    test(`${JSON.stringify(written)} (${String(written)}) is no amount`, () => {
      expect(decimal(written)).toBeUndefined();
    });
  }

  test("are what big decimals say, rounded half to even", () => {
    const amount = fc
      .tuple(fc.bigInt({ min: 0n, max: 10n ** 12n }), fc.integer({ min: 0, max: 12 }))
      .map(([digits, point]) => new Big(`${digits}e-${point}`));
    fc.assert(
      fc.property(amount, fc.nat(), fc.constantFrom(1, 1000, 1_000_000), (usd, units, per) => {
        expect(toDecimal(nanos(units, rate(usd, per)))).toBe(
          usd.times(units).times(new Big(1).div(per)).round(9, Big.roundHalfEven).toFixed(),
        );
        expect(toDecimal(toNanos(usd))).toBe(usd.round(9, Big.roundHalfEven).toFixed());
      }),
    );
  });
});
