import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoUpstream, type DemoUpstream } from "../demo/upstream.ts";
import { bodiesOf, readExchange, type RecordedExchange } from "./exchange.ts";
import { eventually } from "./eventually.ts";
import { startGateway, type Gateway, type Row } from "./gateway.ts";
import { rawRequest, rawSocket } from "./raw.ts";
import { replayUpstream, type Fault, type ReplayUpstream } from "./replay_upstream.ts";

const MAX_BODY_BYTES = 200_000;

let demo: DemoUpstream;
let broken: ReplayUpstream;
let gateway: Gateway;
const bodies = await bodiesOf("malformed_sse");
const malformed = new Map(await Promise.all(bodies.map(async (name) => [name, await readExchange("malformed_sse", name)] as const)));
const [chat, stream] = [await readExchange("chat"), await readExchange("chat_stream")];

beforeAll(async () => {
  demo = await demoUpstream();
  broken = await replayUpstream(({ headers }) => ({
    exchange: replyFor(String(headers["x-reply"])),
    fault: headers["x-fault"] as Fault | undefined,
  }));
  gateway = await startGateway({
    config: {
      default_upstream: "demo-up",
      upstreams: {
        "demo-up": { base_url: demo.url },
        broken: { base_url: broken.url },
        nobody: { base_url: `http://127.0.0.1:${await closedPort()}/v1` },
      },
      capture: "full",
      gateway: { max_body_bytes: MAX_BODY_BYTES, first_byte_timeout_ms: 600, idle_timeout_ms: 600 },
    },
  });
}, 40_000);
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await broken?.[Symbol.asyncDispose]();
  await demo?.close();
});

function replyFor(name: string): RecordedExchange {
  return name === "chat" ? chat : (malformed.get(name) ?? stream);
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 1;
}

const hello = JSON.stringify({ model: "demo", messages: [{ role: "user", content: "Hello" }] });

/** The server still does its work. */
async function expectGoodCall(): Promise<void> {
  const reply = await rawRequest({
    url: `${gateway.dataUrl}/v1/chat/completions`,
    method: "POST",
    headers: { "content-type": "application/json", "x-mark": "good" },
    body: hello,
  });
  expect(reply.status).toBe(200);
  expect(JSON.parse(reply.body.toString())).toMatchObject({ object: "chat.completion" });
}

/** A request written by hand: request line, headers, body. */
function written(line: string, headers: readonly string[], body = ""): string {
  return [`${line} HTTP/1.1`, ...headers, "", body].join("\r\n");
}

const post = "POST /v1/chat/completions";
const host = "Host: 127.0.0.1";
const jsonType = "Content-Type: application/json";
const length = `Content-Length: ${hello.length}`;
const deep = `{"model":"demo","messages":${"[".repeat(20_000)}${"]".repeat(20_000)}}`;

