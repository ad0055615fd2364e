import type Big from "big.js";
import { BUCKETS, type Bucket } from "./buckets.ts";
import { rate } from "./decimal.ts";
import type { PriceEntry, PriceFile } from "./price_file.ts";
import type { Price, Rates } from "./prices.ts";

export const MILLION = 1_000_000;
export const THOUSAND = 1000;
export const HOUR_SECONDS = 3600;

/** USD for so many units. */
interface Amount {
  readonly usd: Big;
  readonly units: number;
}
type Amounts = { readonly [bucket in Bucket]?: Amount };

/** What a price list says of inputs that are larger than `above`. */
export interface ListedTier {
  readonly above: number;
  readonly amounts: Amounts;
}

/** These are fees for each of something, and no factor of a tier or a region changes them. */
const FEES: ReadonlySet<Bucket> = new Set(["web_searches", "requests"]);

/** The tiers of an entry of a price file, largest first. */
export function listedTiers(entry: PriceEntry): readonly ListedTier[] {
  const exchange = entry.usd_per_unit;
  const amounts = (rates: { readonly [bucket in Bucket]?: Big | undefined }, units: number): Amounts =>
    Object.fromEntries(
      Object.entries(rates).flatMap(([bucket, amount]) =>
        amount ? [[bucket, { usd: exchange && entry.currency !== "USD" ? amount.times(exchange) : amount, units }]] : [],
      ),
    );
  const base = {
    ...amounts(entry.per_million, MILLION),
    ...amounts(entry.per_hour, HOUR_SECONDS),
    ...amounts(entry.per_thousand, THOUSAND),
  };
  const larger = entry.above.map(({ input_tokens: above, per_million }) => ({
    above,
    amounts: { ...base, ...amounts(per_million, MILLION) },
  }));
  return [...larger.sort((a, b) => b.above - a.above), { above: 0, amounts: base }];
}

/** The factors that apply to a price: to all it bills, or to all but fees. */
export interface Multipliers {
  readonly all: Big;
  readonly withoutFees: Big;
}

/** Rates to count with, of every bucket that has a price of its own or inherits one. */
export function compiled(tiers: readonly ListedTier[], inherited: PriceFile["inherit"], multipliers: Multipliers): Price["tiers"] {
  return tiers.map(({ above, amounts }) => {
    const whole: { [bucket in Bucket]?: Amount } = { ...amounts };
    for (const { bucket, from, multiply } of inherited) {
      const base = whole[from];
      if (whole[bucket] === undefined && base !== undefined) whole[bucket] = multiply ? { ...base, usd: base.usd.times(multiply) } : base;
    }
    const rates: { -readonly [bucket in keyof Rates]: Rates[bucket] } = {};
    for (const bucket of BUCKETS) {
      const amount = whole[bucket];
      if (amount) rates[bucket] = rate(amount.usd.times(FEES.has(bucket) ? multipliers.all : multipliers.withoutFees), amount.units);
    }
    return { above, rates };
  });
}
