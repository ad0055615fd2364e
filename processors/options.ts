import { z } from "zod";
import type { Resolved } from "../config/secret.ts";
import { attributesOptions } from "./attributes.ts";
import { countTokensOptions } from "./count_tokens.ts";
import { creditsOptions } from "./credits.ts";
import { filterOptions } from "./filter.ts";
import { moduleOptions } from "./module.ts";
import { priceOptions } from "./price/price.ts";
import { sampleOptions } from "./sample.ts";
import { scrubOptions } from "./scrub/options.ts";

/** One entry of the setting `processors`: which one, and its own options. */
export const processorOptions = z.discriminatedUnion("use", [
  countTokensOptions,
  scrubOptions,
  priceOptions,
  creditsOptions,
  attributesOptions,
  filterOptions,
  sampleOptions,
  moduleOptions,
]);
export type ProcessorOptions = Resolved<z.output<typeof processorOptions>>;

/** What every span goes through unless the configuration says otherwise. */
export const DEFAULT_PROCESSORS: readonly z.input<typeof processorOptions>[] = [
  { use: "count_tokens" },
  { use: "scrub" },
  { use: "price" },
];
