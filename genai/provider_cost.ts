import { asNumber, asObject, type JsonObject } from "./json.ts";

const TICKS_PER_USD = 1e10;

/**
 * What the provider itself says a call cost, in USD; undefined when it says nothing, or nothing that can be a cost.
 * Sources: https://openrouter.ai/docs/use-cases/usage-accounting, https://docs.x.ai/developers/cost-tracking,
 * https://docs.perplexity.ai/api-reference/chat-completions-post
 */
export function providerCostUsd(sent: JsonObject): number | undefined {
  const ticks = price(sent["cost_in_usd_ticks"]);
  if (ticks !== undefined) return ticks / TICKS_PER_USD;
  const cost = price(sent["cost"]) ?? price(asObject(sent["cost"])?.["total_cost"]);
  if (cost === undefined || sent["is_byok"] !== true) return cost;
  // The caller's own key was used: the cost is the router's fee, and the provider bills the caller beside it.
  const beside = price(asObject(sent["cost_details"])?.["upstream_inference_cost"]);
  return beside === undefined ? undefined : cost + beside;
}

function price(value: unknown): number | undefined {
  const number = asNumber(value);
  return number !== undefined && number >= 0 ? number : undefined;
}
