import { attributes } from "./attributes.ts";
import { countTokens } from "./count_tokens.ts";
import { credits } from "./credits.ts";
import { filter } from "./filter.ts";
import { module } from "./module.ts";
import type { ProcessorOptions } from "./options.ts";
import { price } from "./price/price.ts";
import { priceLists } from "./price/price_lists.ts";
import type { Processor } from "./processor.ts";
import { sample } from "./sample.ts";
import { scrub } from "./scrub/scrub.ts";
import type { ProcessorTools } from "./tools.ts";
import { byTier, whenScrubbed, withhold } from "./withhold.ts";

/** Every processor, by the word that the configuration has for it. */
const PROCESSORS: {
  readonly [Use in ProcessorOptions["use"]]: (options: Extract<ProcessorOptions, { use: Use }>, tools: ProcessorTools) => Processor;
} = {
  count_tokens: countTokens,
  scrub,
  price: (options, { priceOverrides, onProblem }) => price(options, priceLists({ overrides: priceOverrides, onProblem })),
  credits,
  attributes,
  filter,
  sample,
  module,
};

/**
 * The steps that every span goes through: those of the list, in its order, and guards between them. Content of tiers that keep none goes
 * once tokens are counted. Nobody but who scrubs gets content that is to be scrubbed and was not: not a module, and not who stores it.
 */
export function processors(list: readonly ProcessorOptions[], tools: ProcessorTools): readonly Processor[] {
  const uses: readonly string[] = list.map(({ use }) => use);
  const counts = uses[0] === "count_tokens" ? 1 : 0;
  const scrubs = uses.includes("scrub");
  const steps = list.flatMap((options) => {
    const step = made(options, tools);
    return options.use === "module" ? [withhold(whenScrubbed), step] : [step];
  });
  return [...steps.slice(0, counts), withhold(scrubs ? byTier : whenScrubbed), ...steps.slice(counts), withhold(whenScrubbed)];
}

function made<Use extends ProcessorOptions["use"]>(options: Extract<ProcessorOptions, { use: Use }>, tools: ProcessorTools): Processor {
  return PROCESSORS[options.use](options, tools);
}
