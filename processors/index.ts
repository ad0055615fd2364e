import { countTokens, countTokensOptions } from "./count_tokens.ts";
import { price } from "./price/price.ts";
import { priceLists } from "./price/price_lists.ts";
import type { Processor } from "./processor.ts";
import { withhold } from "./withhold.ts";

export interface ProcessorsOptions {
  /** Path of the operator's own prices. */
  readonly priceOverrides?: string | undefined;
  /** Something is wrong that an operator should know; spans go on all the same. */
  readonly onProblem?: (problem: string) => void;
}

/** The steps every span goes through, in this order: tokens are counted while the content is there, and priced last. */
export function processors({ priceOverrides, onProblem = () => {} }: ProcessorsOptions = {}): readonly Processor[] {
  return [
    countTokens(countTokensOptions.parse({ use: "count_tokens" })),
    withhold(),
    price({ use: "price" }, priceLists({ overrides: priceOverrides, onProblem })),
  ];
}
