import type { Attributes } from "../../genai/span.ts";

/** What a provider sent, and what else decides the price. */
export interface Call {
  readonly provider: string;
  readonly model: string;
  readonly usage: object;
  readonly operation?: string;
  readonly attributes?: Attributes;
  readonly at?: string;
}

const OPENAI = "https://developers.openai.com/api/docs/pricing";
const PRIORITY = "https://openai.com/api-priority-processing/";
const FLEX = "https://developers.openai.com/api/docs/guides/flex-processing";
const AUDIO = "https://developers.openai.com/api/docs/models/gpt-4o-audio-preview";
const ANTHROPIC = "https://platform.claude.com/docs/en/about-claude/pricing";
const GEMINI = "https://ai.google.dev/gemini-api/docs/pricing";
const DEEPSEEK = "https://api-docs.deepseek.com/quick_start/pricing";
const XAI = "https://docs.x.ai/docs/models";
const GROQ = "https://groq.com/pricing";
const MISTRAL = "https://mistral.ai/pricing";
const MOONSHOT = "https://platform.kimi.ai/docs/pricing/chat-k25.md";

/** Usage of chat completions. */
export const chat = (prompt: number, completion: number, rest: object = {}) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  ...rest,
});
export const cached = (tokens: number) => ({ prompt_tokens_details: { cached_tokens: tokens } });
export const reasoned = (tokens: number) => ({ completion_tokens_details: { reasoning_tokens: tokens } });
export const tier = (word: string): Attributes => ({ "openai.response.service_tier": word });

