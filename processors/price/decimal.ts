import Big from "big.js";

/** Nano-USD for one unit, as a fraction: `nanos / scale`. Exact, and quick to multiply with. */
export interface Rate {
  readonly nanos: bigint;
  readonly scale: bigint;
}

/** An amount as it is written in JSON or YAML, exactly: `0.1` is one tenth. Undefined for what is no amount from 0 on. */
export function decimal(written: number | string): Big | undefined {
  try {
    const amount = new Big(written);
    return amount.gte(0) ? amount : undefined;
  } catch {
    return undefined;
  }
}

/** The rate of an exact price in USD for so many units. */
export function rate(usd: Big, units: number): Rate {
  const [nanos, scale] = fraction(usd.times(1e9));
  return { nanos, scale: scale * BigInt(units) };
}

/** What so many units cost at this rate, in whole nano-USD: exact, then rounded half to even. */
export function nanos(units: number, { nanos: perUnit, scale }: Rate): bigint {
  if (Number.isSafeInteger(units)) return roundedHalfEven(BigInt(units) * perUnit, scale);
  const [whole, parts] = fraction(new Big(units));
  return roundedHalfEven(whole * perUnit, scale * parts);
}

/** Nine digits behind the point at most: `0.00025`. */
export function toDecimal(nano: bigint): string {
  const digits = nano.toString().padStart(10, "0");
  const behind = digits.slice(-9).replace(/0+$/, "");
  return behind === "" ? digits.slice(0, -9) : `${digits.slice(0, -9)}.${behind}`;
}

/** Whole nano-USD of an exact amount, rounded half to even. */
export function toNanos(usd: Big): bigint {
  return roundedHalfEven(...fraction(usd.times(1e9)));
}

function fraction(amount: Big): [whole: bigint, parts: bigint] {
  const text = amount.toFixed();
  const point = text.indexOf(".");
  if (point < 0) return [BigInt(text), 1n];
  return [BigInt(text.slice(0, point) + text.slice(point + 1)), 10n ** BigInt(text.length - point - 1)];
}

function roundedHalfEven(numerator: bigint, denominator: bigint): bigint {
  const whole = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  const up = twice > denominator || (twice === denominator && whole % 2n === 1n);
  return up ? whole + 1n : whole;
}