const refused: readonly { title: string; bytes: string; status: RegExp; code?: string }[] = [
  {
    title: "a body that says it is too large",
    bytes: written(post, [host, jsonType, `Content-Length: ${MAX_BODY_BYTES + 1}`]),
    status: /413/,
    code: "body_too_large",
  },
  {
    title: "a chunked body that grows too large",
    bytes: written(
      post,
      [host, jsonType, "Transfer-Encoding: chunked"],
      `${(MAX_BODY_BYTES + 1).toString(16)}\r\n${" ".repeat(MAX_BODY_BYTES + 1)}\r\n0\r\n\r\n`,
    ),
    status: /413/,
    code: "body_too_large",
  },
  {
    title: "JSON nested too deep",
    bytes: written(post, [host, jsonType, `Content-Length: ${deep.length}`], deep),
    status: /400/,
    code: "too_deep",
  },
  {
    title: "an upstream nobody configured",
    bytes: written("POST /nowhere/v1/chat/completions", [host, jsonType, length], hello),
    status: /404/,
    code: "unknown_upstream",
  },
  {
    title: "a target with a scheme and a host",
    bytes: written("POST http://example.com/v1/chat/completions", [host, jsonType, length], hello),
    status: /400/,
  },
  { title: "a path that climbs", bytes: written("POST /v1/../nobody/v1/chat/completions", [host, jsonType, length], hello), status: /400/ },
  { title: "two Host headers", bytes: written(post, [host, "Host: localhost", jsonType, length], hello), status: /400/ },
  { title: "no Host header", bytes: written(post, [jsonType, length], hello), status: /400/ },
  {
    title: "two Authorization headers",
    bytes: written(post, [host, "Authorization: Bearer a", "Authorization: Bearer b", jsonType, length], hello),
    status: /400/,
  },
  {
    title: "two Content-Length headers that differ",
    bytes: written(post, [host, jsonType, length, "Content-Length: 3"], hello),
    status: /400/,
  },
  {
    title: "a length and chunks at once",
    bytes: written(post, [host, jsonType, length, "Transfer-Encoding: chunked"], "0\r\n\r\n"),
    status: /400/,
  },
  {
    title: "a transfer coding it does not speak",
    bytes: written(post, [host, jsonType, "Transfer-Encoding: gzip, chunked"], "0\r\n\r\n"),
    status: /400/,
  },
  { title: "a header name with a space", bytes: written(post, [host, "Content-Type : application/json", length], hello), status: /400/ },
  {
    title: "a chunk size that is none",
    bytes: written(post, [host, jsonType, "Transfer-Encoding: chunked"], "xyz\r\n\r\n"),
    status: /400/,
  },
  { title: "headers without end", bytes: written(post, [host, `X-Long: ${"a".repeat(20_000)}`, jsonType, length], hello), status: /431/ },
  { title: "no HTTP at all", bytes: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", status: /400/ },
  { title: "CONNECT", bytes: written("CONNECT example.com:443", [host]), status: /40[045]|501/ },
  { title: "TRACE", bytes: written("TRACE /v1/models", [host]), status: /40[05]|501/ },
  {
    title: "an upgrade to a web socket",
    bytes: written("GET /v1/realtime?model=demo", [
      host,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version: 13",
    ]),
    status: /4\d\d|501/,
  },
  {
    title: "a web page of another origin",
    bytes: written(post, [host, "Origin: https://evil.example", jsonType, length], hello),
    status: /40[013]/,
  },
  {
    title: "a host name that is not this machine's",
    bytes: written(post, ["Host: evil.example", jsonType, length], hello),
    status: /40[013]/,
  },
];

for (const { title, bytes, status, code } of refused) {
  test(`refuses ${title}, in words, and goes on`, async () => {
    const answer = await rawSocket(gateway.dataUrl, bytes);
    const [head = "", body = ""] = answer.split("\r\n\r\n", 2);
    expect(head).toMatch(/^HTTP\/1\.1 \d\d\d/);
    expect(head.slice(9, 12)).toMatch(status);
    // One answer and no more: what is left of a refused request is no second request.
    expect(answer.match(/HTTP\/1\.1 \d\d\d /g)).toHaveLength(1);
    if (code !== undefined) expect(JSON.parse(body)).toMatchObject({ error: { code, message: expect.stringMatching(/\w+ \w+/) } });
    expect(demo.log.filter(({ headers }) => headers["x-mark"] !== "good")).toEqual([]);
    await expectGoodCall();
  });
}

test("takes JSON under another content type as the bytes it is", async () => {
  const answer = await rawSocket(
    gateway.dataUrl,
    written(post, [host, "Connection: close", "X-Mark: good", "Content-Type: text/plain", length], hello),
  );
  expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*"object":"chat.completion"/);
});

interface Breakage {
  readonly title: string;
  readonly reply: "chat" | "stream";
  readonly fault?: Fault;
  readonly upstream?: string;
  readonly status: number;
  /** How much of the upstream's body the client gets. */
  readonly body: "all" | "half" | "none";
  readonly ending: "completed" | "cut";
  readonly errorType?: string;
}

