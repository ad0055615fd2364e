import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { startDataPlane, type DataPlane } from "../testing/data_plane.ts";
import { eventually } from "../testing/eventually.ts";
import { MALFORMED } from "../testing/faults/malformed.ts";
import { listen, type Listening } from "../testing/listen.ts";
import { openRequest, rawRequest, type RawReply } from "../testing/raw.ts";
import { upstream } from "./upstream.ts";
import { withoutUsageEvent } from "./usage_event.ts";

const settings = [
  { title: "named openai", name: "openai", base_url: "http://127.0.0.1:9/v1", on: true },
  { title: "at api.openai.com", name: "default", base_url: "https://api.openai.com/v1", on: true },
  { title: "in another region of it", name: "eu", base_url: "https://eu.api.openai.com/v1", on: true },
  { title: "named openai and told not to", name: "openai", base_url: "https://api.openai.com/v1", add_usage: false, on: false },
  { title: "of another provider", name: "groq", base_url: "https://api.groq.com/openai/v1", on: false },
  { title: "of another provider and told to", name: "groq", base_url: "https://api.groq.com/openai/v1", add_usage: true, on: true },
  { title: "at a host that only looks like it", name: "default", base_url: "https://api.openai.com.example.org/v1", on: false },
  { title: "that nothing is known of", name: "default", base_url: "http://127.0.0.1:9/v1", on: false },
];
for (const { title, name, on, ...options } of settings) {
  test(`an upstream ${title} ${on ? "is" : "is not"} asked for usage`, async () => {
    const { addUsage, dispatcher } = upstream(name, options, { connectMs: 1, firstByteMs: 1, idleMs: 1 }, {});
    await dispatcher.close();
    expect(addUsage).toBe(on);
  });
}

interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** An upstream that answers each call in this way once it has read it, and remembers what it read. */
async function hearing(answer: Answer): Promise<Listening & { readonly heard: readonly Heard[]; readonly url: string }> {
  const heard: Heard[] = [];
  const listening = await listen(
    createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (bytes: Buffer) => chunks.push(bytes));
      request.on("end", () => {
        heard.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
        answer(
          response.on("error", () => {}),
          request,
        );
      });
    }),
  );
  return Object.assign(listening, { heard, url: `http://127.0.0.1:${listening.port}/v1` });
}

