import { readFileSync } from "node:fs";
import { calcPrice, findProvider, type ModelPrice } from "@pydantic/genai-prices";
import Big from "big.js";
import type { Bucket } from "./buckets.ts";
import { HOUR_SECONDS, MILLION, THOUSAND, type ListedTier } from "./rates.ts";

/** A model as the catalog has it. */
export interface Listed {
  readonly id: string;
  /** Largest first. */
  readonly tiers: readonly ListedTier[];
  /** When this is another price: moments from which on, and whether the hour of the day matters. */
  readonly changesMs: readonly number[];
  readonly byHour: boolean;
}

export interface Catalog {
  readonly version: string;
  /** A provider of exactly this name, as the catalog writes it, or undefined. */
  provider(name: string): string | undefined;
  model(provider: string, model: string, atMs: number): Listed | undefined;
}

/** Its keys, what they are for, and for how many units. A key that is not here is no bucket of ours. */
const KEYS: { readonly [key: string]: readonly [bucket: Bucket, units: number] } = {
  input_mtok: ["in_uncached", MILLION],
  cache_read_mtok: ["cache_read", MILLION],
  cache_audio_read_mtok: ["cache_read_audio", MILLION],
  cache_image_read_mtok: ["cache_read_image", MILLION],
  cache_write_mtok: ["cache_write_5m", MILLION],
  cache_write_1h_mtok: ["cache_write_1h", MILLION],
  input_audio_mtok: ["in_audio", MILLION],
  input_image_mtok: ["in_image", MILLION],
  output_mtok: ["out_text", MILLION],
  output_reasoning_mtok: ["reasoning", MILLION],
  output_audio_mtok: ["out_audio", MILLION],
  output_image_mtok: ["out_image", MILLION],
  input_audio_hours: ["audio_seconds", HOUR_SECONDS],
  web_searches_kcount: ["web_searches", THOUSAND],
  requests_kcount: ["requests", THOUSAND],
};

/**
 * OpenAI charges more above 272,000 tokens, and the catalog from that number on.
 * Sources: https://developers.openai.com/api/docs/models/gpt-5.5, https://github.com/pydantic/genai-prices/issues/711
 */
const ONE_TOO_LOW = 271_999;

/** Such a model has a price of its own; the package may take it for the one it was made from. */
const FINE_TUNED = /^ft:/;

/** The prices of a package: its data, and its way to find a model in them. What a call costs is not left to it, for it counts in floats. */
export function catalog(): Catalog {
  const manifest = new URL("../package.json", import.meta.resolve("@pydantic/genai-prices"));
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  return {
    version: `genai-prices ${version}`,
    provider(name) {
      // The package takes `mistral-at-home` for Mistral; those that go by other names are listed in our own file.
      const id = findProvider({ providerId: name })?.id;
      return id === name.toLowerCase() ? id : undefined;
    },
    model(provider, model, atMs) {
      const found = lookUp(provider, model, atMs);
      if (!found || (FINE_TUNED.test(model) && !FINE_TUNED.test(found.model.id))) return undefined;
      const { prices } = found.model;
      const constraints = Array.isArray(prices) ? prices.map(({ constraint }) => constraint) : [];
      return {
        id: `${found.provider.id}/${found.model.id}`,
        tiers: tiersOf(found.model_price),
        changesMs: constraints.flatMap((each) => (each?.type === "start_date" ? [Date.parse(each.start_date)] : [])),
        byHour: constraints.some((each) => each?.type === "time_of_date"),
      };
    },
  };
}

function lookUp(provider: string, model: string, atMs: number): ReturnType<typeof calcPrice> {
  try {
    return calcPrice({}, model, { providerId: provider, timestamp: new Date(atMs) });
  } catch {
    return null; // an entry that the package itself cannot use
  }
}

function tiersOf(price: ModelPrice): readonly ListedTier[] {
  const entries = Object.entries(price).flatMap(([key, value]) => {
    const known = KEYS[key];
    if (!known || value === undefined) return [];
    const steps = typeof value === "number" ? [{ start: 0, price: value }] : [{ start: 0, price: value.base }, ...value.tiers.map(above)];
    return [{ bucket: known[0], units: known[1], steps }];
  });
  const sizes = [...new Set([0, ...entries.flatMap(({ steps }) => steps.map(({ start }) => start))])].sort((a, b) => b - a);
  return sizes.map((above) => ({
    above,
    amounts: Object.fromEntries(
      entries.map(({ bucket, units, steps }) => [
        bucket,
        { usd: new Big(steps.findLast(({ start }) => start <= above)?.price ?? 0), units },
      ]),
    ),
  }));
}

function above<T extends { readonly start: number }>(tier: T): T {
  return tier.start === ONE_TOO_LOW ? { ...tier, start: ONE_TOO_LOW + 1 } : tier;
}
