import * as names from "./attributes.ts";
import { asCount, asNumber, asObject, present } from "./json.ts";
import type { Attributes, TokenBuckets } from "./span.ts";

export interface Usage {
  readonly usage: Attributes;
  readonly tokens: TokenBuckets;
}

/** Counts as the provider sent them; totals include their details. */
interface Counts {
  readonly input: number | undefined;
  readonly output: number | undefined;
  readonly cacheRead: number | undefined;
  readonly cacheWrite: number | undefined;
  readonly cacheWrite1h: number | undefined;
  readonly audioIn: number | undefined;
  readonly audioCached: number | undefined;
  readonly reasoning: number | undefined;
  readonly audioOut: number | undefined;
}

/**
 * Token counts from the `usage` of chat completions, completions, responses and embeddings, and of the servers compatible with them.
 * Undefined when nothing in it is a count.
 * Source: https://platform.openai.com/docs/api-reference/chat/object
 */
export function readUsage(value: unknown): Usage | undefined {
  const sent = asObject(value);
  if (!sent) return undefined;
  const inDetails = asObject(sent["prompt_tokens_details"]) ?? asObject(sent["input_tokens_details"]) ?? {};
  const outDetails = asObject(sent["completion_tokens_details"]) ?? asObject(sent["output_tokens_details"]) ?? {};
  const writes = asObject(sent["cache_creation"]) ?? {};
  const reasoning = asCount(outDetails["reasoning_tokens"]) ?? asCount(sent["reasoning_tokens"]);
  const input = asCount(sent["prompt_tokens"]) ?? asCount(sent["input_tokens"]);
  const counts: Counts = {
    input,
    output: outputTokens(
      input,
      asCount(sent["completion_tokens"]) ?? asCount(sent["output_tokens"]),
      reasoning,
      asCount(sent["total_tokens"]),
    ),
    cacheRead:
      asCount(inDetails["cached_tokens"]) ??
      asCount(sent["cached_tokens"]) ??
      asCount(sent["prompt_cache_hit_tokens"]) ??
      asCount(sent["cache_read_input_tokens"]),
    cacheWrite:
      asCount(inDetails["cache_write_tokens"]) ??
      asCount(inDetails["cache_creation_tokens"]) ??
      asCount(sent["cache_creation_input_tokens"]),
    cacheWrite1h: asCount(writes["ephemeral_1h_input_tokens"]),
    audioIn: asCount(inDetails["audio_tokens"]),
    audioCached: asCount(asObject(inDetails["cached_tokens_details"])?.["audio_tokens"]),
    reasoning,
    audioOut: asCount(outDetails["audio_tokens"]),
  };
  const cost = asNumber(sent["cost"]);
  const usage = names.attributes([
    [names.GEN_AI_USAGE_INPUT_TOKENS, counts.input],
    [names.GEN_AI_USAGE_OUTPUT_TOKENS, counts.output],
    [names.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS, counts.cacheRead],
    [names.GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS, counts.cacheWrite],
    [names.GEN_AI_USAGE_REASONING_OUTPUT_TOKENS, counts.reasoning],
    // A split by modality that is all zeros says nothing: OpenAI sends it for every text.
    [names.GEN_AI_USAGE_TEXT_INPUT_TOKENS, asCount(inDetails["text_tokens"]) || undefined],
    [names.GEN_AI_USAGE_IMAGE_INPUT_TOKENS, asCount(inDetails["image_tokens"]) || undefined],
    [names.GEN_AI_USAGE_AUDIO_INPUT_TOKENS, counts.audioIn || undefined],
    [names.GEN_AI_USAGE_TEXT_OUTPUT_TOKENS, asCount(outDetails["text_tokens"]) || undefined],
    [names.GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS, asCount(outDetails["image_tokens"]) || undefined],
    [names.GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS, counts.audioOut || undefined],
    [names.USAGE_ACCEPTED_PREDICTION_TOKENS, asCount(outDetails["accepted_prediction_tokens"])],
    [names.USAGE_REJECTED_PREDICTION_TOKENS, asCount(outDetails["rejected_prediction_tokens"])],
    [names.USAGE_COST_USD, cost !== undefined && cost >= 0 ? cost : undefined],
  ]);
  return Object.keys(usage).length === 0 ? undefined : { usage, tokens: tokenBuckets(counts) };
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

/** Details that claim more than their total get what is left of it, so that a sum of buckets never exceeds the total. */
function tokenBuckets(counts: Counts): TokenBuckets {
  const input = new Remainder(counts.input);
  const cacheRead = input.take(counts.cacheRead);
  // A cache write with no lifetime told is the short one, which every provider that charges for writes has.
  const cacheWrite1h = input.take(counts.cacheWrite1h);
  const cacheWrite5m = input.take(less(counts.cacheWrite, counts.cacheWrite1h));
  const inAudio = input.take(less(counts.audioIn, counts.audioCached));
  const output = new Remainder(counts.output);
  const reasoning = output.take(counts.reasoning);
  const outAudio = output.take(counts.audioOut);
  return present({
    inUncached: input.left,
    cacheRead,
    cacheWrite5m,
    cacheWrite1h,
    inAudio,
    outText: output.left,
    reasoning,
    outAudio,
  });
}

function less(count: number | undefined, part: number | undefined): number | undefined {
  return count === undefined ? undefined : Math.max(0, count - (part ?? 0));
}

/** What is left of a total after its parts were taken out; without a total, parts are as sent and nothing is left to tell. */
class Remainder {
  left: number | undefined;

  constructor(total: number | undefined) {
    this.left = total;
  }

  take(part: number | undefined): number | undefined {
    if (part === undefined || this.left === undefined) return part;
    const taken = Math.min(part, this.left);
    this.left -= taken;
    return taken;
  }
}
