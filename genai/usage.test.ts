import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readUsage } from "./usage.ts";

const cases = [
  {
    title: "puts every input token into the uncached bucket when no details came",
    sent: { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14 },
    usage: { "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 4 },
    tokens: { inUncached: 10, outText: 4 },
  },
  {
    title: "splits chat usage into buckets that exclude each other",
    sent: {
      prompt_tokens: 100,
      completion_tokens: 60,
      prompt_tokens_details: { cached_tokens: 30, cache_write_tokens: 20, audio_tokens: 10, text_tokens: 90 },
      completion_tokens_details: { reasoning_tokens: 40, audio_tokens: 5, accepted_prediction_tokens: 2, rejected_prediction_tokens: 3 },
    },
    usage: {
      "gen_ai.usage.input_tokens": 100,
      "gen_ai.usage.output_tokens": 60,
      "gen_ai.usage.cache_read.input_tokens": 30,
      "gen_ai.usage.cache_write.input_tokens": 20,
      "gen_ai.usage.audio.input_tokens": 10,
      "gen_ai.usage.text.input_tokens": 90,
      "gen_ai.usage.reasoning.output_tokens": 40,
      "gen_ai.usage.audio.output_tokens": 5,
      "spangate.usage.accepted_prediction_tokens": 2,
      "spangate.usage.rejected_prediction_tokens": 3,
    },
    tokens: { inUncached: 40, cacheRead: 30, cacheWrite5m: 20, inAudio: 10, outText: 15, reasoning: 40, outAudio: 5 },
  },
  {
    title: "reads the names of the Responses API",
    sent: {
      input_tokens: 36,
      output_tokens: 87,
      input_tokens_details: { cached_tokens: 6, cache_write_tokens: 4 },
      output_tokens_details: { reasoning_tokens: 7 },
    },
    usage: {
      "gen_ai.usage.input_tokens": 36,
      "gen_ai.usage.output_tokens": 87,
      "gen_ai.usage.cache_read.input_tokens": 6,
      "gen_ai.usage.cache_write.input_tokens": 4,
      "gen_ai.usage.reasoning.output_tokens": 7,
    },
    tokens: { inUncached: 26, cacheRead: 6, cacheWrite5m: 4, outText: 80, reasoning: 7 },
  },
  {
    title: "keeps the two lifetimes of a cache write apart where they are told",
    sent: {
      prompt_tokens: 50,
      prompt_tokens_details: { cache_write_tokens: 30 },
      cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
    },
    usage: { "gen_ai.usage.input_tokens": 50, "gen_ai.usage.cache_write.input_tokens": 30 },
    tokens: { inUncached: 20, cacheWrite5m: 10, cacheWrite1h: 20 },
  },
  {
    title: "keeps a zero that was sent, and splits by modality only where there is something to split",
    sent: { prompt_tokens: 8, completion_tokens: 3, prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0, image_tokens: 0 } },
    usage: { "gen_ai.usage.input_tokens": 8, "gen_ai.usage.output_tokens": 3, "gen_ai.usage.cache_read.input_tokens": 0 },
    tokens: { inUncached: 8, cacheRead: 0, inAudio: 0, outText: 3 },
  },
  {
    title: "reads cache hits where DeepSeek puts them",
    sent: { prompt_tokens: 20, completion_tokens: 1, prompt_cache_hit_tokens: 15, prompt_cache_miss_tokens: 5 },
    usage: { "gen_ai.usage.input_tokens": 20, "gen_ai.usage.output_tokens": 1, "gen_ai.usage.cache_read.input_tokens": 15 },
    tokens: { inUncached: 5, cacheRead: 15, outText: 1 },
  },
  {
    title: "adds reasoning to the output where only the total shows that it stands beside it",
    sent: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 115, completion_tokens_details: { reasoning_tokens: 100 } },
    usage: { "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 105, "gen_ai.usage.reasoning.output_tokens": 100 },
    tokens: { inUncached: 10, outText: 5, reasoning: 100 },
  },
  {
    title: "keeps the price a provider names",
    sent: { prompt_tokens: 1, completion_tokens: 1, cost: 0.00014 },
    usage: { "gen_ai.usage.input_tokens": 1, "gen_ai.usage.output_tokens": 1, "spangate.usage.cost_usd": 0.00014 },
    tokens: { inUncached: 1, outText: 1 },
  },
  {
    title: "takes details that exceed their total only as far as it goes",
    sent: {
      prompt_tokens: 10,
      completion_tokens: 2,
      prompt_tokens_details: { cached_tokens: 50 },
      completion_tokens_details: { reasoning_tokens: 9 },
    },
    usage: {
      "gen_ai.usage.input_tokens": 10,
      "gen_ai.usage.output_tokens": 2,
      "gen_ai.usage.cache_read.input_tokens": 50,
      "gen_ai.usage.reasoning.output_tokens": 9,
    },
    tokens: { inUncached: 0, cacheRead: 10, outText: 0, reasoning: 2 },
  },
  {
    title: "treats what is no count as not sent",
    sent: {
      prompt_tokens: -1,
      completion_tokens: "3",
      prompt_tokens_details: { cached_tokens: Number.NaN, audio_tokens: 1.5 },
      output_tokens: 7,
    },
    usage: { "gen_ai.usage.output_tokens": 7 },
    tokens: { outText: 7 },
  },
];

