import { OpenAI } from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoUpstream, type DemoUpstream } from "../demo/upstream.ts";
import { eventually } from "./eventually.ts";
import { startGateway, type Gateway } from "./gateway.ts";
import { rawRequest } from "./raw.ts";

let demo: DemoUpstream;
let gateway: Gateway;

beforeAll(async () => {
  demo = await demoUpstream({ seed: 11, compress: true });
  gateway = await startGateway({
    config: {
      default_upstream: "openai",
      upstreams: { openai: { base_url: demo.url }, plain: { base_url: demo.url, add_usage: false } },
      capture: "metadata",
    },
  });
}, 40_000);
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await demo?.close();
});

interface Sent {
  readonly body: string;
  readonly exchangeId: string;
}

/** The real client, what it sent noted on the way. */
function client(path: string, sent: Sent[]): OpenAI {
  return new OpenAI({
    baseURL: `${gateway.dataUrl}${path}`,
    apiKey: "sk-any",
    maxRetries: 0,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const body = await request.clone().text();
      const response = await fetch(request);
      sent.push({ body, exchangeId: response.headers.get("x-spangate-exchange-id") ?? "" });
      return response;
    },
  });
}

const hello = { model: "demo", messages: [{ role: "user" as const, content: "Say hello in five languages" }] };
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const tools = [{ type: "function" as const, function: { name: "get_weather", parameters } }];
const calls: readonly { title: string; path: string; call: (openai: OpenAI) => Promise<AsyncIterable<object>> }[] = [
  { title: "a chat", path: "/chat/completions", call: (openai) => openai.chat.completions.create({ ...hello, stream: true }) },
  {
    title: "a chat with two choices",
    path: "/chat/completions",
    call: (openai) => openai.chat.completions.create({ ...hello, n: 2, stream: true }),
  },
  {
    title: "a chat with tools",
    path: "/chat/completions",
    call: (openai) => openai.chat.completions.create({ ...hello, tools, stream: true }),
  },
  {
    title: "a chat whose caller wants no usage",
    path: "/chat/completions",
    call: (openai) => openai.chat.completions.create({ ...hello, stream: true, stream_options: { include_usage: false } }),
  },
  {
    title: "a completion",
    path: "/completions",
    call: (openai) => openai.completions.create({ model: "demo", prompt: "Hello", stream: true }),
  },
];

for (const { title, path, call } of calls) {
  test(`${title}: the client sees no event without choices, its record has the usage`, async () => {
    const sent: Sent[] = [];
    const seen = (await Array.fromAsync(await call(client("/v1", sent)))) as {
      readonly choices: readonly unknown[];
      readonly usage?: unknown;
    }[];
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.filter(({ choices }) => choices.length === 0)).toEqual([]);
    expect(new Set(seen.map(({ usage }) => usage))).toEqual(new Set([null]));

    // The upstream answers the same bytes with the same bytes.
    const [{ body, exchangeId } = { body: "", exchangeId: "" }] = sent;
    const asking = body.includes("stream_options")
      ? body.replace('"include_usage":false', '"include_usage":true')
      : body.replace('"stream":true', '"stream":true,"stream_options":{"include_usage":true}');
    const reply = await rawRequest({ url: demo.url + path, method: "POST", headers: { "content-type": "application/json" }, body: asking });
    const events = [...reply.body.toString().matchAll(/^data: (\{.*\})$/gm)].map(([, json]) => JSON.parse(json ?? "") as object);
    const last = events.pop();
    expect(seen).toEqual(events);

    const [row] = await eventually(
      () =>
        gateway.sql(
          `SELECT *, attrs->>'spangate.usage.requested' AS asked FROM spans WHERE exchange_id = '${exchangeId}' AND operation IS NOT NULL`,
        ),
      ({ length }) => length > 0,
    );
    const { usage } = last as { readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number } };
    expect(row).toMatchObject({ usage_source: "provider", asked: "true", stream: true });
    expect(Number(row?.["tokens_in_uncached"]) + Number(row?.["tokens_cache_read"] ?? 0)).toBe(usage.prompt_tokens);
    expect(Number(row?.["tokens_out_text"])).toBe(usage.completion_tokens);
  });
}

test("a caller who asks himself gets his event", async () => {
  const seen = await Array.fromAsync(
    await client("/v1", []).chat.completions.create({ ...hello, stream: true, stream_options: { include_usage: true } }),
  );
  expect(seen.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: expect.any(Number) } });
});

test("where it is not set, nothing is asked", async () => {
  const seen = await Array.fromAsync(await client("/plain/v1", []).chat.completions.create({ ...hello, stream: true }));
  expect(seen.filter((each) => "usage" in each)).toEqual([]);
});
