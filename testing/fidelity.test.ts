import { createHash } from "node:crypto";
import { APIError, OpenAI, toFile } from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoUpstream, type DemoUpstream } from "../demo/upstream.ts";
import { eventually } from "./eventually.ts";
import { startGateway, type Gateway } from "./gateway.ts";
import { openRequest, rawRequest, type RawReply, type RawRequest } from "./raw.ts";

// The demo's replies follow from its seed and the request, so the same request directly and through the gateway must be answered
// with the same bytes.
let demo: DemoUpstream;
let slow: DemoUpstream;
let gateway: Gateway;

beforeAll(async () => {
  demo = await demoUpstream({ seed: 7, compress: true });
  slow = await demoUpstream({ seed: 7, delayMs: 150 });
  gateway = await startGateway({
    config: { default_upstream: "up", upstreams: { up: { base_url: demo.url }, slow: { base_url: slow.url } }, capture: "full" },
  });
}, 40_000);
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await demo?.close();
  await slow?.close();
});

interface Side {
  readonly client: OpenAI;
  /** What the client sent, to be sent again byte for byte. */
  readonly sent: RawRequest[];
}

/** The real client, its requests noted on the way out. */
function side(baseURL: string, more: { readonly maxRetries?: number; readonly defaultHeaders?: Record<string, string> } = {}): Side {
  const sent: RawRequest[] = [];
  const client = new OpenAI({
    baseURL,
    apiKey: "sk-from-the-client",
    organization: "org-ours",
    project: null,
    maxRetries: 0,
    ...more,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      // The client tries with a data: URL whether this fetch can send forms.
      if (!request.url.startsWith("http")) return fetch(request);
      const body = Buffer.from(await request.clone().arrayBuffer());
      sent.push({
        url: request.url,
        method: request.method,
        headers: Object.fromEntries(request.headers),
        ...(body.length > 0 ? { body } : {}),
      });
      return fetch(request);
    },
  });
  return { client, sent };
}

const direct = (): Side => side(demo.url);
const through = (): Side => side(`${gateway.dataUrl}/v1`);

type Seen = { readonly value: unknown } | { readonly error: object };

/** The outcome of a call as an application sees it: its value, or the kind and facts of its error. */
async function outcome(call: () => Promise<unknown>): Promise<Seen> {
  try {
    return { value: JSON.parse(JSON.stringify(await call())) as unknown };
  } catch (error) {
    if (!(error instanceof APIError)) throw error;
    const { status, code, param, type, message, requestID, headers, error: body } = error;
    const retry = ["retry-after", "retry-after-ms", "x-should-retry"].map((name) => headers?.get(name));
    return { error: { kind: error.constructor.name, status, code, param, type, message, requestID, body, retry } };
  }
}

const hello = { model: "demo", messages: [{ role: "user" as const, content: "Say hello in five languages" }] };
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false };
const weather = { model: "demo", messages: [{ role: "user" as const, content: "How is the weather?" }] };
const chatTools = [{ type: "function" as const, function: { name: "get_weather", parameters } }];
const responseTools = [{ type: "function" as const, name: "get_weather", parameters, strict: true }];
const format = { type: "json_schema" as const, name: "place", schema: parameters, strict: true };
const tone = await toFile(Buffer.alloc(100_000, "\r\n--binary\0"), "tone.wav");

