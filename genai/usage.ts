import { anthropicCounts, isAnthropicUsage } from "./anthropic_usage.ts";
import * as names from "./attributes.ts";
import { geminiCounts, isGeminiUsage } from "./gemini_usage.ts";
import { asCount, asNumber, asObject, asText, type JsonObject } from "./json.ts";
import { inputDetails, openaiCounts, outputDetails, type OpenaiUsageOptions } from "./openai_usage.ts";
import { providerCostUsd } from "./provider_cost.ts";
import type { Attributes, TokenBuckets } from "./span.ts";
import { tokenBuckets, type Counts } from "./token_buckets.ts";

export interface Usage {
  readonly usage: Attributes;
  readonly tokens: TokenBuckets;
}

/**
 * What a provider says a call used, told by its shape: `usage` of OpenAI and of the servers compatible with it, of Anthropic's own API, or
 * `usageMetadata` of Gemini's. Undefined when nothing in it is a count.
 */
export function readUsage(value: unknown, options: OpenaiUsageOptions = {}): Usage | undefined {
  const sent = asObject(value);
  if (!sent) return undefined;
  const counts = countsOf(sent, options);
  const usage = names.attributes([
    [names.GEN_AI_USAGE_INPUT_TOKENS, counts.input],
    [names.GEN_AI_USAGE_OUTPUT_TOKENS, counts.output],
    [names.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS, counts.cacheRead],
    [names.GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS, counts.cacheWrite],
    [names.GEN_AI_USAGE_REASONING_OUTPUT_TOKENS, counts.reasoning],
    // A split by modality that is all zeros says nothing: OpenAI sends it for every text.
    [names.GEN_AI_USAGE_TEXT_INPUT_TOKENS, asCount(inputDetails(sent)["text_tokens"]) || undefined],
    [names.GEN_AI_USAGE_IMAGE_INPUT_TOKENS, counts.imageIn || undefined],
    [names.GEN_AI_USAGE_AUDIO_INPUT_TOKENS, counts.audioIn || undefined],
    [names.GEN_AI_USAGE_TEXT_OUTPUT_TOKENS, asCount(outputDetails(sent)["text_tokens"]) || undefined],
    [names.GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS, counts.imageOut || undefined],
    [names.GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS, counts.audioOut || undefined],
    [names.USAGE_ACCEPTED_PREDICTION_TOKENS, asCount(outputDetails(sent)["accepted_prediction_tokens"])],
    [names.USAGE_REJECTED_PREDICTION_TOKENS, asCount(outputDetails(sent)["rejected_prediction_tokens"])],
    [names.USAGE_AUDIO_DURATION, seconds(sent)],
    [names.USAGE_WEB_SEARCHES, asCount(asObject(sent["server_tool_use"])?.["web_search_requests"]) || undefined],
    [names.USAGE_COST_USD, providerCostUsd(sent)],
  ]);
  if (Object.keys(usage).length === 0) return undefined;
  return { usage: { ...usage, ...servedHow(sent) }, tokens: tokenBuckets(counts) };
}

function countsOf(sent: JsonObject, options: OpenaiUsageOptions): Counts {
  if (isGeminiUsage(sent)) return geminiCounts(sent);
  return isAnthropicUsage(sent) ? anthropicCounts(sent) : openaiCounts(sent, options);
}

/** What is billed by time and not by token. */
function seconds(sent: JsonObject): number | undefined {
  const told = asNumber(sent["type"] === "duration" ? sent["seconds"] : sent["prompt_audio_seconds"]);
  return told !== undefined && told > 0 ? told : undefined;
}

/** Some providers say in their usage at which tier, and in which region, a call was served. */
function servedHow(sent: JsonObject): Attributes {
  const fast = sent["speed"] === "fast" ? "fast" : undefined;
  return names.attributes([
    [names.RESPONSE_SERVICE_TIER, fast ?? asText(sent["service_tier"]) ?? asText(sent["trafficType"])?.toLowerCase()],
    [names.RESPONSE_REGION, asText(sent["inference_geo"])],
  ]);
}
