import type { Ending, Tier } from "./recorded.ts";

/** What an OTLP `AnyValue` can hold. Integers beyond 2^53 are bigint; whole doubles are told apart by the exporter's table of names. */
export type AttributeValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue };

/** Keys are literal: `__proto__` is a name like any other, so these are built by `Object.fromEntries` or on a null prototype. */
export type Attributes = { readonly [name: string]: AttributeValue };

export type SpanKind = "internal" | "server" | "client" | "producer" | "consumer";

/** What came of a call for the one who made it; the rules stand in `outcome.ts`. */
export type Outcome = "ok" | "partial" | "error" | "refused" | "cancelled";

/**
 * Tokens in buckets that exclude each other, so that each has one price and a sum counts nothing twice.
 * A bucket the provider did not tell is undefined: unknown is not zero.
 */
export interface TokenBuckets {
  readonly inUncached?: number;
  readonly cacheRead?: number;
  readonly cacheReadAudio?: number;
  readonly cacheReadImage?: number;
  readonly cacheWrite5m?: number;
  readonly cacheWrite1h?: number;
  readonly inAudio?: number;
  readonly inImage?: number;
  readonly outText?: number;
  readonly reasoning?: number;
  readonly outAudio?: number;
  readonly outImage?: number;
}

/** What a call cost, or why nobody can say. Amounts are decimals as text, at most nine digits behind the point: never a float on the way. */
export interface Cost {
  readonly usd?: string;
  /** By what was paid for; the sum is `usd`. Absent where only the whole is known. */
  readonly byBucket?: { readonly [bucket: string]: string };
  /** What the price list is in, where that is not USD. */
  readonly currency?: string;
  readonly priceId?: string;
  readonly priceVersion?: string;
  /** Whose price it is: the provider's own figure, the operator's file, the one that comes with Spangate, or the catalog. */
  readonly source?: "provider" | "override" | "builtin" | "catalog";
  /** Why there is no `usd`, or what to know about it, as a word to group by. */
  readonly reason?: string;
}

/** One finished span. A value: nobody changes it, each step returns the next. */
export interface Span {
  readonly tenant: string;
  /** Who says so: `gateway`, or the sender of received spans. */
  readonly source: string;
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly exchangeId?: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
  readonly status: "unset" | "error";
  readonly ending?: Ending;
  readonly outcome?: Outcome;
  /** How much of the content may be kept. */
  readonly capture: Tier;
  /** Set by the scrub processor alone: content of a span of tier `scrubbed` without it is taken off before anything stores or sends it. */
  readonly scrubbed?: true;
  readonly tokens?: TokenBuckets;
  /** Where `tokens` come from; `none` when a model answered and nobody said how many. Undefined where no model was asked. */
  readonly usageSource?: "provider" | "estimated" | "none";
  readonly cost?: Cost;
  readonly attributes: Attributes;
}