const breakages: readonly Breakage[] = [
  { title: "nobody listens", upstream: "nobody", reply: "chat", status: 502, body: "none", ending: "cut", errorType: "ECONNREFUSED" },
  {
    title: "it resets before its head",
    reply: "chat",
    fault: "reset_before_headers",
    status: 502,
    body: "none",
    ending: "cut",
    errorType: "ECONNRESET",
  },
  {
    title: "it never answers",
    reply: "stream",
    fault: "hang_before_headers",
    status: 504,
    body: "none",
    ending: "cut",
    errorType: "timeout",
  },
  {
    title: "it falls silent after its head",
    reply: "stream",
    fault: "hang_before_first_chunk",
    status: 200,
    body: "none",
    ending: "cut",
    errorType: "timeout",
  },
  {
    title: "it falls silent in mid-stream",
    reply: "stream",
    fault: "hang_between_chunks",
    status: 200,
    body: "half",
    ending: "cut",
    errorType: "timeout",
  },
  {
    title: "it falls silent in a plain reply",
    reply: "chat",
    fault: "hang_between_chunks",
    status: 200,
    body: "half",
    ending: "cut",
    errorType: "timeout",
  },
  {
    title: "it resets in mid-stream",
    reply: "stream",
    fault: "reset_in_body",
    status: 200,
    body: "half",
    ending: "cut",
    errorType: "ECONNRESET",
  },
  {
    title: "it resets in a plain reply",
    reply: "chat",
    fault: "reset_in_body",
    status: 200,
    body: "half",
    ending: "cut",
    errorType: "ECONNRESET",
  },
  {
    title: "it promises more than it sends",
    reply: "chat",
    fault: "content_length_too_large",
    status: 200,
    body: "all",
    ending: "cut",
    errorType: "ECONNRESET",
  },
  {
    title: "it sends more than it promises",
    reply: "chat",
    fault: "content_length_too_small",
    status: 200,
    body: "half",
    ending: "completed",
    errorType: "invalid_response",
  },
  { title: "it drips", reply: "stream", fault: "drip", status: 200, body: "all", ending: "completed" },
  { title: "it talks before it answers", reply: "chat", fault: "informational_first", status: 200, body: "all", ending: "completed" },
];

for (const [index, { title, reply, fault, upstream = "broken", status, body, ending, errorType }] of breakages.entries()) {
  test(`the upstream breaks: ${title}; the client is told, the record says so, and calls go on`, async () => {
    const conversation = `breaks-${index}`;
    const exchange = replyFor(reply);
    const headers = {
      ...exchange.request.headers,
      "x-reply": reply,
      "x-spangate-conversation": conversation,
      ...(fault ? { "x-fault": fault } : {}),
    };
    const got = await rawRequest({
      url: `${gateway.dataUrl}/${upstream}/v1/chat/completions`,
      method: "POST",
      headers,
      body: JSON.stringify(exchange.request.body),
    });
    expect(got.status).toBe(status);
    if (status >= 500)
      expect(JSON.parse(got.body.toString())).toMatchObject({
        error: { code: status === 504 ? "upstream_timeout" : "upstream_unreachable" },
      });
    else {
      const whole = exchange.response.body;
      const expected = { all: whole, half: whole.subarray(0, Math.floor(whole.length / 2)), none: whole.subarray(0, 0) }[body];
      expect(got.body.subarray(0, expected.length).equals(expected)).toBe(true);
      const rest = got.body.subarray(expected.length).toString();
      // A broken reply either breaks off for the client too, or says in an event of its own that it is broken.
      if (ending === "completed") expect({ whole: got.whole, rest }).toEqual({ whole: true, rest: "" });
      else if (got.whole) expect(rest).toMatch(/^data: \{"error":\{.*\}\}\n\n$/);
      else expect(rest).toBe("");
    }
    const { model, server } = await recordOf(conversation);
    // Without an answer from upstream the model's span has no status; what the client was told stands on the server's.
    expect(model).toMatchObject({ ending, outcome: errorType === undefined ? "ok" : "error", http_status: status < 500 ? status : null });
    expect(server).toMatchObject({ ending, http_status: status });
    if (errorType !== undefined) expect(model).toMatchObject({ error_type: errorType });
    await expectGoodCall();
  });
}

