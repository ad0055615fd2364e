import { parse } from "yaml";
import { z } from "zod";
import { expression } from "../pattern.ts";
import { BUCKETS } from "./buckets.ts";
import { decimal } from "./decimal.ts";

const amount = z.union([z.number(), z.string()]).transform((written, context) => {
  const exact = decimal(written);
  if (exact === undefined) context.addIssue({ code: "custom", message: "must be a decimal number from 0 on" });
  return exact ?? z.NEVER;
});

/** A date is its first moment in UTC. */
const moment = z.union([z.date(), z.string()]).transform((written, context) => {
  const at = Date.parse(written instanceof Date ? written.toISOString() : written);
  if (Number.isNaN(at)) context.addIssue({ code: "custom", message: "must be a date: 2026-01-31, or with a time 2026-01-31T12:00:00Z" });
  return at;
});

/** One name or several; `*` stands for anything. */
const patterns = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).transform((written) => [written].flat().map(expression));

const rates = z.partialRecord(z.enum(BUCKETS), amount);

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
  per_million: rates.default({}),
  /** For an hour of audio. */
  per_hour: rates.default({}),
  /** For a thousand searches or requests. */
  per_thousand: rates.default({}),
  /** What a whole call costs whose input is larger: rates that are not named stay as they are. */
  above: z.array(z.strictObject({ input_tokens: z.int().min(1), per_million: rates })).default([]),
});

const factors = z.strictObject({
  id: z.string().min(1),
  /** Of each kind the first that matches counts. */
  kind: z.enum(["service_tier", "region", "discount"]),
  ...match,
  multiply: amount,
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
    version: z.union([z.string().min(1), z.date().transform((date) => date.toISOString().slice(0, 10))]),
    prices: z.array(prices).default([]),
    factors: z.array(factors).default([]),
    /** Upstreams by another name than their provider's. */
    providers: z.array(naming).default([]),
    models: z.array(naming).default([]),
    /** What a bucket costs that a price does not name. */
    inherit: z.array(inheritance).default([]),
  })
  .superRefine(({ prices: all }, context) => {
    for (const [i, { currency, usd_per_unit: exchange }] of all.entries())
      if (currency !== "USD" && exchange === undefined)
        context.addIssue({ code: "custom", path: ["prices", i, "usd_per_unit"], message: `is needed for prices in ${currency}` });
  });

export type PriceFile = z.output<typeof priceFileSchema>;
export type PriceEntry = z.output<typeof prices>;
export type Factor = z.output<typeof factors>;

/** Throws an error that says everything that is wrong, each with its place. */
export function parsePriceFile(text: string): PriceFile {
  const read = priceFileSchema.safeParse(parse(text, { prettyErrors: false }));
  if (read.success) return read.data;
  throw new Error(read.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "));
}