const calls: readonly { title: string; call: (client: OpenAI) => Promise<unknown> }[] = [
  { title: "a chat", call: (client) => client.chat.completions.create(hello) },
  { title: "a streamed chat", call: async (client) => Array.fromAsync(await client.chat.completions.create({ ...hello, stream: true })) },
  {
    title: "a streamed chat with usage",
    call: async (client) =>
      Array.fromAsync(await client.chat.completions.create({ ...hello, stream: true, stream_options: { include_usage: true } })),
  },
  { title: "a chat with tools", call: (client) => client.chat.completions.create({ ...weather, tools: chatTools }) },
  {
    title: "a streamed chat with tools",
    call: async (client) => Array.fromAsync(await client.chat.completions.create({ ...weather, tools: chatTools, stream: true })),
  },
  { title: "a chat with two choices", call: (client) => client.chat.completions.create({ ...hello, n: 2 }) },
  {
    title: "a structured output",
    call: (client) =>
      client.chat.completions.create({
        ...hello,
        response_format: { type: "json_schema", json_schema: { name: "place", schema: parameters } },
      }),
  },
  { title: "a response", call: (client) => client.responses.create({ model: "demo", input: "Hello" }) },
  {
    title: "a response with tools",
    call: (client) => client.responses.create({ model: "demo", input: "How is the weather?", tools: responseTools }),
  },
  { title: "a structured response", call: (client) => client.responses.create({ model: "demo", input: "Hello", text: { format } }) },
  {
    title: "a streamed response",
    call: async (client) => Array.fromAsync(await client.responses.create({ model: "demo", input: "Hello", stream: true })),
  },
  { title: "a completion", call: (client) => client.completions.create({ model: "demo", prompt: "Hello" }) },
  {
    title: "a streamed completion",
    call: async (client) => Array.fromAsync(await client.completions.create({ model: "demo", prompt: "Hello", stream: true })),
  },
  {
    title: "embeddings as numbers",
    call: (client) => client.embeddings.create({ model: "demo-embedding", input: "Hello", encoding_format: "float" }),
  },
  { title: "embeddings as base64", call: (client) => client.embeddings.create({ model: "demo-embedding", input: ["Hello", "you"] }) },
  { title: "the list of models", call: (client) => client.models.list().then(({ data }) => data) },
  { title: "one model", call: (client) => client.models.retrieve("gpt-4o") },
  // The client draws a new boundary for each form, so ids that follow from the body differ; the raw bytes are compared below.
  {
    title: "an uploaded file",
    call: (client) => client.files.create({ file: tone, purpose: "user_data" }).then((file) => ({ ...file, id: "" })),
  },
  { title: "a transcription", call: (client) => client.audio.transcriptions.create({ file: tone, model: "demo" }) },
  ...[400, 401, 404, 429, 500].map((status) => ({
    title: `error ${status}`,
    call: (client: OpenAI) => client.chat.completions.create({ ...hello, model: `demo-error-${status}`, stream: status === 429 }),
  })),
];

for (const { title, call } of calls) {
  test(`the client sees the same: ${title}`, async () => {
    const [one, other] = [direct(), through()];
    const [expected, seen] = [await outcome(() => call(one.client)), await outcome(() => call(other.client))];
    expect(seen).toEqual(expected);

    for (const request of one.sent) {
      for (const encoding of ["identity", "gzip", "br", "zstd"]) {
        const asked = { ...request, headers: { ...request.headers, "accept-encoding": encoding } };
        const [expectedReply, reply] = await both(asked);
        expect(reply).toEqual(expectedReply);
      }
    }
  });
}

/** Headers of one connection, or new with each reply. */
const OWN_HEADERS = /^(connection|keep-alive|date|x-spangate-trace-id|x-spangate-exchange-id)$/;

function comparable({ status, headers, body, whole }: RawReply): object {
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN_HEADERS.test(name)));
  return { status, headers: kept, bytes: body.length, sha256: createHash("sha256").update(body).digest("hex"), whole };
}

/** Sends a request for the demo to it, and to the gateway in front of it. */
async function both(asked: RawRequest): Promise<[expected: object, seen: object]> {
  const path = asked.url.slice(new URL(asked.url).origin.length);
  const viaGateway = { ...asked, url: `${gateway.dataUrl}${path}` };
  return [comparable(await rawRequest(asked)), comparable(await rawRequest(viaGateway))];
}

/** How many exchanges an upstream has logged, once none is open any more. */
async function logged(upstream: DemoUpstream): Promise<number> {
  await eventually(
    () => upstream.open(),
    (open) => open === 0,
  );
  return upstream.log.length;
}

const origin = (): string => new URL(demo.url).origin;
const json = { "content-type": "application/json" };

