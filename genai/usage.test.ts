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

describe("token usage", () => {
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

  test("never has a negative bucket, and its buckets never sum to more than the totals", () => {
    const count = fc.oneof(fc.nat(1000), fc.integer(), fc.double(), fc.constant("3"), fc.constant(null), fc.constant(undefined));
    const details = fc.record(
      { cached_tokens: count, cache_write_tokens: count, audio_tokens: count, reasoning_tokens: count, text_tokens: count },
      { requiredKeys: [] },
    );
    const sent = fc.record(
      {
        prompt_tokens: count,
        completion_tokens: count,
        total_tokens: count,
        prompt_tokens_details: details,
        completion_tokens_details: details,
        cache_creation: fc.record({ ephemeral_1h_input_tokens: count }, { requiredKeys: [] }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(sent, (each) => {
        const { usage = {}, tokens = {} } = readUsage(each) ?? {};
        for (const bucket of Object.values(tokens)) expect(bucket).toBeGreaterThanOrEqual(0);
        const {
          inUncached = 0,
          cacheRead = 0,
          cacheWrite5m = 0,
          cacheWrite1h = 0,
          inAudio = 0,
          outText = 0,
          reasoning = 0,
          outAudio = 0,
        } = tokens;
        const input = usage["gen_ai.usage.input_tokens"];
        const output = usage["gen_ai.usage.output_tokens"];
        if (input !== undefined) expect(inUncached + cacheRead + cacheWrite5m + cacheWrite1h + inAudio).toBe(input);
        if (output !== undefined) expect(outText + reasoning + outAudio).toBe(output);
      }),
    );
  });
});
