import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Span } from "../../genai/span.ts";
import { readUsage } from "../../genai/usage.ts";
import { TOKEN_BUCKETS } from "./buckets.ts";
import { cached, CASES, chat, reasoned, tier, type Call } from "./cost_cases.ts";
import { parsePriceFile } from "./price_file.ts";
import { price } from "./price.ts";
import { priceBook } from "./price_book.ts";
import { priceLists } from "./price_lists.ts";

const onProblem = (problem: string): never => expect.fail(problem);
const lists = priceLists({ onProblem });

function called({ provider, model, usage, operation = "chat", attributes = {}, at = "2026-11-01T12:00:00Z" }: Call): Span {
  const read = readUsage(usage);
  return {
    tenant: "default",
    source: "gateway",
    traceId: "0".repeat(32),
    spanId: "0".repeat(16),
    name: "chat",
    kind: "client",
    startTimeUnixNano: BigInt(Date.parse(at)) * 1_000_000n,
    endTimeUnixNano: BigInt(Date.parse(at)) * 1_000_000n,
    status: "unset",
    capture: "full",
    ...(read && { tokens: read.tokens }),
    usageSource: read ? "provider" : "none",
    attributes: {
      "gen_ai.operation.name": operation,
      "gen_ai.provider.name": provider,
      "gen_ai.request.model": model,
      "http.response.status_code": 200,
      ...read?.usage,
      ...attributes,
    },
  };
}