/** Rates in the comments are USD for a million tokens, as the page in `source` has them. No price list makes an expectation. */
export const CASES: readonly (Call & { readonly title: string; readonly cost: string; readonly source: string })[] = [
  // OpenAI, text
  { title: "gpt-4o, input and output", provider: "openai", model: "gpt-4o", usage: chat(1000, 500), source: OPENAI, cost: "0.0075" }, // 1000*2.5 + 500*10 = 2500 + 5000
  {
    title: "gpt-4o, cached input",
    provider: "openai",
    model: "gpt-4o-2024-08-06",
    usage: chat(2006, 300, cached(1920)),
    source: OPENAI,
    cost: "0.005615",
  }, // 86*2.5 + 1920*1.25 + 300*10 = 215 + 2400 + 3000
  {
    title: "gpt-4o of May 2024, which has no discount for cached input",
    provider: "openai",
    model: "gpt-4o-2024-05-13",
    usage: chat(1000, 100, cached(500)),
    source: OPENAI,
    cost: "0.0065",
  }, // 500*5 + 500*5 + 100*15 = 5000 + 1500
  {
    title: "gpt-4o-mini, a single token each way",
    provider: "openai",
    model: "gpt-4o-mini",
    usage: chat(1, 1),
    source: OPENAI,
    cost: "0.00000075",
  }, // 0.15 + 0.6
  {
    title: "gpt-4o-mini, all cached",
    provider: "openai",
    model: "gpt-4o-mini-2024-07-18",
    usage: chat(1024, 0, cached(1024)),
    source: OPENAI,
    cost: "0.0000768",
  }, // 1024*0.075
  { title: "gpt-4.1", provider: "openai", model: "gpt-4.1", usage: chat(10_000, 1000, cached(4000)), source: OPENAI, cost: "0.022" }, // 6000*2 + 4000*0.5 + 1000*8 = 12000 + 2000 + 8000
  { title: "gpt-4.1-mini", provider: "openai", model: "gpt-4.1-mini-2025-04-14", usage: chat(333, 77), source: OPENAI, cost: "0.0002564" }, // 333*0.4 + 77*1.6 = 133.2 + 123.2
  { title: "gpt-4.1-nano", provider: "openai", model: "gpt-4.1-nano", usage: chat(7, 3, cached(1)), source: OPENAI, cost: "0.000001825" }, // 6*0.1 + 1*0.025 + 3*0.4 = 0.6 + 0.025 + 1.2
  { title: "gpt-3.5-turbo", provider: "openai", model: "gpt-3.5-turbo-0125", usage: chat(100, 100), source: OPENAI, cost: "0.0002" }, // 100*0.5 + 100*1.5
  { title: "gpt-4-turbo", provider: "openai", model: "gpt-4-turbo-2024-04-09", usage: chat(100, 100), source: OPENAI, cost: "0.004" }, // 100*10 + 100*30
  {
    title: "a fine-tuned gpt-4o-mini",
    provider: "openai",
    model: "ft:gpt-4o-mini-2024-07-18:acme::abc",
    usage: chat(1000, 100, cached(200)),
    source: OPENAI,
    cost: "0.00039",
  }, // 800*0.3 + 200*0.15 + 100*1.2 = 240 + 30 + 120
  {
    title: "a fine-tuned gpt-4.1",
    provider: "openai",
    model: "ft:gpt-4.1-2025-04-14:acme::abc",
    usage: chat(1000, 100),
    source: OPENAI,
    cost: "0.0042",
  }, // 1000*3 + 100*12
  // OpenAI, reasoning
  {
    title: "gpt-5, reasoning billed as output",
    provider: "openai",
    model: "gpt-5-2025-08-07",
    usage: chat(1200, 57, { ...cached(200), ...reasoned(7) }),
    source: OPENAI,
    cost: "0.001845",
  }, // 1000*1.25 + 200*0.125 + 50*10 + 7*10 = 1250 + 25 + 500 + 70
  {
    title: "gpt-5-mini",
    provider: "openai",
    model: "gpt-5-mini",
    usage: chat(1000, 1000, reasoned(1000)),
    source: OPENAI,
    cost: "0.00225",
  }, // 1000*0.25 + 1000*2
  {
    title: "o3 at its price of today",
    provider: "openai",
    model: "o3",
    usage: chat(1000, 1000, reasoned(900)),
    source: OPENAI,
    cost: "0.01",
  }, // 1000*2 + 1000*8
  {
    title: "o3 at its price before June 10, 2025",
    provider: "openai",
    model: "o3",
    usage: chat(1000, 1000),
    at: "2025-06-09T23:59:59Z",
    source: OPENAI,
    cost: "0.05",
  }, // 1000*10 + 1000*40
  {
    title: "o4-mini",
    provider: "openai",
    model: "o4-mini",
    usage: chat(1000, 200, { ...cached(400), ...reasoned(128) }),
    source: OPENAI,
    cost: "0.00165",
  }, // 600*1.1 + 400*0.275 + 200*4.4 = 660 + 110 + 880
  { title: "o3-mini", provider: "openai", model: "o3-mini-2025-01-31", usage: chat(100, 100), source: OPENAI, cost: "0.00055" }, // 100*1.1 + 100*4.4
  {
    title: "gpt-5.2 by the Responses API",
    provider: "openai",
    model: "gpt-5.2",
    usage: {
      input_tokens: 1000,
      output_tokens: 100,
      input_tokens_details: { cached_tokens: 800 },
      output_tokens_details: { reasoning_tokens: 64 },
    },
    source: OPENAI,
    cost: "0.00189",
  }, // 200*1.75 + 800*0.175 + 100*14 = 350 + 140 + 1400
  // OpenAI, size of the input
  {
    title: "gpt-5.5 below its long context",
    provider: "openai",
    model: "gpt-5.5",
    usage: chat(271_000, 1000),
    source: OPENAI,
    cost: "1.385",
  }, // 271000*5 + 1000*30 = 1355000 + 30000
  {
    title: "gpt-5.5 at the border, which is not above it",
    provider: "openai",
    model: "gpt-5.5",
    usage: chat(272_000, 1000),
    source: "https://developers.openai.com/api/docs/models/gpt-5.5",
    cost: "1.39",
  }, // 272000*5 + 1000*30 = 1360000 + 30000
  {
    title: "gpt-5.5 a token above the border",
    provider: "openai",
    model: "gpt-5.5",
    usage: chat(272_001, 1000),
    source: "https://developers.openai.com/api/docs/models/gpt-5.5",
    cost: "2.76501",
  }, // 272001*10 + 1000*45 = 2720010 + 45000
  {
    title: "gpt-5.5 above it: all of the call costs more",
    provider: "openai",
    model: "gpt-5.5",
    usage: chat(300_000, 1000, cached(100_000)),
    source: OPENAI,
    cost: "2.145",
  }, // 200000*10 + 100000*1 + 1000*45 = 2000000 + 100000 + 45000
  { title: "gpt-5.4 above it", provider: "openai", model: "gpt-5.4", usage: chat(272_001, 10), source: OPENAI, cost: "1.36023" }, // 272001*5 + 10*22.5 = 1360005 + 225
  {
    title: "gpt-6.2-sol at the border: more than 272,000 is long, this is not",
    provider: "openai",
    model: "gpt-6.2-sol",
    usage: chat(272_000, 0),
    source: "https://developers.openai.com/api/docs/models/gpt-6.2-sol",
    cost: "0.544",
  }, // 272000*2
  {
    title: "gpt-6.2-sol above it, with a cache write",
    provider: "openai",
    model: "gpt-6.2-sol",
    usage: chat(272_001, 100, { prompt_tokens_details: { cached_tokens: 1, cache_write_tokens: 2000 } }),
    source: "https://developers.openai.com/api/docs/models/gpt-6.2-sol",
    cost: "1.0915002",
  }, // 270000*4 + 1*0.2 + 2000*5 + 100*15 = 1080000 + 0.2 + 10000 + 1500
  // OpenAI, tiers of service
  {
    title: "gpt-5 at flex",
    provider: "openai",
    model: "gpt-5",
    usage: chat(1000, 100, cached(100)),
    attributes: tier("flex"),
    source: FLEX,
    cost: "0.00106875",
  }, // (900*1.25 + 100*0.125 + 100*10) * 0.5 = 2137.5 * 0.5
  {
    title: "o4-mini at flex",
    provider: "openai",
    model: "o4-mini",
    usage: chat(1000, 100),
    attributes: tier("flex"),
    source: FLEX,
    cost: "0.00077",
  }, // (1000*1.1 + 100*4.4) * 0.5
  {
    title: "gpt-4o in a batch",
    provider: "openai",
    model: "gpt-4o",
    usage: chat(1000, 500),
    attributes: tier("batch"),
    source: OPENAI,
    cost: "0.00375",
  }, // (1000*2.5 + 500*10) * 0.5
  {
    title: "gpt-4o at priority",
    provider: "openai",
    model: "gpt-4o",
    usage: chat(1000, 500, cached(200)),
    attributes: tier("priority"),
    source: PRIORITY,
    cost: "0.012325",
  }, // 800*4.25 + 200*2.125 + 500*17 = 3400 + 425 + 8500
  {
    title: "gpt-4o-mini at priority, which is no round multiple",
    provider: "openai",
    model: "gpt-4o-mini",
    usage: chat(1000, 500, cached(200)),
    attributes: tier("priority"),
    source: PRIORITY,
    cost: "0.000725",
  }, // 800*0.25 + 200*0.125 + 500*1 = 200 + 25 + 500
  {
    title: "gpt-5-mini at priority",
    provider: "openai",
    model: "gpt-5-mini",
    usage: chat(1000, 100),
    attributes: tier("priority"),
    source: PRIORITY,
    cost: "0.00081",
  }, // 1000*0.45 + 100*3.6
  {
    title: "gpt-5.5 at priority",
    provider: "openai",
    model: "gpt-5.5",
    usage: chat(1000, 100),
    attributes: tier("priority"),
    source: PRIORITY,
    cost: "0.02",
  }, // 1000*12.5 + 100*75
  {
    title: "gpt-4.1 at priority",
    provider: "openai",
    model: "gpt-4.1",
    usage: chat(1000, 100),
    attributes: tier("priority"),
    source: PRIORITY,
    cost: "0.0049",
  }, // 1000*3.5 + 100*14
  {
    title: "what asked for priority and was served as usual",
    provider: "openai",
    model: "gpt-5",
    usage: chat(1000, 100),
    attributes: { "openai.request.service_tier": "priority", ...tier("default") },
    source: PRIORITY,
    cost: "0.00225",
  }, // 1000*1.25 + 100*10
  {
    title: "what asked for flex where the reply does not say how it was served",
    provider: "openai",
    model: "gpt-5",
    usage: chat(1000, 100),
    attributes: { "openai.request.service_tier": "flex" },
    source: FLEX,
    cost: "0.001125",
  }, // (1000*1.25 + 100*10) * 0.5
  {
    title: "a regional endpoint",
    provider: "openai",
    model: "gpt-5.4",
    usage: chat(1000, 100),
    attributes: { "server.address": "eu.api.openai.com" },
    source: OPENAI,
    cost: "0.0044",
  }, // (1000*2.5 + 100*15) * 1.1
  // OpenAI, other than text
  {
    title: "sound in and out",
    provider: "openai",
    model: "gpt-4o-audio-preview",
    usage: chat(300, 200, {
      prompt_tokens_details: { audio_tokens: 200, text_tokens: 100 },
      completion_tokens_details: { audio_tokens: 150, text_tokens: 50 },
    }),
    source: AUDIO,
    cost: "0.02075",
  }, // 100*2.5 + 200*40 + 50*10 + 150*80 = 250 + 8000 + 500 + 12000
  {
    title: "sound with gpt-audio",
    provider: "openai",
    model: "gpt-audio",
    usage: chat(300, 200, { prompt_tokens_details: { audio_tokens: 200 }, completion_tokens_details: { audio_tokens: 150 } }),
    source: OPENAI,
    cost: "0.01675",
  }, // 100*2.5 + 200*32 + 50*10 + 150*64 = 250 + 6400 + 500 + 9600
  {
    title: "cached sound with gpt-realtime",
    provider: "openai",
    model: "gpt-realtime",
    usage: {
      input_tokens: 300,
      output_tokens: 90,
      input_token_details: {
        text_tokens: 100,
        audio_tokens: 200,
        cached_tokens: 150,
        cached_tokens_details: { text_tokens: 50, audio_tokens: 100 },
      },
      output_token_details: { text_tokens: 20, audio_tokens: 70 },
    },
    source: OPENAI,
    cost: "0.00826",
  }, // 50*4 + 50*0.4 + 100*0.4 + 100*32 + 20*16 + 70*64 = 200 + 20 + 40 + 3200 + 320 + 4480
  {
    title: "a picture drawn from a picture",
    provider: "openai",
    model: "gpt-image-1",
    operation: "image_generation",
    usage: {
      input_tokens: 250,
      output_tokens: 4160,
      input_tokens_details: { text_tokens: 50, image_tokens: 200 },
      output_tokens_details: { image_tokens: 4160 },
    },
    source: OPENAI,
    cost: "0.16865",
  }, // 50*5 + 200*10 + 4160*40 = 250 + 2000 + 166400
  {
    title: "a transcription by tokens",
    provider: "openai",
    model: "gpt-4o-mini-transcribe",
    operation: "transcription",
    usage: { type: "tokens", input_tokens: 1014, output_tokens: 101, input_token_details: { text_tokens: 14, audio_tokens: 1000 } },
    source: OPENAI,
    cost: "0.0035225",
  }, // 14*1.25 + 1000*3 + 101*5 = 17.5 + 3000 + 505
  {
    title: "a transcription by the second",
    provider: "openai",
    model: "whisper-1",
    operation: "transcription",
    usage: { type: "duration", seconds: 12.5 },
    source: OPENAI,
    cost: "0.00125",
  }, // 12.5 s * 0.006 USD a minute / 60
  {
    title: "small embeddings",
    provider: "openai",
    model: "text-embedding-3-small",
    operation: "embeddings",
    usage: { prompt_tokens: 8, total_tokens: 8 },
    source: OPENAI,
    cost: "0.00000016",
  }, // 8*0.02
  {
    title: "large embeddings",
    provider: "openai",
    model: "text-embedding-3-large",
    operation: "embeddings",
    usage: { prompt_tokens: 1001, total_tokens: 1001 },
    source: OPENAI,
    cost: "0.00013013",
  }, // 1001*0.13
  // Azure and others who resell OpenAI's models
  {
    title: "gpt-4o on Azure, by the name of the model that served",
    provider: "azure.ai.openai",
    model: "my-deployment",
    usage: chat(1000, 100),
    attributes: { "gen_ai.response.model": "gpt-4o-2024-11-20" },
    source: "https://azure.microsoft.com/en-us/pricing/details/cognitive-services/openai-service/",
    cost: "0.0035",
  }, // 1000*2.5 + 100*10
  {
    title: "an upstream nobody knows, with a model of a known maker",
    provider: "corp-proxy",
    model: "gpt-4o",
    usage: chat(1000, 100),
    source: OPENAI,
    cost: "0.0035",
  }, // 1000*2.5 + 100*10
  {
    title: "the same with the maker before the model's name",
    provider: "corp-proxy",
    model: "anthropic/claude-haiku-4-5",
    usage: chat(1000, 100),
    source: ANTHROPIC,
    cost: "0.0015",
  }, // 1000*1 + 100*5
  {
    title: "the seller before the name of a model that many sell",
    provider: "corp-proxy",
    model: "groq/openai/gpt-oss-120b",
    usage: chat(1000, 100),
    source: GROQ,
    cost: "0.00021",
  }, // 1000*0.15 + 100*0.6
  // Anthropic
  {
    title: "claude-sonnet-4-5, no cache",
    provider: "anthropic",
    model: "claude-sonnet-4-5-20250929",
    usage: { input_tokens: 1000, output_tokens: 500 },
    source: ANTHROPIC,
    cost: "0.0105",
  }, // 1000*3 + 500*15
  {
    title: "claude-sonnet-4-5, writing to the cache for 5 minutes",
    provider: "anthropic",
    model: "claude-sonnet-4-5",
    usage: { input_tokens: 10, cache_creation_input_tokens: 4000, cache_read_input_tokens: 0, output_tokens: 100 },
    source: ANTHROPIC,
    cost: "0.01653",
  }, // 10*3 + 4000*3.75 + 100*15 = 30 + 15000 + 1500
  {
    title: "claude-sonnet-4-5, writing for an hour",
    provider: "anthropic",
    model: "claude-sonnet-4-5",
    usage: {
      input_tokens: 10,
      cache_creation_input_tokens: 4000,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 4000 },
      output_tokens: 100,
    },
    source: ANTHROPIC,
    cost: "0.02553",
  }, // 10*3 + 4000*6 + 100*15 = 30 + 24000 + 1500
  {
    title: "claude-opus-4-5, both lifetimes and a read",
    provider: "anthropic",
    model: "claude-opus-4-5",
    usage: {
      input_tokens: 100,
      cache_read_input_tokens: 5000,
      cache_creation_input_tokens: 3000,
      cache_creation: { ephemeral_5m_input_tokens: 1000, ephemeral_1h_input_tokens: 2000 },
      output_tokens: 50,
    },
    source: ANTHROPIC,
    cost: "0.0305",
  }, // 100*5 + 5000*0.5 + 1000*6.25 + 2000*10 + 50*25 = 500 + 2500 + 6250 + 20000 + 1250
  {
    title: "claude-haiku-4-5",
    provider: "anthropic",
    model: "claude-haiku-4-5",
    usage: { input_tokens: 999, cache_read_input_tokens: 1, output_tokens: 1 },
    source: ANTHROPIC,
    cost: "0.0010041",
  }, // 999*1 + 1*0.1 + 1*5
  {
    title: "claude-haiku-3-5",
    provider: "anthropic",
    model: "claude-3-5-haiku-20241022",
    usage: { input_tokens: 100, output_tokens: 100 },
    source: ANTHROPIC,
    cost: "0.00048",
  }, // 100*0.8 + 100*4
  {
    title: "claude-sonnet-4-5 above 200,000, which the cached input counts towards",
    provider: "anthropic",
    model: "claude-sonnet-4-5",
    usage: { input_tokens: 1000, cache_read_input_tokens: 200_000, output_tokens: 1000 },
    at: "2026-01-15T00:00:00Z",
    source: ANTHROPIC,
    cost: "0.1485",
  }, // 1000*6 + 200000*0.6 + 1000*22.5 = 6000 + 120000 + 22500
  {
    title: "claude-opus-4-6 above 200,000, while that cost more",
    provider: "anthropic",
    model: "claude-opus-4-6",
    usage: { input_tokens: 200_001, output_tokens: 0 },
    at: "2026-03-12T23:59:59Z",
    source: ANTHROPIC,
    cost: "2.00001",
  }, // 200001*10
  {
    title: "claude-opus-4-6 above 200,000, since it does not",
    provider: "anthropic",
    model: "claude-opus-4-6",
    usage: { input_tokens: 200_001, output_tokens: 0 },
    source: ANTHROPIC,
    cost: "1.000005",
  }, // 200001*5
  {
    title: "claude in a batch",
    provider: "anthropic",
    model: "claude-haiku-4-5",
    usage: { input_tokens: 1000, output_tokens: 100, service_tier: "batch" },
    source: ANTHROPIC,
    cost: "0.00075",
  }, // (1000*1 + 100*5) * 0.5
  {
    title: "claude that must run in the US",
    provider: "anthropic",
    model: "claude-opus-4-6",
    usage: { input_tokens: 1000, output_tokens: 100, inference_geo: "us" },
    source: ANTHROPIC,
    cost: "0.00825",
  }, // (1000*5 + 100*25) * 1.1
  {
    title: "claude with searches of the web",
    provider: "anthropic",
    model: "claude-haiku-4-5",
    usage: { input_tokens: 1000, output_tokens: 100, server_tool_use: { web_search_requests: 2 } },
    source: ANTHROPIC,
    cost: "0.0215",
  }, // 1000*1 + 100*5, and 2 * 10 USD for a thousand
  {
    title: "claude by its OpenAI-compatible API, which counts the cache in",
    provider: "anthropic",
    model: "claude-haiku-4-5",
    usage: chat(1000, 100, cached(400)),
    source: ANTHROPIC,
    cost: "0.00114",
  }, // 600*1 + 400*0.1 + 100*5 = 600 + 40 + 500
  {
    title: "claude on Vertex, writing for an hour at twice the input",
    provider: "gcp.vertex_ai",
    model: "claude-sonnet-4-6",
    usage: { input_tokens: 0, cache_creation_input_tokens: 1000, cache_creation: { ephemeral_1h_input_tokens: 1000 }, output_tokens: 0 },
    source: "https://cloud.google.com/vertex-ai/generative-ai/pricing",
    cost: "0.006",
  }, // 1000*3*2
  // Gemini
  {
    title: "gemini-2.5-flash with thoughts",
    provider: "gcp.gemini",
    model: "gemini-2.5-flash",
    usage: { promptTokenCount: 1000, candidatesTokenCount: 200, thoughtsTokenCount: 300, totalTokenCount: 1500 },
    source: GEMINI,
    cost: "0.00155",
  }, // 1000*0.3 + 200*2.5 + 300*2.5 = 300 + 500 + 750
  {
    title: "gemini-2.5-flash with cached and spoken input",
    provider: "gcp.gemini",
    model: "gemini-2.5-flash",
    usage: {
      promptTokenCount: 1000,
      cachedContentTokenCount: 400,
      candidatesTokenCount: 10,
      promptTokensDetails: [
        { modality: "TEXT", tokenCount: 700 },
        { modality: "AUDIO", tokenCount: 300 },
      ],
      cacheTokensDetails: [
        { modality: "TEXT", tokenCount: 300 },
        { modality: "AUDIO", tokenCount: 100 },
      ],
    },
    source: GEMINI,
    cost: "0.000364",
  }, // 400*0.3 + 300*0.03 + 100*0.1 + 200*1 + 10*2.5 = 120 + 9 + 10 + 200 + 25
  {
    title: "gemini-2.5-pro up to 200,000",
    provider: "gcp.gemini",
    model: "gemini-2.5-pro",
    usage: { promptTokenCount: 200_000, candidatesTokenCount: 1000 },
    source: GEMINI,
    cost: "0.26",
  }, // 200000*1.25 + 1000*10 = 250000 + 10000
  {
    title: "gemini-2.5-pro above 200,000",
    provider: "gcp.gemini",
    model: "gemini-2.5-pro",
    usage: { promptTokenCount: 200_001, cachedContentTokenCount: 100_000, candidatesTokenCount: 1000, thoughtsTokenCount: 1000 },
    source: GEMINI,
    cost: "0.3050025",
  }, // 100001*2.5 + 100000*0.25 + 2000*15 = 250002.5 + 25000 + 30000
  {
    title: "gemini-2.5-pro, which hears and sees at the price of text",
    provider: "gcp.vertex_ai",
    model: "gemini-2.5-pro",
    usage: {
      promptTokenCount: 900,
      candidatesTokenCount: 0,
      promptTokensDetails: [
        { modality: "AUDIO", tokenCount: 300 },
        { modality: "IMAGE", tokenCount: 258 },
      ],
    },
    source: GEMINI,
    cost: "0.001125",
  }, // 900*1.25
  {
    title: "gemini-2.5-flash-image, which draws",
    provider: "gcp.gemini",
    model: "gemini-2.5-flash-image",
    usage: { promptTokenCount: 10, candidatesTokenCount: 1290, candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: 1290 }] },
    source: GEMINI,
    cost: "0.038703",
  }, // 10*0.3 + 1290*30 = 3 + 38700
  {
    title: "gemini-2.5-flash-lite",
    provider: "gcp.gemini",
    model: "gemini-2.5-flash-lite",
    usage: { promptTokenCount: 100, candidatesTokenCount: 100 },
    source: GEMINI,
    cost: "0.00005",
  }, // 100*0.1 + 100*0.4
  {
    title: "results of tools, which are input",
    provider: "gcp.gemini",
    model: "gemini-2.5-flash",
    usage: { promptTokenCount: 100, toolUsePromptTokenCount: 50, candidatesTokenCount: 10 },
    source: GEMINI,
    cost: "0.00007",
  }, // 150*0.3 + 10*2.5 = 45 + 25
  {
    title: "gemini by its OpenAI-compatible API, whose model has a path",
    provider: "gcp.gemini",
    model: "models/gemini-2.5-flash",
    usage: chat(1000, 100),
    source: GEMINI,
    cost: "0.00055",
  }, // 1000*0.3 + 100*2.5
  {
    title: "gemini at flex",
    provider: "gcp.gemini",
    model: "gemini-2.5-flash",
    usage: chat(1000, 100),
    attributes: { "spangate.response.service_tier": "flex" },
    source: "https://ai.google.dev/gemini-api/docs/optimization",
    cost: "0.000275",
  }, // (1000*0.3 + 100*2.5) * 0.5
  // DeepSeek
  {
    title: "deepseek-chat since it stands for V4 Flash",
    provider: "deepseek",
    model: "deepseek-chat",
    usage: { prompt_tokens: 1000, prompt_cache_hit_tokens: 600, prompt_cache_miss_tokens: 400, completion_tokens: 100 },
    at: "2026-06-01T00:00:00Z",
    source: DEEPSEEK,
    cost: "0.00008568",
  }, // 400*0.14 + 600*0.0028 + 100*0.28 = 56 + 1.68 + 28
  {
    title: "deepseek-chat while it stood for V3.2",
    provider: "deepseek",
    model: "deepseek-chat",
    usage: { prompt_tokens: 1000, prompt_cache_hit_tokens: 600, prompt_cache_miss_tokens: 400, completion_tokens: 100 },
    at: "2026-01-01T00:00:00Z",
    source: DEEPSEEK,
    cost: "0.0001708",
  }, // 400*0.28 + 600*0.028 + 100*0.42 = 112 + 16.8 + 42
  {
    title: "deepseek-reasoner while it stood for V3.2",
    provider: "deepseek",
    model: "deepseek-reasoner",
    usage: chat(100, 1000, reasoned(800)),
    at: "2025-12-24T00:00:00Z",
    source: DEEPSEEK,
    cost: "0.000448",
  }, // 100*0.28 + 1000*0.42
  {
    title: "deepseek-chat by day, in the spring of 2025",
    provider: "deepseek",
    model: "deepseek-chat",
    usage: chat(1000, 100),
    at: "2025-04-01T12:00:00Z",
    source: DEEPSEEK,
    cost: "0.00038",
  }, // 1000*0.27 + 100*1.1
  {
    title: "deepseek-chat by night, half the price",
    provider: "deepseek",
    model: "deepseek-chat",
    usage: chat(1000, 100),
    at: "2025-04-01T20:00:00Z",
    source: DEEPSEEK,
    cost: "0.00019",
  }, // 1000*0.135 + 100*0.55
  // xAI, Groq, Mistral, Moonshot and others
  {
    title: "grok-3, whose reasoning stands beside the completion",
    provider: "x_ai",
    model: "grok-3",
    usage: { prompt_tokens: 100, completion_tokens: 50, total_tokens: 450, ...reasoned(300) },
    source: XAI,
    cost: "0.00555",
  }, // 100*3 + 50*15 + 300*15 = 300 + 750 + 4500
  {
    title: "grok-4 with cached input",
    provider: "x_ai",
    model: "grok-4",
    usage: chat(1000, 100, cached(400)),
    source: XAI,
    cost: "0.0036",
  }, // 600*3 + 400*0.75 + 100*15 = 1800 + 300 + 1500
  {
    title: "grok-4.3 up to its long context",
    provider: "x_ai",
    model: "grok-4.3",
    usage: chat(199_999, 1000),
    source: XAI,
    cost: "0.25249875",
  }, // 199999*1.25 + 1000*2.5 = 249998.75 + 2500
  {
    title: "grok-4.3 that reaches it",
    provider: "x_ai",
    model: "grok-4.3",
    usage: chat(200_000, 1000),
    source: XAI,
    cost: "0.505",
  }, // 200000*2.5 + 1000*5 = 500000 + 5000
  {
    title: "grok that tells its cost itself",
    provider: "x_ai",
    model: "grok-4",
    usage: chat(1000, 100, { cost_in_usd_ticks: 37_756_000 }),
    source: "https://docs.x.ai/developers/cost-tracking",
    cost: "0.0037756",
  }, // 37756000 / 10^10
  {
    title: "llama on Groq",
    provider: "groq",
    model: "llama-3.3-70b-versatile",
    usage: chat(1000, 1000, { queue_time: 0.1 }),
    source: GROQ,
    cost: "0.00138",
  }, // 1000*0.59 + 1000*0.79
  {
    title: "gpt-oss on Groq, cached",
    provider: "groq",
    model: "openai/gpt-oss-120b",
    usage: chat(1000, 100, cached(500)),
    source: GROQ,
    cost: "0.0001725",
  }, // 500*0.15 + 500*0.075 + 100*0.6 = 75 + 37.5 + 60
  {
    title: "mistral-large-latest, which stands for Large 3",
    provider: "mistral_ai",
    model: "mistral-large-latest",
    usage: chat(1000, 100),
    source: MISTRAL,
    cost: "0.00065",
  }, // 1000*0.5 + 100*1.5
  {
    title: "mistral-large-latest while it stood for Large 2",
    provider: "mistral_ai",
    model: "mistral-large-latest",
    usage: chat(1000, 100),
    at: "2025-06-01T00:00:00Z",
    source: MISTRAL,
    cost: "0.0026",
  }, // 1000*2 + 100*6
  {
    title: "kimi-k2.5, cached where Moonshot tells it",
    provider: "moonshot_ai",
    model: "kimi-k2.5",
    usage: chat(1000, 100, { cached_tokens: 500 }),
    source: MOONSHOT,
    cost: "0.00065",
  }, // 500*0.6 + 500*0.1 + 100*3 = 300 + 50 + 300
  {
    title: "command-r",
    provider: "cohere",
    model: "command-r-08-2024",
    usage: chat(1000, 1000),
    source: "https://cohere.com/pricing",
    cost: "0.00075",
  }, // 1000*0.15 + 1000*0.6
  {
    title: "sonar, which costs something for each request",
    provider: "perplexity",
    model: "sonar",
    usage: chat(1000, 1000),
    source: "https://docs.perplexity.ai/getting-started/pricing",
    cost: "0.014",
  }, // 1000*1 + 1000*1, and 12 USD for a thousand requests
  {
    title: "sonar that tells its cost itself",
    provider: "perplexity",
    model: "sonar",
    usage: chat(1000, 1000, { cost: { total_cost: 0.007 } }),
    source: "https://docs.perplexity.ai/api-reference/chat-completions-post",
    cost: "0.007",
  }, // as told
  {
    title: "what a router says it charged",
    provider: "openrouter",
    model: "openai/gpt-4o",
    usage: chat(1000, 100, { cost: 0.0036 }),
    source: "https://openrouter.ai/docs/use-cases/usage-accounting",
    cost: "0.0036",
  }, // as told, and not 1000*2.5 + 100*10
  {
    title: "what a router says was free",
    provider: "openrouter",
    model: "nobody/knows:free",
    usage: chat(1000, 100, { cost: 0 }),
    source: "https://openrouter.ai/docs/use-cases/usage-accounting",
    cost: "0",
  }, // as told
  {
    title: "a router and the caller's own key",
    provider: "openrouter",
    model: "openai/gpt-4o",
    usage: chat(1000, 100, { cost: 0.000175, is_byok: true, cost_details: { upstream_inference_cost: 0.0035 } }),
    source: "https://openrouter.ai/docs/use-cases/usage-accounting",
    cost: "0.003675",
  }, // fee 0.000175 + 0.0035
  // Odd usage
  { title: "nothing used", provider: "openai", model: "gpt-4o", usage: chat(0, 0), source: OPENAI, cost: "0" }, // 0
  {
    title: "details that claim more than their total",
    provider: "openai",
    model: "gpt-4o",
    usage: { prompt_tokens: 10, completion_tokens: 2, ...cached(50), ...reasoned(9) },
    source: OPENAI,
    cost: "0.0000325",
  }, // 10*1.25 + 2*10 = 12.5 + 20
  {
    title: "details that are no counts",
    provider: "openai",
    model: "gpt-4o",
    usage: {
      prompt_tokens: 10,
      completion_tokens: 2,
      prompt_tokens_details: { cached_tokens: -4, audio_tokens: "9" },
      completion_tokens_details: { reasoning_tokens: Number.NaN },
    },
    source: OPENAI,
    cost: "0.000045",
  }, // 10*2.5 + 2*10 = 25 + 20
  {
    title: "as many tokens as a column of costs can hold",
    provider: "openai",
    model: "gpt-4o",
    usage: chat(399_999_999_999_999, 0),
    source: OPENAI,
    cost: "999999999.9999975",
  }, // 399999999999999*2.5
  {
    title: "less than the last digit, rounded up",
    provider: "openai",
    model: "gpt-4.1-nano",
    usage: chat(1, 0, cached(1)),
    source: OPENAI,
    cost: "0.000000025",
  }, // 1*0.025
  {
    title: "a third of a nano-dollar, rounded once for each bucket",
    provider: "cohere",
    model: "command-r7b-12-2024",
    usage: chat(1, 1),
    source: "https://cohere.com/pricing",
    cost: "0.000000188",
  }, // 1*0.0375 = 37.5 nano, to even 38; 1*0.15 = 150
];
