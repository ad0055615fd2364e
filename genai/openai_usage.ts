import { asCount, asObject, type JsonObject } from "./json.ts";
import { sum, type Counts } from "./token_buckets.ts";

export interface OpenaiUsageOptions {
  /** What the total has beyond input and output are thoughts that nothing else counts. */
  readonly thoughtsInTotal?: boolean;
}

/**
 * Counts of chat completions, completions, responses, embeddings, images and transcriptions, and of the servers compatible with them.
 * Totals include cached, spoken, pictured and reasoning tokens, but for the servers that count reasoning beside the completion.
 * Sources: https://platform.openai.com/docs/api-reference/chat/object, https://api-docs.deepseek.com/api/create-chat-completion,
 * https://docs.x.ai/docs/guides/reasoning, https://openrouter.ai/docs/use-cases/usage-accounting
 */
export function openaiCounts(sent: JsonObject, { thoughtsInTotal = false }: OpenaiUsageOptions): Counts {
  const inDetails = inputDetails(sent);
  const outDetails = outputDetails(sent);
  const cached = asObject(inDetails["cached_tokens_details"]) ?? {};
  const lifetimes = asObject(sent["cache_creation"]) ?? {};
  const hit = asCount(sent["prompt_cache_hit_tokens"]);
  const miss = asCount(sent["prompt_cache_miss_tokens"]);
  const input =
    asCount(sent["prompt_tokens"]) ??
    asCount(sent["input_tokens"]) ??
    (hit === undefined || miss === undefined ? undefined : sum(hit, miss));
  const completion = asCount(sent["completion_tokens"]) ?? asCount(sent["output_tokens"]);
  const total = asCount(sent["total_tokens"]);
  const told = asCount(outDetails["reasoning_tokens"]) ?? asCount(sent["reasoning_tokens"]);
  const reasoning = told ?? (thoughtsInTotal ? beyond(total, input, completion) : undefined);
  return {
    input,
    output: outputTokens(input, completion, reasoning, total),
    cacheRead:
      asCount(inDetails["cached_tokens"]) ??
      asCount(sent["cached_tokens"]) ??
      asCount(sent["num_cached_tokens"]) ??
      hit ??
      asCount(sent["cache_read_input_tokens"]),
    cacheReadAudio: asCount(cached["audio_tokens"]),
    cacheReadImage: asCount(cached["image_tokens"]),
    cacheWrite:
      asCount(inDetails["cache_write_tokens"]) ??
      asCount(inDetails["cache_creation_tokens"]) ??
      asCount(sent["cache_creation_input_tokens"]),
    cacheWrite1h: asCount(lifetimes["ephemeral_1h_input_tokens"]),
    audioIn: asCount(inDetails["audio_tokens"]),
    imageIn: asCount(inDetails["image_tokens"]),
    reasoning,
    audioOut: asCount(outDetails["audio_tokens"]),
    imageOut: asCount(outDetails["image_tokens"]),
  };
}

/** Chat says prompt, responses and images input; the audio APIs leave the plural out. */
export function inputDetails(sent: JsonObject): JsonObject {
  return asObject(sent["prompt_tokens_details"]) ?? asObject(sent["input_tokens_details"]) ?? asObject(sent["input_token_details"]) ?? {};
}

export function outputDetails(sent: JsonObject): JsonObject {
  return (
    asObject(sent["completion_tokens_details"]) ?? asObject(sent["output_tokens_details"]) ?? asObject(sent["output_token_details"]) ?? {}
  );
}

/** Some compatible servers count reasoning beside the completion; then only their total shows it. */
function outputTokens(
  input: number | undefined,
  completion: number | undefined,
  reasoning: number | undefined,
  total: number | undefined,
): number | undefined {
  if (input === undefined || completion === undefined || !reasoning) return completion;
  return total === input + completion + reasoning ? completion + reasoning : completion;
}

function beyond(total: number | undefined, input: number | undefined, output: number | undefined): number | undefined {
  if (total === undefined || input === undefined || output === undefined) return undefined;
  return total > input + output ? total - input - output : undefined;
}