describe("cost", () => {
  for (const { title, cost, source, ...call } of CASES) {
    test(title, async () => {
      const [span] = await price({ use: "price" }, lists).process([called(call)]);
      expect(span?.cost?.usd, `${source} ${JSON.stringify(span?.cost)}`).toBe(cost);
      expect(span?.attributes["spangate.cost.usd"]).toBe(Number(cost));
    });
  }

  test("is known of sixty calls or more", () => {
    expect(CASES.length).toBeGreaterThanOrEqual(60);
  });

  const unknown: readonly (Omit<Call, "usage"> & { readonly usage?: object; readonly title: string; readonly reason: string })[] = [
    { title: "a model nobody knows", provider: "openai", model: "gpt-99", usage: chat(1, 1), reason: "unknown_model" },
    {
      title: "an open model on an upstream nobody knows",
      provider: "local",
      model: "gpt-oss-20b",
      usage: chat(1, 1),
      reason: "unknown_model",
    },
    {
      title: "a server of one's own that calls its model like one that is sold",
      provider: "vllm-2",
      model: "gpt-4o",
      usage: chat(1, 1),
      reason: "unknown_model",
    },
    {
      title: "an open model by its publisher's name, on an upstream nobody knows",
      provider: "corp-proxy",
      model: "openai/gpt-oss-120b",
      usage: chat(1, 1),
      reason: "unknown_model",
    },
    {
      title: "one of a publisher that sells others",
      provider: "corp-proxy",
      model: "mistralai/Mixtral-8x7B-Instruct-v0.1",
      usage: chat(1, 1),
      reason: "unknown_model",
    },
    {
      title: "an upstream whose name only begins like a provider's",
      provider: "mistral-at-home",
      model: "mistral-small-2603",
      usage: chat(1, 1),
      reason: "unknown_model",
    },
    {
      title: "a fine-tuned model of which only the price of its base is known",
      provider: "openai",
      model: "ft:gpt-4-0613:acme::abc",
      usage: chat(1, 1),
      reason: "unknown_model",
    },
    {
      title: "a name that is too long for a model",
      provider: "openai",
      model: `gpt-4o${"o".repeat(1000)}`,
      usage: chat(1, 1),
      reason: "unknown_model",
    },
    {
      title: "a tier whose price nobody knows",
      provider: "openai",
      model: "gpt-4o",
      usage: chat(1, 1),
      attributes: tier("scale"),
      reason: "unknown_service_tier",
    },
    {
      title: "flex of a model that has none",
      provider: "openai",
      model: "gpt-4o",
      usage: chat(1, 1),
      attributes: tier("flex"),
      reason: "unknown_service_tier",
    },
    {
      title: "capacity that is paid for otherwise",
      provider: "gcp.vertex_ai",
      model: "gemini-2.5-pro",
      usage: { promptTokenCount: 1, candidatesTokenCount: 1, trafficType: "PROVISIONED_THROUGHPUT" },
      reason: "unknown_service_tier",
    },
    {
      title: "sound, with a model that has no price for it",
      provider: "openai",
      model: "gpt-4o",
      usage: chat(9, 1, { prompt_tokens_details: { audio_tokens: 5 } }),
      reason: "unpriced_bucket",
    },
    { title: "no usage", provider: "openai", model: "gpt-4o", reason: "no_usage" },
    {
      title: "usage without a count",
      provider: "openai",
      model: "gpt-4o",
      usage: { prompt_tokens: -1, completion_tokens: "3" },
      reason: "no_usage",
    },
    { title: "half of a usage", provider: "openai", model: "gpt-4o", usage: { completion_tokens: 7 }, reason: "incomplete_usage" },
    { title: "an error", provider: "openai", model: "gpt-4o", attributes: { "http.response.status_code": 429 }, reason: "not_billed" },
    {
      title: "an error in a good status",
      provider: "openai",
      model: "gpt-4o",
      attributes: { "spangate.error.code": "server_error" },
      reason: "not_billed",
    },
    {
      title: "a call that nobody answered",
      provider: "openai",
      model: "gpt-4o",
      attributes: { "http.response.status_code": null },
      reason: "no_answer",
    },
    {
      title: "more than the column holds",
      provider: "openai",
      model: "gpt-4o",
      usage: chat(Number.MAX_SAFE_INTEGER, 0),
      reason: "out_of_range",
    },
    {
      title: "a cost beyond all bounds, told by the provider",
      provider: "openrouter",
      model: "x",
      usage: chat(1, 1, { cost: 1e300 }),
      reason: "out_of_range",
    },
  ];
  for (const { title, reason, usage = {}, ...call } of unknown) {
    test(`is null, with a reason, of ${title}`, async () => {
      const [span] = await price({ use: "price" }, lists).process([called({ ...call, usage })]);
      expect(span?.cost).not.toHaveProperty("usd");
      expect(span?.cost?.reason).toBe(reason);
    });
  }

  for (const { uncounted, reason } of [
    { uncounted: undefined, reason: "estimated" },
    { uncounted: "media", reason: "estimated_without_media" },
    { uncounted: "truncated", reason: "estimated_in_part" },
  ]) {
    test(`of estimated usage says so: ${reason}`, async () => {
      const span = called({
        provider: "openai",
        model: "gpt-4o",
        usage: chat(1000, 500),
        attributes: uncounted === undefined ? {} : { "spangate.usage.uncounted": uncounted },
      });
      const [out] = await price({ use: "price" }, lists).process([{ ...span, usageSource: "estimated" }]);
      expect(out?.cost).toMatchObject({ usd: "0.0075", reason, source: "catalog" }); // 1000*2.5 + 500*10
    });
  }

  test("is not mixed up where callers put line ends into names", async () => {
    const ofTwo = called({ provider: "openai", model: "gpt-4.1", usage: chat(1, 1), attributes: { "gen_ai.response.model": "gpt-4o" } });
    const ofOne = called({ provider: "openai", model: "gpt-4o\ngpt-4.1", usage: chat(1, 1) });
    const priced = await price({ use: "price" }, priceLists({ onProblem })).process([ofOne, ofTwo]);
    expect(priced.map(({ cost }) => cost?.priceId ?? cost?.reason)).toEqual(["unknown_model", "openai/gpt-4o"]);
  });

  test("tells what it is made of, whose price it is and of which version", async () => {
    const [span] = await price({ use: "price" }, lists).process([
      called({ provider: "openai", model: "gpt-5", usage: chat(1000, 100, { ...cached(200), ...reasoned(60) }), attributes: tier("flex") }),
    ]);
    expect(span?.cost).toEqual({
      usd: "0.0010125",
      byBucket: { in_uncached: "0.0005", cache_read: "0.0000125", out_text: "0.0002", reasoning: "0.0003" },
      priceId: "openai/gpt-5+openai/flex",
      priceVersion: expect.stringMatching(/^genai-prices [\d.]+ \+ builtin \d{4}-\d\d-\d\d$/) as string,
      source: "catalog",
    });
    expect(span?.attributes["spangate.price.id"]).toBe("openai/gpt-5+openai/flex");
  });

  test("is of calls of models alone", async () => {
    const { usageSource: _, ...http } = called({ provider: "openai", model: "gpt-4o", usage: chat(1, 1) });
    expect(await price({ use: "price" }, lists).process([http])).toEqual([http]);
  });

  test("adds up over its buckets exactly and is never negative, whatever the rates and the usage", async () => {
    const upTo = (max: number) => fc.double({ min: 0, max, noNaN: true }).map((written) => Number(written.toFixed(15)));
    const amount = fc.oneof(fc.integer({ min: 0, max: 1000 }), upTo(1e4));
    const ratesOf = (buckets: readonly string[]) =>
      fc.record(Object.fromEntries(buckets.map((bucket) => [bucket, amount])), { requiredKeys: [] });
    const rates = fc.record({
      per_million: ratesOf(Object.values(TOKEN_BUCKETS)),
      per_hour: ratesOf(["audio_seconds"]),
      per_thousand: ratesOf(["web_searches", "requests"]),
    });
    const count = fc.oneof(fc.nat(1000), fc.nat(2_000_000), fc.constantFrom(-1, Number.NaN, "7", 1e300, 0.5, 123_456_789_012));
    const usage = fc.record(
      {
        prompt_tokens: count,
        completion_tokens: count,
        prompt_tokens_details: fc.record({ cached_tokens: count, audio_tokens: count, image_tokens: count, cache_write_tokens: count }),
        completion_tokens_details: fc.record({ reasoning_tokens: count, audio_tokens: count, image_tokens: count }),
      },
      { requiredKeys: ["prompt_tokens", "completion_tokens"] },
    );
    const nano = (decimal: string): bigint => {
      const [whole = "", behind = ""] = decimal.split(".");
      expect(behind.length).toBeLessThanOrEqual(9);
      return BigInt(whole + behind.padEnd(9, "0"));
    };
    const catalog = { version: "none", provider: () => undefined, model: () => undefined };
    let known = 0;
    await fc.assert(
      fc.asyncProperty(rates, usage, upTo(10), async (listed, used, multiply) => {
        const builtin = parsePriceFile(
          JSON.stringify({
            version: "1",
            prices: [{ id: "p", model: "*", ...listed, source: "s" }],
            factors: [{ id: "f", kind: "discount", multiply, source: "s" }],
          }),
        );
        const prices = priceBook({ overrides: undefined, builtin, catalog });
        const [span] = await price({ use: "price" }, prices).process([called({ provider: "x", model: "m", usage: used })]);
        const { usd, byBucket = {}, reason } = span?.cost ?? {};
        if (usd === undefined) {
          expect(reason).toMatch(/^(unpriced_bucket|out_of_range|incomplete_usage|no_usage)$/);
          return;
        }
        known++;
        const parts = Object.values(byBucket).map(nano);
        expect(parts.every((part) => part >= 0n)).toBe(true);
        expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(nano(usd));
      }),
      { numRuns: 500 },
    );
    expect(known).toBeGreaterThan(20);
  });
});
