import Big from "big.js";
import { z } from "zod";
import type { Resolved } from "../config/secret.ts";
import * as names from "../genai/attributes.ts";
import type { Attributes, Span } from "../genai/span.ts";
import { pattern } from "./pattern.ts";
import type { Processor } from "./processor.ts";

const named = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).optional();
const amount = z.number().min(0).max(1e6).default(0);

const rule = z.strictObject({
  model: named.meta({ description: "Models it is for, with `*` for anything; the one asked for or the one that served." }),
  upstream: named.meta({ description: "Upstreams it is for." }),
  tenant: named.meta({ description: "Tenants it is for." }),
  per_call: amount.meta({ description: "Credits for each call that was answered." }),
  per_1k_tokens: amount.meta({ description: "Credits for a thousand tokens, of input and output together." }),
  per_tool_call: amount.meta({ description: "Credits for each tool the model asked for." }),
});

export const creditsOptions = z.strictObject({
  use: z.literal("credits").meta({ description: "Tells what a call consumed in credits, by rules." }),
  rules: z.array(rule).min(1).meta({ description: "The first that matches a call counts; a call that none matches has no credits." }),
});
export type CreditsOptions = Resolved<z.output<typeof creditsOptions>>;

/** As many digits behind the point as the column holds. */
const DIGITS = 6;

/**
 * Credits that a call consumed, by a rule. What the caller told in `x-spangate-credits` stays. A call that failed consumes none, and one
 * whose tokens nobody knows has none to tell, where they count.
 */
export function credits({ rules }: CreditsOptions): Processor {
  const compiled = rules.map((each) => ({
    ...each,
    model: pattern(each.model),
    upstream: pattern(each.upstream),
    tenant: pattern(each.tenant),
  }));
  return {
    name: "credits",
    process: (spans) =>
      spans.map((span) => {
        const { usageSource, attributes, tenant } = span;
        if (usageSource === undefined || attributes[names.CREDITS_CONSUMED] !== undefined || !isAnswered(attributes)) return span;
        const models = [attributes[names.GEN_AI_RESPONSE_MODEL], attributes[names.GEN_AI_REQUEST_MODEL]];
        const found = compiled.find(
          ({ model, upstream, tenant: of }) => models.some(model) && upstream(attributes[names.UPSTREAM]) && of(tenant),
        );
        const consumed = found && consumedBy(span, found);
        return consumed === undefined ? span : { ...span, attributes: { ...attributes, [names.CREDITS_CONSUMED]: consumed } };
      }),
  };
}

function consumedBy(
  { tokens, attributes }: Span,
  rates: Pick<z.output<typeof rule>, "per_call" | "per_1k_tokens" | "per_tool_call">,
): number | undefined {
  const tools = attributes[names.RESPONSE_TOOL_CALLS];
  const counts: readonly number[] = Object.values(tokens ?? {});
  if (rates.per_1k_tokens > 0 && counts.length === 0) return undefined;
  return new Big(rates.per_call)
    .plus(new Big(rates.per_tool_call).times(typeof tools === "number" ? tools : 0))
    .plus(
      counts
        .reduce((sum, count) => sum.plus(count), new Big(0))
        .times(rates.per_1k_tokens)
        .div(1000),
    )
    .round(DIGITS, Big.roundHalfEven)
    .toNumber();
}

function isAnswered(attributes: Attributes): boolean {
  const status = attributes[names.HTTP_RESPONSE_STATUS_CODE];
  return typeof status === "number" && status >= 200 && status < 300;
}
