import { z } from "zod";
import * as names from "../../genai/attributes.ts";
import type { Attributes, Cost, Span } from "../../genai/span.ts";
import type { Processor } from "../processor.ts";
import { inputTokens, used, type Bucket } from "./buckets.ts";
import { decimal, nanos, toDecimal, toNanos } from "./decimal.ts";
import type { Price, Prices } from "./prices.ts";
import type { Reason } from "./reason.ts";
import { serviceTier } from "./service_tier.ts";

export const priceOptions = z.strictObject({ use: z.literal("price").meta({ description: "Says what each call cost." }) });
export type PriceOptions = z.output<typeof priceOptions>;

/** The column holds eighteen digits, nine of them behind the point. */
const MOST_NANOS = 10n ** 18n;

/** Puts on every call of a model what it cost, or why nobody can say. */
export function price(_options: PriceOptions, prices: Prices): Processor {
  return {
    name: "price",
    process(spans) {
      prices.refresh?.();
      return spans.map((span) => (span.usageSource === undefined ? span : priced(span, prices)));
    },
  };
}

function priced(span: Span, prices: Prices): Span {
  const cost = costOf(span, prices);
  const { attributes } = span;
  const told = names.attributes([
    [names.COST_USD, cost.usd === undefined ? undefined : Number(cost.usd)],
    [names.COST_CURRENCY, cost.currency],
    [names.PRICE_ID, cost.priceId],
    [names.PRICE_VERSION, cost.priceVersion],
  ]);
  return { ...span, cost, attributes: { ...attributes, ...told } };
}

type Costed = Cost & { readonly reason?: Reason };

function costOf(span: Span, prices: Prices): Costed {
  const { attributes, usageSource } = span;
  const told = attributes[names.USAGE_COST_USD];
  const ofProvider = typeof told === "number" ? decimal(told) : undefined;
  if (ofProvider) {
    const whole = toNanos(ofProvider);
    return whole < MOST_NANOS ? { usd: toDecimal(whole), source: "provider" } : { reason: "out_of_range" };
  }
  const buckets = used(span);
  if (!buckets) return { reason: usageSource === "none" ? unusedReason(attributes) : "incomplete_usage" };
  const found = prices.find({
    provider: text(attributes, names.GEN_AI_PROVIDER_NAME),
    models: modelsOf(attributes),
    serviceTier: serviceTier(attributes),
    region: text(attributes, names.RESPONSE_REGION),
    address: text(attributes, names.SERVER_ADDRESS),
    upstream: text(attributes, names.UPSTREAM),
    tenant: span.tenant,
    atMs: Number(span.startTimeUnixNano / 1_000_000n),
  });
  if (typeof found === "string") return { reason: found };
  return sum(found, buckets, inputTokens(span), usageSource === "estimated" ? estimateOf(attributes) : undefined);
}

/** Every bucket is rounded once, half to even, and the sum is of what was rounded: so it is exact. */
function sum(found: Price, buckets: readonly (readonly [Bucket, number])[], input: number, reason: Reason | undefined): Costed {
  const { tiers, id: priceId, version: priceVersion, source, currency } = found;
  const about = { priceId, priceVersion, source, ...(currency !== undefined && { currency }) };
  const rates = tiers.find(({ above }) => input > above || above === 0)?.rates ?? {};
  const byBucket: { [bucket: string]: string } = {};
  let whole = 0n;
  const add = (bucket: Bucket, units: number): boolean => {
    const rate = rates[bucket];
    if (!rate) return false;
    const cost = nanos(units, rate);
    byBucket[bucket] = toDecimal(cost);
    whole += cost;
    return true;
  };
  for (const [bucket, units] of buckets) if (!add(bucket, units)) return { ...about, reason: "unpriced_bucket" };
  add("requests", 1);
  if (whole >= MOST_NANOS) return { ...about, reason: "out_of_range" };
  return { usd: toDecimal(whole), byBucket, ...about, ...(reason !== undefined && { reason }) };
}

/** The provider did not count, for it answered with an error, in whatever clothes, or not at all; or it answered, and did not say. */
function unusedReason(attributes: Attributes): Reason {
  const status = attributes[names.HTTP_RESPONSE_STATUS_CODE];
  if (typeof status !== "number") return "no_answer";
  const failed = status >= 400 || attributes[names.ERROR_CODE] !== undefined || attributes[names.ERROR_CLASS] !== undefined;
  return failed ? "not_billed" : "no_usage";
}

function estimateOf(attributes: Attributes): Reason {
  switch (attributes[names.USAGE_UNCOUNTED]) {
    case "media":
      return "estimated_without_media";
    case "truncated":
      return "estimated_in_part";
    default:
      return "estimated";
  }
}

function modelsOf(attributes: Attributes): readonly string[] {
  const served = text(attributes, names.GEN_AI_RESPONSE_MODEL);
  const requested = text(attributes, names.GEN_AI_REQUEST_MODEL);
  return [...new Set([served, requested])].filter((each) => each !== undefined);
}

function text(attributes: Attributes, name: string): string | undefined {
  const value = attributes[name];
  return typeof value === "string" ? value : undefined;
}
