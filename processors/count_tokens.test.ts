import { describe, expect, test } from "vitest";
import { assemble } from "../genai/assemble.ts";
import { describe as spansOf } from "../genai/describe.ts";
import type { Span } from "../genai/span.ts";
import { aRecorded, type RecordedOptions } from "../testing/recorded.ts";
import { countTokens, countTokensOptions } from "./count_tokens.ts";
import { byTier, withhold } from "./withhold.ts";

const options = countTokensOptions.parse({ use: "count_tokens" });
const userKey = (): string => "key";

async function counted(recorded: RecordedOptions, settings: object = {}): Promise<Span> {
  const spans = spansOf(assemble(aRecorded(recorded)), { userKey });
  const [, model] = await countTokens({ ...options, ...settings }).process(spans);
  if (!model) throw new Error("no model was asked");
  return model;
}

// Both requests, and what the API counted for them: https://developers.openai.com/cookbook/examples/how_to_count_tokens_with_tiktoken
const jargon = [
  { role: "system", content: "You are a helpful, pattern-following assistant that translates corporate jargon into plain English." },
  { role: "system", name: "example_user", content: "New synergies will help drive top-line growth." },
  { role: "system", name: "example_assistant", content: "Things working well together will increase revenue." },
  {
    role: "system",
    name: "example_user",
    content: "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage.",
  },
  { role: "system", name: "example_assistant", content: "Let's talk later when we're less busy about how to do better." },
  { role: "user", content: "This late pivot means we don't have time to boil the ocean for the client deliverable." },
];
const weather = [
  { role: "system", content: "You are a helpful assistant that can answer to questions about the weather." },
  { role: "user", content: "What's the weather like in San Francisco?" },
];
const weatherTool = {
  type: "function",
  function: {
    name: "get_current_weather",
    description: "Get the current weather in a given location",
    parameters: {
      type: "object",
      properties: {
        location: { type: "string", description: "The city and state, e.g. San Francisco, CA" },
        unit: { type: "string", description: "The unit of temperature to return", enum: ["celsius", "fahrenheit"] },
      },
      required: ["location"],
    },
  },
};
const answer = { choices: [{ message: { content: "tiktoken is great!" }, finish_reason: "stop" }] };

