import { asCount, asObject, type JsonObject } from "./json.ts";
import { sum, type Counts } from "./token_buckets.ts";

/**
 * Whether this is the usage of Anthropic's own API, whose `input_tokens` leave out what was read from or written to the cache. Its
 * OpenAI-compatible form, and the gateways that add its fields to OpenAI's, count them in: there `prompt_tokens` or a total says so.
 */
export function isAnthropicUsage(sent: JsonObject): boolean {
  const cacheTold = ["cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation"].some((name) => name in sent);
  const openai = ["prompt_tokens", "completion_tokens", "total_tokens", "input_tokens_details"].some((name) => name in sent);
  return cacheTold && !openai;
}

/** Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching#tracking-cache-performance */
export function anthropicCounts(sent: JsonObject): Counts {
  const lifetimes = asObject(sent["cache_creation"]) ?? {};
  const cacheWrite1h = asCount(lifetimes["ephemeral_1h_input_tokens"]);
  const cacheWrite = asCount(sent["cache_creation_input_tokens"]) ?? sum(cacheWrite1h, asCount(lifetimes["ephemeral_5m_input_tokens"]));
  const cacheRead = asCount(sent["cache_read_input_tokens"]);
  const uncached = asCount(sent["input_tokens"]);
  return {
    // Without the part that is not cached there is no total, only parts.
    input: uncached === undefined ? undefined : sum(uncached, cacheRead, cacheWrite),
    output: asCount(sent["output_tokens"]),
    cacheRead,
    cacheWrite,
    cacheWrite1h,
    reasoning: asCount(asObject(sent["output_tokens_details"])?.["thinking_tokens"]),
  };
}