const sse = { "content-type": "text/event-stream" };
const event = (content: string): string => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }], usage: null })}\n\n`;
const USAGE = 'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\n';
const DONE = "data: [DONE]\n\n";
const HELLO = event("Hel") + event("lo");
const streaming: Answer = (response) => void response.writeHead(200, sse).end(HELLO + USAGE + DONE);

const json = { "content-type": "application/json", "accept-encoding": "gzip, br" };
const body = '{"model":"m", "stream" : true,"messages":[]}';
const asking = '{"model":"m", "stream" : true,"stream_options":{"include_usage":true},"messages":[]}';

async function plane(up: { readonly url: string }, add_usage = true): Promise<DataPlane> {
  return startDataPlane({ upstreams: { up: { base_url: up.url, add_usage } } });
}

interface Asked {
  readonly path?: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

function post({ url }: DataPlane, { path = "/v1/chat/completions", headers = {}, ...asked }: Asked = {}): Promise<RawReply> {
  return rawRequest({ url: url + path, method: "POST", headers: { ...json, ...headers }, body: asked.body ?? body });
}

for (const path of ["/v1/chat/completions", "/v1/completions", "/up/v1/chat/completions", "/up/openai/deployments/d/chat/completions"]) {
  test(`POST ${path}: the upstream is asked for usage, the client sees none of it, the record has both`, async () => {
    await using up = await hearing(streaming);
    await using gateway = await plane(up);
    const reply = await post(gateway, { path, headers: { "x-other": "1" } });
    expect(up.heard).toMatchObject([
      { body: asking, headers: { "content-length": String(asking.length), "accept-encoding": "identity", "x-other": "1" } },
    ]);
    expect(reply).toMatchObject({ status: 200, whole: true });
    expect(reply.body.toString()).toBe(HELLO + DONE);
    const [entry] = await gateway.ended();
    expect(entry?.request.toString()).toBe(body);
    expect(entry?.response.toString()).toBe(HELLO + USAGE + DONE);
    expect(entry?.closed).toMatchObject({
      ending: "completed",
      usageAsked: true,
      requestBytes: body.length,
      responseBytes: (HELLO + USAGE + DONE).length,
    });
  });
}

const caller = '{"stream":true,"stream_options":{"include_usage":true}}';
const compressed = gzipSync(body);
const large = `{"stream":true,"user":"${"x".repeat(1024 * 1024)}"}`;
const left: readonly (Asked & { readonly title: string; readonly add_usage?: boolean })[] = [
  { title: "where the caller asks himself", body: caller },
  { title: "where nothing is streamed", body: '{"model":"m"}' },
  { title: "where it is not set", add_usage: false },
  { title: "of a response", path: "/v1/responses" },
  { title: "on a path that nobody knows", path: "/v1/nobody/knows" },
  { title: "that is not recorded", headers: { "x-spangate-record": "false" } },
  { title: "that is not recorded, as its body says", body: '{"stream":true,"no-log":true}' },
  { title: "whose body is too large to be held", body: large },
  { title: "whose body is compressed", body: compressed, headers: { "content-encoding": "gzip" } },
  { title: "whose body has a digest", headers: { "Content-Digest": "sha-256=:x:" } },
  { title: "whose body has an older digest", headers: { "content-md5": "x" } },
  { title: "whose body is signed", headers: { authorization: "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=x" } },
  { title: "whose body is no JSON by its type", headers: { "content-type": "text/plain" } },
  { title: "whose body is no JSON", body: '{"stream":true' },
];
for (const { title, add_usage, ...asked } of left) {
  test(`nothing is changed in a call ${title}`, async () => {
    await using up = await hearing(streaming);
    await using gateway = await plane(up, add_usage);
    const reply = await post(gateway, asked);
    expect(up.heard).toMatchObject([{ body: (asked.body ?? body).toString(), headers: { "accept-encoding": "gzip, br" } }]);
    expect(reply.body.toString()).toBe(HELLO + USAGE + DONE);
    if (gateway.counts.begun > 0) expect((await gateway.ended())[0]?.closed).not.toHaveProperty("usageAsked");
  });
}

test("a body that finds no more room is not changed", async () => {
  await using up = await hearing(streaming);
  await using gateway = await startDataPlane({
    upstreams: { up: { base_url: up.url, add_usage: true } },
    gateway: { max_buffered_bytes: 1024 },
  });
  const long = JSON.stringify({ stream: true, user: "x".repeat(600) });
  expect((await post(gateway, { body: long })).status).toBe(200);
  expect((await post(gateway)).status).toBe(200);
  expect(up.heard.map((each) => each.body)).toEqual([long, asking]);
});

const zipped = gzipSync(HELLO + USAGE + DONE);
const error = '{"error":{"message":"Unknown parameter: stream_options"},"choices":[],"usage":{}}';
const untouched: readonly { title: string; answer: Answer; expected: Buffer | string }[] = [
  {
    title: "a stream that is compressed all the same",
    answer: (response) => void response.writeHead(200, { ...sse, "content-encoding": "gzip" }).end(zipped),
    expected: zipped,
  },
  {
    title: "an error",
    answer: (response) => void response.writeHead(400, { "content-type": "application/json" }).end(error),
    expected: error,
  },
  {
    title: "a text that has a length",
    answer: (response) => void response.writeHead(200, { "content-type": "text/plain", "content-length": error.length }).end(error),
    expected: error,
  },
  {
    title: "a stream without the event",
    answer: (response) => void response.writeHead(200, sse).end(HELLO + DONE),
    expected: HELLO + DONE,
  },
];
for (const { title, answer, expected } of untouched) {
  test(`nothing is changed in ${title}`, async () => {
    await using up = await hearing(answer);
    await using gateway = await plane(up);
    expect((await post(gateway)).body).toEqual(Buffer.from(expected as string));
  });
}

for (const type of [{}, { "content-type": "text/plain; charset=utf-8" }]) {
  test(`the event is taken out of a stream that does not say that it is one: ${JSON.stringify(type)}`, async () => {
    await using up = await hearing((response) => {
      response.writeHead(200, type).write(HELLO);
      setImmediate(() => response.end(USAGE + DONE));
    });
    await using gateway = await plane(up);
    expect((await post(gateway)).body.toString()).toBe(HELLO + DONE);
    expect((await gateway.ended())[0]?.response.toString()).toBe(HELLO + USAGE + DONE);
  });
}

test("a stream of known length becomes shorter, and says no length", async () => {
  const stream = HELLO + USAGE + DONE;
  await using up = await hearing((response) => void response.writeHead(200, { ...sse, "content-length": stream.length }).end(stream));
  await using gateway = await plane(up);
  const reply = await post(gateway);
  expect(reply).toMatchObject({ status: 200, whole: true });
  expect(reply.headers).not.toHaveProperty("content-length");
  expect(reply.body.toString()).toBe(HELLO + DONE);
  expect((await gateway.ended())[0]?.closed).toMatchObject({ ending: "completed", responseBytes: stream.length });
});

test("a request that is sent again is the same", async () => {
  let calls = 0;
  await using up = await hearing((response, { socket }) => {
    if (++calls === 2) socket.resetAndDestroy();
    else streaming(response, response.req);
  });
  await using gateway = await plane(up);
  await post(gateway);
  expect((await post(gateway)).body.toString()).toBe(HELLO + DONE);
  expect(up.heard.map((each) => each.body)).toEqual([asking, asking, asking]);
  expect(gateway.counts).toMatchObject({ retried: 1, completed: 2 });
});

test("an event flows on as it comes, and only what may be the one waits", async () => {
  let response: ServerResponse | undefined;
  await using up = await hearing((reply) => (response = reply.writeHead(200, sse)).flushHeaders());
  await using gateway = await plane(up);
  const [reply] = await openRequest({ url: `${gateway.url}/v1/chat/completions`, method: "POST", headers: json, body });
  const steps = [
    { sent: event("one"), arrives: event("one") },
    { sent: ": ping\n\n", arrives: ": ping\n\n" },
    { sent: USAGE + event("two"), arrives: USAGE + event("two") },
    { sent: `${USAGE}data: [DONE]`, arrives: "data: [DONE]" },
  ];
  for (const { sent, arrives } of steps) {
    response?.write(sent);
    const [bytes] = (await once(reply, "data")) as [Buffer];
    expect(bytes.toString()).toBe(arrives);
  }
  response?.end("\n\n");
  expect(String((await once(reply, "data"))[0])).toBe("\n\n");
  expect((await gateway.ended())[0]?.closed?.ending).toBe("completed");
});

const breaks = [
  { title: "between two events", sent: HELLO, expected: HELLO, says: true },
  { title: "behind the event", sent: HELLO + USAGE, expected: HELLO, says: true },
  { title: "within the event", sent: HELLO + USAGE.slice(0, -20), expected: HELLO, says: false },
  { title: "within another event", sent: `${HELLO}data: {"id":"c`, expected: HELLO, says: false },
];
for (const { title, sent, expected, says } of breaks) {
  test(`a client sees that its stream broke off ${title}`, async () => {
    await using up = await hearing((response) => {
      response.writeHead(200, sse).write(sent, () => setTimeout(() => response.socket?.resetAndDestroy(), 30));
    });
    await using gateway = await plane(up);
    const { whole, body: seen } = await post(gateway);
    expect(whole).toBe(says);
    expect(seen.toString().startsWith(expected)).toBe(true);
    const rest = seen.toString().slice(expected.length);
    if (says) expect(rest).toMatch(/^data: \{"error":.*\}\n\n$/);
    else expect(sent.slice(expected.length).startsWith(rest)).toBe(true);
    const [entry] = await gateway.ended();
    expect(entry?.closed).toMatchObject({ ending: "cut", usageAsked: true });
    expect(entry?.response.toString()).toBe(sent);
  });
}