/** What shapes other than OpenAI's, and its rarer ones, come to; attributes in part. */
const shapes: readonly {
  readonly title: string;
  readonly sent: object;
  readonly usage: Readonly<Record<string, unknown>>;
  readonly tokens: object;
}[] = [
  {
    title: "adds what Anthropic read from and wrote to the cache to an input that leaves it out",
    sent: {
      input_tokens: 100,
      cache_read_input_tokens: 5000,
      cache_creation_input_tokens: 3000,
      cache_creation: { ephemeral_5m_input_tokens: 1000, ephemeral_1h_input_tokens: 2000 },
      output_tokens: 50,
      service_tier: "batch",
      inference_geo: "us",
      server_tool_use: { web_search_requests: 2 },
    },
    usage: {
      "gen_ai.usage.input_tokens": 8100,
      "gen_ai.usage.output_tokens": 50,
      "gen_ai.usage.cache_read.input_tokens": 5000,
      "gen_ai.usage.cache_write.input_tokens": 3000,
      "spangate.response.service_tier": "batch",
      "spangate.response.region": "us",
      "spangate.usage.web_searches": 2,
    },
    tokens: { inUncached: 100, cacheRead: 5000, cacheWrite5m: 1000, cacheWrite1h: 2000, outText: 50 },
  },
  {
    title: "takes Anthropic's cache write with no lifetime for the short one",
    sent: { input_tokens: 1, cache_creation_input_tokens: 7, output_tokens: 2 },
    usage: { "gen_ai.usage.input_tokens": 8 },
    tokens: { inUncached: 1, cacheWrite5m: 7, outText: 2 },
  },
  {
    title: "adds nothing to an input where Anthropic's fields stand beside OpenAI's",
    sent: { prompt_tokens: 110, completion_tokens: 3, total_tokens: 113, cache_read_input_tokens: 100 },
    usage: { "gen_ai.usage.input_tokens": 110, "gen_ai.usage.cache_read.input_tokens": 100 },
    tokens: { inUncached: 10, cacheRead: 100, outText: 3 },
  },
  {
    title: "knows no input where Anthropic sent only its cached part",
    sent: { cache_read_input_tokens: 10, output_tokens: 2 },
    usage: { "gen_ai.usage.output_tokens": 2, "gen_ai.usage.cache_read.input_tokens": 10 },
    tokens: { cacheRead: 10, outText: 2 },
  },
  {
    title: "calls Anthropic's fast mode a tier",
    sent: { input_tokens: 1, output_tokens: 1, speed: "fast", service_tier: "standard" },
    usage: { "spangate.response.service_tier": "fast" },
    tokens: { inUncached: 1, outText: 1 },
  },
  {
    title: "adds Gemini's thoughts to its candidates, and results of tools to its prompt",
    sent: {
      promptTokenCount: 1000,
      cachedContentTokenCount: 600,
      candidatesTokenCount: 200,
      thoughtsTokenCount: 300,
      toolUsePromptTokenCount: 50,
      totalTokenCount: 1550,
    },
    usage: {
      "gen_ai.usage.input_tokens": 1050,
      "gen_ai.usage.output_tokens": 500,
      "gen_ai.usage.cache_read.input_tokens": 600,
      "gen_ai.usage.reasoning.output_tokens": 300,
    },
    tokens: { inUncached: 450, cacheRead: 600, outText: 200, reasoning: 300 },
  },
  {
    title: "splits Gemini's counts by modality, the cached ones too",
    sent: {
      promptTokenCount: 1000,
      cachedContentTokenCount: 300,
      candidatesTokenCount: 1290,
      promptTokensDetails: [
        { modality: "TEXT", tokenCount: 200 },
        { modality: "AUDIO", tokenCount: 500 },
        { modality: "IMAGE", tokenCount: 300 },
      ],
      cacheTokensDetails: [
        { modality: "TEXT", tokenCount: 100 },
        { modality: "AUDIO", tokenCount: 200 },
      ],
      candidatesTokensDetails: [{ modality: "IMAGE", tokenCount: 1290 }],
      trafficType: "ON_DEMAND",
    },
    usage: {
      "gen_ai.usage.audio.input_tokens": 500,
      "gen_ai.usage.image.input_tokens": 300,
      "gen_ai.usage.image.output_tokens": 1290,
      "spangate.response.service_tier": "on_demand",
    },
    tokens: { inUncached: 100, cacheRead: 100, cacheReadAudio: 200, inAudio: 300, inImage: 300, outText: 0, outImage: 1290 },
  },
  {
    title: "takes the cached part of what was said out of both, in realtime usage",
    sent: {
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
    usage: { "gen_ai.usage.input_tokens": 300, "gen_ai.usage.audio.input_tokens": 200 },
    tokens: { inUncached: 50, cacheRead: 50, cacheReadAudio: 100, inAudio: 100, outText: 20, outAudio: 70 },
  },
  {
    title: "splits what the images API sends",
    sent: {
      input_tokens: 250,
      output_tokens: 4160,
      total_tokens: 4410,
      input_tokens_details: { text_tokens: 50, image_tokens: 200 },
      output_tokens_details: { text_tokens: 0, image_tokens: 4160 },
    },
    usage: { "gen_ai.usage.image.input_tokens": 200, "gen_ai.usage.image.output_tokens": 4160 },
    tokens: { inUncached: 50, inImage: 200, outText: 0, outImage: 4160 },
  },
  {
    title: "reads a transcription billed by token",
    sent: {
      type: "tokens",
      input_tokens: 14,
      output_tokens: 101,
      input_token_details: { text_tokens: 4, audio_tokens: 10 },
      total_tokens: 115,
    },
    usage: { "gen_ai.usage.audio.input_tokens": 10 },
    tokens: { inUncached: 4, inAudio: 10, outText: 101 },
  },
  {
    title: "reads a transcription billed by time",
    sent: { type: "duration", seconds: 12.5 },
    usage: { "spangate.usage.audio.duration": 12.5 },
    tokens: {},
  },
  {
    title: "adds DeepSeek's hits and misses up where it sent no sum",
    sent: { prompt_cache_hit_tokens: 15, prompt_cache_miss_tokens: 5, completion_tokens: 1 },
    usage: { "gen_ai.usage.input_tokens": 20 },
    tokens: { inUncached: 5, cacheRead: 15, outText: 1 },
  },
  {
    title: "reads cached tokens where Moonshot puts them",
    sent: { prompt_tokens: 20, completion_tokens: 1, cached_tokens: 8 },
    usage: { "gen_ai.usage.cache_read.input_tokens": 8 },
    tokens: { inUncached: 12, cacheRead: 8, outText: 1 },
  },
  {
    title: "turns xAI's ticks into USD",
    sent: { prompt_tokens: 1, completion_tokens: 1, cost_in_usd_ticks: 37_756_000 },
    usage: { "spangate.usage.cost_usd": 0.0037756 },
    tokens: { inUncached: 1, outText: 1 },
  },
  {
    title: "takes the total where Perplexity tells its cost in parts",
    sent: { prompt_tokens: 1, completion_tokens: 1, cost: { input_tokens_cost: 0.001, request_cost: 0.005, total_cost: 0.006 } },
    usage: { "spangate.usage.cost_usd": 0.006 },
    tokens: { inUncached: 1, outText: 1 },
  },
  {
    title: "adds what a provider bills the caller's own key to the router's fee",
    sent: { prompt_tokens: 1, completion_tokens: 1, cost: 0.05, is_byok: true, cost_details: { upstream_inference_cost: 1 } },
    usage: { "spangate.usage.cost_usd": 1.05 },
    tokens: { inUncached: 1, outText: 1 },
  },
  {
    title: "does not count twice what a router paid itself",
    sent: { prompt_tokens: 1, completion_tokens: 1, cost: 0.05, is_byok: false, cost_details: { upstream_inference_cost: 0.05 } },
    usage: { "spangate.usage.cost_usd": 0.05 },
    tokens: { inUncached: 1, outText: 1 },
  },
];

describe("token usage", () => {
  for (const { title, sent, usage, tokens } of shapes) {
    test(title, () => {
      const read = readUsage(sent);
      expect(read?.usage).toMatchObject(usage);
      expect(read?.tokens).toEqual(tokens);
    });
  }

  for (const cost of [-1, Number.NaN, "0.1", null, { total_cost: -1 }, Infinity]) {
    test(`hears no cost in ${JSON.stringify(cost)} (${typeof cost})`, () => {
      expect(readUsage({ prompt_tokens: 1, cost })?.usage).toEqual({ "gen_ai.usage.input_tokens": 1 });
    });
  }

  test("counts thoughts that only the total has where that is known of a server, and nowhere else", () => {
    const sent = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 115 };
    expect(readUsage(sent, { thoughtsInTotal: true })?.tokens).toEqual({ inUncached: 10, outText: 5, reasoning: 100 });
    expect(readUsage(sent)?.tokens).toEqual({ inUncached: 10, outText: 5 });
  });

  for (const { title, sent, usage, tokens } of cases) {
    test(title, () => {
      expect(readUsage(sent)).toEqual({ usage, tokens });
    });
  }

  for (const sent of [undefined, null, "12", [], {}, { prompt_tokens: null }, JSON.parse('{"prompt_tokens":1e400}')]) {
    test(`is unknown, not zero, for ${JSON.stringify(sent)}`, () => {
      expect(readUsage(sent)).toBeUndefined();
    });
  }

  test("has no negative bucket, and buckets that sum to the totals, whatever was sent", () => {
    const count = fc.oneof(
      fc.nat(1000),
      fc.integer(),
      fc.double(),
      fc.constantFrom("3", null, undefined, Number.NaN, Infinity, -0, Number.MAX_SAFE_INTEGER, 1e300, [], {}, true),
    );
    const fields = (...names: readonly string[]) => fc.record(Object.fromEntries(names.map((name) => [name, count])), { requiredKeys: [] });
    const details = fc
      .tuple(
        fields("cached_tokens", "cache_write_tokens", "audio_tokens", "image_tokens", "reasoning_tokens", "text_tokens"),
        fc.option(fields("audio_tokens", "image_tokens"), { nil: undefined }),
      )
      .map(([own, cached]) => ({ ...own, cached_tokens_details: cached }));
    const modalities = fc.array(
      fc.record({ modality: fc.constantFrom("TEXT", "AUDIO", "IMAGE", "VIDEO", 7), tokenCount: count }, { requiredKeys: [] }),
    );
    const openai = fc.record(
      {
        prompt_tokens: count,
        input_tokens: count,
        completion_tokens: count,
        total_tokens: count,
        prompt_cache_hit_tokens: count,
        prompt_cache_miss_tokens: count,
        prompt_tokens_details: details,
        input_token_details: details,
        completion_tokens_details: details,
        cache_creation: fields("ephemeral_1h_input_tokens"),
      },
      { requiredKeys: [] },
    );
    const anthropic = fc.record(
      {
        input_tokens: count,
        output_tokens: count,
        cache_read_input_tokens: count,
        cache_creation_input_tokens: count,
        cache_creation: fields("ephemeral_1h_input_tokens", "ephemeral_5m_input_tokens"),
      },
      { requiredKeys: [] },
    );
    const gemini = fc.record(
      {
        promptTokenCount: count,
        candidatesTokenCount: count,
        thoughtsTokenCount: count,
        cachedContentTokenCount: count,
        toolUsePromptTokenCount: count,
        promptTokensDetails: modalities,
        cacheTokensDetails: modalities,
        candidatesTokensDetails: modalities,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(openai, anthropic, gemini), fc.boolean(), (sent, thoughtsInTotal) => {
        const { usage = {}, tokens = {} } = readUsage(sent, { thoughtsInTotal }) ?? {};
        for (const bucket of Object.values(tokens)) expect(Number.isSafeInteger(bucket) && bucket >= 0).toBe(true);
        const { outText = 0, reasoning = 0, outAudio = 0, outImage = 0, ...ofInput } = tokens;
        const input = usage["gen_ai.usage.input_tokens"];
        const output = usage["gen_ai.usage.output_tokens"];
        if (input !== undefined) expect(Object.values(ofInput).reduce((all, each) => all + BigInt(each), 0n)).toBe(BigInt(Number(input)));
        if (output !== undefined)
          expect([outText, reasoning, outAudio, outImage].reduce((all, each) => all + BigInt(each), 0n)).toBe(BigInt(Number(output)));
      }),
      { numRuns: 1000 },
    );
  });
});