const oddities: readonly { title: string; request: Omit<RawRequest, "url"> & { readonly path: string } }[] = [
  { title: "OPTIONS", request: { method: "OPTIONS", path: "/v1/chat/completions" } },
  { title: "an unknown path", request: { method: "GET", path: "/v1/nobody/knows/this" } },
  { title: "an unknown method on a known path", request: { method: "DELETE", path: "/v1/models/demo" } },
  {
    title: "escapes, doubled keys and emoji in the query",
    request: { method: "GET", path: "/v1/a%20b%2Cc//d?x=1&x=2&y=%F0%9F%98%80&empty=&=&z" },
  },
  { title: "HEAD", request: { method: "HEAD", path: "/v1/models" } },
  { title: "PATCH with a body", request: { method: "PATCH", path: "/v1/things/1", headers: json, body: '{"a":1}' } },
  { title: "DELETE with a body", request: { method: "DELETE", path: "/v1/things/1", headers: json, body: '{"why":"because"}' } },
  { title: "a body that is no JSON", request: { method: "POST", path: "/v1/chat/completions", headers: json, body: "{not json" } },
  { title: "an empty body", request: { method: "POST", path: "/v1/chat/completions", headers: json, body: "" } },
  {
    title: "a body with a byte order mark",
    request: { method: "POST", path: "/v1/chat/completions", headers: json, body: `\ufeff${JSON.stringify(hello)}` },
  },
  {
    title: "JSON with odd white space",
    request: { method: "POST", path: "/v1/chat/completions", headers: json, body: ` \r\n\t${JSON.stringify(hello, undefined, 7)}\n\n` },
  },
  {
    title: "numbers no double holds",
    request: {
      method: "POST",
      path: "/v1/chat/completions",
      headers: json,
      body: JSON.stringify(hello).replace("{", '{"seed":9007199254740993,"big":1e999,'),
    },
  },
  {
    title: "a lone surrogate",
    request: {
      method: "POST",
      path: "/v1/chat/completions",
      headers: json,
      body: '{"model":"demo","messages":[{"role":"user","content":"\\ud83d"}]}',
    },
  },
  {
    title: "JSON lines, each naming a model",
    request: {
      method: "POST",
      path: "/v1/lines",
      headers: { "content-type": "application/x-ndjson" },
      body: `${JSON.stringify(hello)}\n${JSON.stringify(hello)}\n`,
    },
  },
  {
    title: "bytes that are no text",
    request: { method: "POST", path: "/v1/chat/completions", headers: json, body: Buffer.from([0, 255, 254, 13, 10, 128]) },
  },
  {
    title: "JSON under another content type",
    request: { method: "POST", path: "/v1/chat/completions", headers: { "content-type": "text/plain" }, body: JSON.stringify(hello) },
  },
  { title: "no content type", request: { method: "POST", path: "/v1/chat/completions", body: JSON.stringify(hello) } },
  {
    title: "a megabyte of prompt",
    request: {
      method: "POST",
      path: "/v1/chat/completions",
      headers: json,
      body: JSON.stringify({ model: "demo", messages: [{ role: "user", content: "long ".repeat(200_000) }] }),
    },
  },
];

for (const { title, request } of oddities) {
  test(`passes unchanged: ${title}`, async () => {
    const { path, ...rest } = request;
    const before = await logged(demo);
    const [expected, seen] = await both({ ...rest, url: `${origin()}${path}` });
    expect(seen).toEqual(expected);
    const [one, other] = await eventually(
      () => demo.log.slice(before),
      (log) => log.length === 2,
    );
    const body = createHash("sha256")
      .update(request.body ?? "")
      .digest("hex");
    expect(one).toMatchObject({ method: request.method, path, bodySha256: body });
    expect(other).toMatchObject({ method: request.method, path, bodySha256: body });
  });
}

