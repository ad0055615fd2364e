import * as names from "../../genai/attributes.ts";
import type { Span, TokenBuckets } from "../../genai/span.ts";

/** What a call is billed for, with the names it has in `cost_by_bucket` and in price files. */
export const BUCKETS = [
  "in_uncached",
  "cache_read",
  "cache_read_audio",
  "cache_read_image",
  "cache_write_5m",
  "cache_write_1h",
  "in_audio",
  "in_image",
  "out_text",
  "reasoning",
  "out_audio",
  "out_image",
  "audio_seconds",
  "web_searches",
  "requests",
] as const;
export type Bucket = (typeof BUCKETS)[number];

export const TOKEN_BUCKETS: { readonly [tokens in keyof Required<TokenBuckets>]: Bucket } = {
  inUncached: "in_uncached",
  cacheRead: "cache_read",
  cacheReadAudio: "cache_read_audio",
  cacheReadImage: "cache_read_image",
  cacheWrite5m: "cache_write_5m",
  cacheWrite1h: "cache_write_1h",
  inAudio: "in_audio",
  inImage: "in_image",
  outText: "out_text",
  reasoning: "reasoning",
  outAudio: "out_audio",
  outImage: "out_image",
};

/** Models that give no tokens back. */
const TAKES_ONLY: ReadonlySet<unknown> = new Set(["embeddings", "moderation", "rerank"]);

/** What was used, bucket by bucket, zeros left out; undefined when a side of the call is unknown, for then any sum is too small. */
export function used({ tokens = {}, attributes }: Span): readonly (readonly [Bucket, number])[] | undefined {
  const seconds = attributes[names.USAGE_AUDIO_DURATION];
  const billedByTime = typeof seconds === "number";
  const answered = [tokens.outText, tokens.reasoning, tokens.outAudio, tokens.outImage].some((count) => count !== undefined);
  const whole = tokens.inUncached !== undefined && (answered || TAKES_ONLY.has(attributes[names.GEN_AI_OPERATION_NAME]));
  if (!whole && !billedByTime) return undefined;
  const found: [Bucket, number][] = [];
  for (const name in tokens) {
    const count = tokens[name as keyof TokenBuckets];
    if (count) found.push([TOKEN_BUCKETS[name as keyof TokenBuckets], count]);
  }
  if (billedByTime) found.push(["audio_seconds", seconds]);
  const searches = attributes[names.USAGE_WEB_SEARCHES];
  if (typeof searches === "number") found.push(["web_searches", searches]);
  return found;
}

/** By which the price of a long request is chosen. */
export function inputTokens({ tokens = {} }: Span): number {
  const { inUncached = 0, cacheRead = 0, cacheReadAudio = 0, cacheReadImage = 0 } = tokens;
  const { cacheWrite5m = 0, cacheWrite1h = 0, inAudio = 0, inImage = 0 } = tokens;
  return inUncached + cacheRead + cacheReadAudio + cacheReadImage + cacheWrite5m + cacheWrite1h + inAudio + inImage;
}