/** The two spans of the one call of a conversation. */
async function recordOf(conversation: string): Promise<{ readonly model: Row | undefined; readonly server: Row | undefined }> {
  const read = async (): Promise<{ model: Row | undefined; server: Row | undefined }> => {
    const rows = await gateway.spans({ all: true });
    const model = rows.find((row) => row["conversation_id"] === conversation && row["operation"] === "chat");
    return { model, server: rows.find((row) => row["exchange_id"] === model?.["exchange_id"] && row["kind"] === "server") };
  };
  return eventually(read, ({ model, server }) => model !== undefined && server !== undefined, 10_000);
}

test("a malformed stream reaches the client byte for byte, however it is cut, and each is on record", async () => {
  for (const name of bodies) {
    const exchange = replyFor(name);
    for (const fault of exchange.response.body.length < 4000 ? [undefined, "bytewise"] : [undefined]) {
      const headers = {
        ...exchange.request.headers,
        "x-reply": name,
        "x-spangate-conversation": `odd-${name}-${fault ?? "whole"}`,
        ...(fault ? { "x-fault": fault } : {}),
      };
      const got = await rawRequest({
        url: `${gateway.dataUrl}/broken/v1/chat/completions`,
        method: "POST",
        headers,
        body: JSON.stringify(exchange.request.body),
      });
      expect({ name, fault, status: got.status, whole: got.whole, body: got.body.toString("latin1") }).toEqual({
        name,
        fault,
        status: 200,
        whole: true,
        body: exchange.response.body.toString("latin1"),
      });
    }
  }
  const played = broken.seen.filter(({ headers }) => malformed.has(String(headers["x-reply"]))).length;
  const rows = await eventually(
    async () => (await gateway.spans()).filter((row) => String(row["conversation_id"]).startsWith("odd-")),
    (found) => found.length >= played,
    10_000,
  );
  expect(rows).toHaveLength(played);
  // However a stream is cut, it reads the same.
  const facts = ["ending", "outcome", "error_type", "tokens_in_uncached", "tokens_out_text", "finish_reasons", "output_messages"];
  const said = (row: Row | undefined): unknown => facts.map((name) => row?.[name]);
  for (const name of bodies.filter((each) => replyFor(each).response.body.length < 4000)) {
    const [whole, bytewise] = ["whole", "bytewise"].map((cut) => rows.find((row) => row["conversation_id"] === `odd-${name}-${cut}`));
    expect({ name, said: said(bytewise) }).toEqual({ name, said: said(whole) });
  }
  const plain = rows.find((row) => row["conversation_id"] === "odd-plain.sse-whole");
  expect(plain).toMatchObject({ ending: "completed", outcome: "ok", tokens_out_text: 3 });
  for (const same of [
    "crlf",
    "cr_only",
    "no_space_after_colon",
    "byte_order_mark",
    "comments",
    "event_without_data",
    "unknown_fields",
    "mixed_line_ends",
  ]) {
    const row = rows.find((each) => each["conversation_id"] === `odd-${same}.sse-whole`);
    expect({ same, said: said(row) }).toEqual({ same, said: said(plain) });
  }
}, 60_000);

test("what the gateway itself refused is on record with its reason", async () => {
  const reasons = ["body_too_large", "too_deep", "unknown_upstream"];
  const rows = await eventually(
    async () => (await gateway.spans({ all: true })).filter(({ ending }) => ending === "rejected"),
    (found) => reasons.every((reason) => found.some((row) => JSON.stringify(row).includes(reason))),
    10_000,
  );
  expect(rows.every(({ kind, operation }) => kind === "server" && operation === null)).toBe(true);
});
