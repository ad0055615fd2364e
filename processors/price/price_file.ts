import { parse } from "yaml";
import { z } from "zod";
import { expression } from "../pattern.ts";
import { BUCKETS } from "./buckets.ts";
import { decimal } from "./decimal.ts";

/** Beyond these no price is meant: the arithmetic is exact, and its numbers would be as long. */
const MOST_USD = 1e9;
const MOST_DIGITS_BEHIND = 20;
/** The dearest tier there is multiplies by six; more is a percentage. */
const MOST_TIMES = 10;

const number = (most: number) => {
  const problem = `must be a decimal number from 0 to ${most}, with at most ${MOST_DIGITS_BEHIND} digits behind the point`;
  return z.union([z.number(), z.string()], { error: problem }).transform((written, context) => {
    const exact = decimal(written);
    if (exact?.lte(most) && exact.round(MOST_DIGITS_BEHIND).eq(exact)) return exact;
    context.addIssue({ code: "custom", message: problem });
    return z.NEVER;
  });
};
const amount = number(MOST_USD);

/** A date is its first moment in UTC. */
const moment = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], { error: "must be a date: 2026-01-31, or with a time 2026-01-31T12:00:00Z" })
  .transform((written) => Date.parse(written));

/** One name or several; `*` stands for anything. */
const patterns = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)], { error: "must be a name, or a list of names" })
  .transform((written) => [written].flat().map(expression));

const tokens = z.partialRecord(z.enum(BUCKETS).exclude(["audio_seconds", "web_searches", "requests"]), amount);

const match = {
  /** What the entry is about; undefined is anything. */
  provider: patterns.optional(),
  model: patterns.optional(),
  service_tier: patterns.optional(),
  region: patterns.optional(),
  address: patterns.optional(),
  upstream: patterns.optional(),
  tenant: patterns.optional(),
  from: moment.optional(),
  /** The first moment it is no longer true. */
  until: moment.optional(),
  source: z.string().min(1),
};

const prices = z.strictObject({
  id: z.string().min(1),
  ...match,
  model: patterns,
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .default("USD"),
  usd_per_unit: amount.optional(),
  /** USD, or the currency, for a million tokens. */
  per_million: tokens.default({}),
  /** For an hour of audio. */
  per_hour: z.strictObject({ audio_seconds: amount.optional() }).default({}),
  /** For a thousand searches or requests. */
  per_thousand: z.strictObject({ web_searches: amount.optional(), requests: amount.optional() }).default({}),
  /** What a whole call costs whose input is larger: rates that are not named stay as they are. */
  above: z.array(z.strictObject({ input_tokens: z.int().min(1), per_million: tokens })).default([]),
});

const factors = z.strictObject({
  id: z.string().min(1),
  /** Of each kind the first that matches counts. */
  kind: z.enum(["service_tier", "region", "discount"]),
  ...match,
  multiply: number(MOST_TIMES),
});

/** Who is meant by a name: an upstream's, or a model's where nothing is known of the upstream. */
const naming = z.strictObject({ name: patterns, is: z.string() });

const inheritance = z.strictObject({
  bucket: z.enum(BUCKETS),
  from: z.enum(BUCKETS),
  multiply: amount.optional(),
  provider: patterns.optional(),
  model: patterns.optional(),
  source: z.string().min(1),
});

export const priceFileSchema = z
  .strictObject({
    /** A date or any text that changes when the file does. */
    version: z.string({ error: "must be a date or a text" }).min(1),
    prices: z.array(prices).default([]),
    factors: z.array(factors).default([]),
    /** Upstreams by another name than their provider's. */
    providers: z.array(naming).default([]),
    models: z.array(naming).default([]),
    /** What a bucket costs that a price does not name. */
    inherit: z.array(inheritance).default([]),
  })
  .superRefine(({ prices: all, factors: multipliers }, context) => {
    const wrong = (path: readonly (string | number)[], message: string): void =>
      context.addIssue({ code: "custom", path: [...path], message });
    for (const [i, { currency, usd_per_unit: exchange, above }] of all.entries()) {
      if (currency !== "USD" && exchange === undefined) wrong(["prices", i, "usd_per_unit"], `is needed for prices in ${currency}`);
      if (new Set(above.map(({ input_tokens: size }) => size)).size < above.length) wrong(["prices", i, "above"], "names a size twice");
    }
    for (const [list, entries] of [["prices", all] as const, ["factors", multipliers] as const])
      for (const [i, { from = -Infinity, until = Infinity }] of entries.entries())
        if (from >= until) wrong([list, i, "until"], "must be later than from");
  });

export type PriceFile = z.output<typeof priceFileSchema>;
export type PriceEntry = z.output<typeof prices>;
export type Factor = z.output<typeof factors>;

/** Throws an error that says everything that is wrong, each with its place. */
export function parsePriceFile(text: string): PriceFile {
  const read = priceFileSchema.safeParse(parse(text, { prettyErrors: false }));
  if (read.success) return read.data;
  throw new Error(read.error.issues.map(({ path, message }) => `${path.join(".") || "the file"}: ${message}`).join("; "));
}