describe("counting tokens that nobody counted", () => {
  for (const { title, request, inUncached } of [
    { title: "messages as OpenAI's newer models count them", request: { model: "gpt-4o", messages: jargon }, inUncached: 124 },
    { title: "messages as its older models count them", request: { model: "gpt-4", messages: jargon }, inUncached: 129 },
    { title: "tools too", request: { model: "gpt-4o", messages: weather, tools: [weatherTool] }, inUncached: 101 },
  ]) {
    test(`counts ${title}`, async () => {
      const span = await counted({ request, response: answer });
      expect(span.tokens).toEqual({ inUncached, outText: 6 });
      expect(span.usageSource).toBe("estimated");
      expect(span.attributes["spangate.usage.source"]).toBe("estimated");
      expect(Object.keys(span.attributes).filter((name) => name.startsWith("gen_ai.usage."))).toEqual([]);
    });
  }

  const hello = { model: "gpt-4o", messages: [{ role: "user", content: "hello" }] }; // 3 + 3 + role 1 + text 1 = 8
  const half = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "tiktoken is great!" } }] })}\n\n`;

  for (const { title, recorded, tokens } of [
    {
      title: "a stream that ended well",
      recorded: { request: hello, response: `${half}data: [DONE]\n\n` },
      tokens: { inUncached: 8, outText: 6 },
    },
    {
      title: "one that was cut, as far as it came",
      recorded: { request: hello, response: half, closed: { ending: "cut", error: "ECONNRESET" } },
      tokens: { inUncached: 8, outText: 6 },
    },
    {
      title: "one whose client left",
      recorded: { request: hello, response: half, closed: { ending: "abandoned" } },
      tokens: { inUncached: 8, outText: 6 },
    },
    {
      title: "one that nobody saw end",
      recorded: { request: hello, response: half, closed: { ending: "incomplete", error: "recorder_lost", attempts: [] } },
      tokens: { inUncached: 8, outText: 6 },
    },
    {
      title: "one that began and said nothing",
      recorded: { request: { ...hello, stream: true }, response: ": ping\n\n", closed: { ending: "cut", error: "ECONNRESET" } },
      tokens: { inUncached: 8, outText: 0 },
    },
    {
      title: "only the input of an answer that broke off in a piece nobody can read",
      recorded: { request: hello, response: Buffer.from('{"id":'), closed: { ending: "cut", error: "ECONNRESET" } },
      tokens: { inUncached: 8 },
    },
    {
      title: "one that failed midway",
      recorded: { request: hello, response: `${half}data: {"error":{"code":"server_error","message":"no"}}\n\n` },
      tokens: { inUncached: 8, outText: 6 },
    },
    {
      title: "calls of tools and thoughts in the answer",
      recorded: {
        request: hello,
        response: {
          choices: [
            {
              message: {
                reasoning_content: "tiktoken is great!", // 6
                tool_calls: [{ id: "1", function: { name: "hello", arguments: '{"a":1}' } }], // 1 + 5
              },
              finish_reason: "tool_calls",
            },
          ],
        },
      },
      tokens: { inUncached: 8, outText: 12 },
    },
    {
      title: "a picture that a tool answered with as nothing, and not by its base64",
      recorded: {
        request: {
          model: "gpt-4o",
          messages: [
            {
              role: "tool", // 3 + 1
              content: [
                { type: "text", text: "hello" }, // 1
                { type: "image_url", image_url: { url: `data:image/png;base64,${"ABC9".repeat(5000)}` } },
              ],
            },
          ],
        },
        response: answer,
      },
      tokens: { inUncached: 8, outText: 6 },
    },
    {
      title: "how many tokens there are in a part only where that is a count",
      recorded: {
        request: {
          model: "gpt-4o",
          messages: [
            {
              role: "user",
              content: [
                { type: "tokens", count: 1e300 },
                { type: "tokens", count: -5.5 },
              ],
            },
          ],
        },
        response: answer,
      },
      tokens: { inUncached: 7, outText: 6 },
    },
    {
      title: "instructions and input of the Responses API",
      recorded: {
        opened: { upstream: { name: "default", address: "api.openai.com", port: 443, scheme: "https", path: "/responses" } },
        request: { model: "gpt-4o", instructions: "hello", input: "hello" }, // 3 + 2 * (3 + role 1 + text 1)
        response: { status: "completed", output: [{ type: "message", content: [{ type: "output_text", text: "tiktoken is great!" }] }] },
      },
      tokens: { inUncached: 13, outText: 6 },
    },
    {
      title: "only the input of embeddings, with nothing around it",
      recorded: {
        opened: { upstream: { name: "default", address: "api.openai.com", port: 443, scheme: "https", path: "/embeddings" } },
        request: { model: "text-embedding-3-small", input: ["tiktoken is great!", "hello"] },
        response: { data: [] },
      },
      tokens: { inUncached: 7 },
    },
  ] as const) {
    test(`counts ${title}`, async () => {
      const span = await counted(recorded);
      expect(span.tokens).toEqual(tokens);
      expect(span.usageSource).toBe("estimated");
    });
  }

  for (const { title, recorded } of [
    { title: "was answered with an error", recorded: { request: hello, response: { error: { code: "x" } }, closed: { status: 500 } } },
    { title: "was answered with an error in a good status", recorded: { request: hello, response: { error: { code: "x" } } } },
    { title: "was answered with something that is no answer", recorded: { request: hello, response: Buffer.from("<html>") } },
    {
      title: "was never answered",
      recorded: {
        request: hello,
        closed: { ending: "cut", error: "ECONNREFUSED", attempts: [{ startedUs: 0, endedUs: 1, error: "ECONNREFUSED" }] },
      },
    },
    {
      title: "was counted by the provider",
      recorded: { request: hello, response: { ...answer, usage: { prompt_tokens: 1, completion_tokens: 1 } } },
    },
    {
      title: "is to be answered later",
      recorded: {
        opened: { upstream: { name: "default", address: "api.openai.com", port: 443, scheme: "https", path: "/responses" } },
        request: { model: "gpt-4o", background: true, input: "hello" },
        response: { status: "queued", background: true, output: [] },
      },
    },
    { title: "kept nothing to count", recorded: { request: "", response: { choices: [] } } },
  ] as const) {
    test(`leaves a call alone that ${title}`, async () => {
      const span = await counted(recorded);
      expect(span.usageSource).not.toBe("estimated");
    });
  }

  for (const { title, recorded, uncounted } of [
    {
      title: "media it cannot count",
      recorded: {
        request: {
          model: "gpt-4o",
          messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "https://example.com/a.png" } }] }],
        },
        response: answer,
      },
      uncounted: "media",
    },
    {
      title: "media that a tool answered with",
      recorded: {
        request: {
          model: "gpt-4o",
          messages: [{ role: "tool", content: [{ type: "image_url", image_url: { url: "https://example.com/a.png" } }] }],
        },
        response: answer,
      },
      uncounted: "media",
    },
    {
      title: "nothing, of a tool's list of files",
      recorded: {
        request: { model: "gpt-4o", messages: [{ role: "tool", content: '[{"type":"file","name":"a.ts"}]' }] },
        response: answer,
      },
      uncounted: undefined,
    },
    {
      title: "a record that was cut short",
      recorded: { request: hello, response: half, closed: { responseTruncated: true } },
      uncounted: "truncated",
    },
    { title: "a request nobody could read", recorded: { request: "", response: `${half}data: [DONE]\n\n` }, uncounted: "truncated" },
    {
      title: "what was said before",
      recorded: {
        opened: { upstream: { name: "default", address: "api.openai.com", port: 443, scheme: "https", path: "/responses" } },
        request: { model: "gpt-4o", previous_response_id: "resp_1", input: "hello" },
        response: { status: "completed", output: [] },
      },
      uncounted: "truncated",
    },
    { title: "nothing, of plain text", recorded: { request: hello, response: answer }, uncounted: undefined },
  ] as const) {
    test(`says that it left out ${title}`, async () => {
      const span = await counted(recorded);
      expect(span.usageSource).toBe("estimated");
      expect(span.attributes["spangate.usage.uncounted"]).toBe(uncounted);
    });
  }

  test("comes to the same whatever the tier, and leaves no content where the tier keeps none", async () => {
    const spans = await Promise.all(
      (["full", "scrubbed", "metadata"] as const).map(async (tier) => {
        const span = await counted({ request: { model: "gpt-4o", messages: jargon }, response: answer, opened: { tier } });
        const [kept] = await withhold(byTier).process([span]);
        return kept;
      }),
    );
    expect(spans.map((span) => span?.tokens)).toEqual(Array(3).fill({ inUncached: 124, outText: 6 }));
    expect(spans.map((span) => Object.hasOwn(span?.attributes ?? {}, "gen_ai.input.messages"))).toEqual([true, true, false]);
  });

  test("goes on at the same rate beyond its limit", async () => {
    const content = "hello ".repeat(5000);
    const whole = await counted({ request: { model: "gpt-4o", messages: [{ role: "user", content }] }, response: answer });
    const part = await counted(
      { request: { model: "gpt-4o", messages: [{ role: "user", content }] }, response: answer },
      { max_characters: 3000 },
    );
    expect(whole.tokens?.inUncached).toBe(5008);
    expect(part.tokens?.inUncached).toBeGreaterThan(4950);
    expect(part.tokens?.inUncached).toBeLessThan(5100);
  });

  test("returns the very spans it was given when there is nothing to count", async () => {
    const spans = spansOf(assemble(aRecorded({ request: hello, response: { ...answer, usage: { prompt_tokens: 1 } } })), { userKey });
    expect(await countTokens(options).process(spans)).toBe(spans);
  });
});