test("the upstream sees the caller's headers, and none that were meant for a gateway", async () => {
  const ours = {
    "x-spangate-user": "u-1",
    "x-spangate-conversation": "c-1",
    "x-spangate-session": "s-1",
    "x-spangate-dim-team": "blue",
    "x-spangate-request-id": "r-1",
    "x-spangate-capture": "metadata",
    "x-spangate-prompt-name": "greeting",
    "x-spangate-prompt-version": "3",
    "x-spangate-prompt-variables": '{"name":"Ada"}',
    "x-spangate-workflow": "w-1",
    "x-spangate-phase": "plan",
    "x-spangate-interaction-type": "chat",
    "x-spangate-credits": "2",
    "X-Spangate-Unheard-Of": "1",
    "Helicone-Auth": "Bearer h",
    "Helicone-User-Id": "u-2",
    "Helicone-Session-Id": "s-2",
    "Helicone-Property-Team": "green",
    "x-portkey-api-key": "p",
    "x-portkey-metadata": '{"_user":"u-3"}',
    "x-litellm-api-key": "l",
    "x-litellm-tags": "a,b",
    "x-bf-vk": "b",
    "x-bf-dim-team": "red",
    "cf-aig-authorization": "Bearer c",
    "cf-aig-metadata": '{"team":"red"}',
    langfuse_trace_user_id: "u-4",
  };
  const theirs = { "x-custom": "kept", "openai-beta": "assistants=v2", "idempotency-key": "i-1", accept: "application/json" };
  const before = await logged(demo);
  await side(demo.url, { defaultHeaders: theirs }).client.chat.completions.create(hello);
  await side(`${gateway.dataUrl}/v1`, { defaultHeaders: { ...theirs, ...ours } }).client.chat.completions.create(hello);
  const [expected, seen] = await eventually(
    () => demo.log.slice(before),
    (log) => log.length === 2,
  );
  const { host: _, connection: __, ...kept } = { ...expected?.headers };
  const { host: _host, connection: _connection, ...arrived } = { ...seen?.headers };
  expect(arrived).toEqual(kept);
  expect(arrived).toMatchObject({ authorization: "Bearer sk-from-the-client", "openai-organization": "org-ours", "x-custom": "kept" });
});

test("the client retries through the gateway as it does without it", async () => {
  const times = async (baseURL: string): Promise<number> => {
    const before = await logged(demo);
    const { client, sent } = side(baseURL, { maxRetries: 1 });
    await expect(client.chat.completions.create({ ...hello, model: "demo-error-429" })).rejects.toMatchObject({ status: 429 });
    expect(sent.map(({ headers }) => headers?.["x-stainless-retry-count"])).toEqual(["0", "1"]);
    return (await logged(demo)) - before;
  };
  expect(await times(demo.url)).toBe(2);
  expect(await times(`${gateway.dataUrl}/v1`)).toBe(2);
});

for (const { title, after } of [
  { title: "before the first token", after: 0 },
  { title: "in mid-stream", after: 2 },
]) {
  test(`a client that aborts ${title} sees the same, and the upstream sees it leave`, async () => {
    const seenBy = async (baseURL: string): Promise<unknown> => {
      const leaving = new AbortController();
      const stream = await side(baseURL).client.chat.completions.create({ ...hello, stream: true }, { signal: leaving.signal });
      const chunks: unknown[] = [];
      if (after === 0) leaving.abort();
      for await (const chunk of stream) {
        chunks.push(chunk);
        if (chunks.length === after) leaving.abort();
      }
      return chunks;
    };
    const before = await logged(slow);
    const expected = await seenBy(slow.url);
    expect(await seenBy(`${gateway.dataUrl}/slow/v1`)).toEqual(expected);
    const log = await eventually(
      () => slow.log.slice(before),
      (entries) => entries.length === 2,
    );
    expect(log.map(({ left }) => left)).toEqual([true, true]);
  });
}

test("the head of a stream arrives before its first token, and each event on its own", async () => {
  const body = JSON.stringify({ ...hello, stream: true });
  const started = performance.now();
  const [response, sent] = await openRequest({ url: `${gateway.dataUrl}/slow/v1/chat/completions`, method: "POST", headers: json, body });
  expect(performance.now() - started).toBeLessThan(140);
  const arrivals: number[] = [];
  for await (const _ of response) {
    arrivals.push(performance.now());
    if (arrivals.length === 8) break;
  }
  sent.destroy();
  // Two pauses of the upstream lie in these eight pieces at the least; kept back, they would have come together.
  expect((arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0)).toBeGreaterThan(100);
});

test("every call of this file is on record, those of models as spans of their own", async () => {
  const rows = await eventually(
    () => gateway.spans(),
    (all) => all.filter(({ operation }) => operation === "embeddings").length >= 10,
    10_000,
  );
  const completed = rows.filter(({ ending }) => ending === "completed");
  expect(new Set(completed.map(({ operation }) => operation))).toEqual(new Set(["chat", "text_completion", "embeddings"]));
  expect(rows.filter(({ ending }) => ending === "abandoned").length).toBeGreaterThanOrEqual(2);
});