test("a stream without [DONE] that ends with the event is whole", async () => {
  await using up = await hearing((response) => {
    response.writeHead(200, sse).write(HELLO);
    setImmediate(() => response.end(USAGE));
  });
  await using gateway = await plane(up);
  const reply = await post(gateway);
  expect(reply).toMatchObject({ whole: true });
  expect(reply.body.toString()).toBe(HELLO);
});

test("a client that leaves while an event is held back is abandoned", async () => {
  await using up = await hearing((response) => void response.writeHead(200, sse).write(HELLO + USAGE));
  await using gateway = await plane(up);
  const [reply, sent] = await openRequest({ url: `${gateway.url}/v1/chat/completions`, method: "POST", headers: json, body });
  reply.on("error", () => {});
  await once(reply, "data");
  sent.destroy();
  const [entry] = await gateway.ended();
  expect(entry?.closed).toMatchObject({ ending: "abandoned", usageAsked: true });
  await eventually(
    () => gateway.counts.open,
    (open) => open === 0,
  );
});

test("of malformed streams the client gets all but the event, the record all of it", async () => {
  let stream = Buffer.alloc(0);
  await using up = await hearing((response) => {
    response.writeHead(200, sse);
    const half = stream.length >> 1;
    response.write(stream.subarray(0, half));
    setImmediate(() => response.end(stream.subarray(half)));
  });
  await using gateway = await plane(up);
  // Behind a terminal event, also one of another API, nothing is looked for any more.
  const streams = MALFORMED.filter(({ title, bytes }) => bytes.length < 100_000 && title !== "a terminal event within");
  for (const { title, bytes } of streams) {
    stream = bytes as Buffer<ArrayBuffer>;
    const filter = withoutUsageEvent();
    const kept = [filter.pass(bytes), filter.rest()].filter((each) => each !== undefined);
    const reply = await post(gateway);
    expect([title, reply.whole, reply.body.toString("latin1")]).toEqual([title, true, Buffer.concat(kept).toString("latin1")]);
  }
  const entries = await gateway.ended();
  expect(entries.map(({ response }) => response.toString("latin1"))).toEqual(streams.map(({ bytes }) => bytes.toString("latin1")));
});
