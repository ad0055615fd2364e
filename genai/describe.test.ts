import { describe, expect, test } from "vitest";
import { aRecorded, aRecordedExchange, events, type RecordedOptions } from "../testing/recorded.ts";
import { assemble } from "./assemble.ts";
import { isContent } from "./attributes.ts";
import { describe as describeSpans } from "./describe.ts";
import type { Recorded } from "./recorded.ts";
import type { Span } from "./span.ts";

const userKey = (tenant: string, user: string) => `key(${tenant}, ${user.length})`;
const spansOf = (recorded: Recorded): readonly Span[] => describeSpans(assemble(recorded), { userKey });

const REQUEST = { model: "gpt-4o-mini", messages: [{ role: "user", content: "Hi" }] };
const answer = (choice: object, more: object = {}) => ({
  id: "chatcmpl-1",
  choices: [{ index: 0, message: { content: "Yes" }, finish_reason: "stop", ...choice }],
  ...more,
});
const chat = (options: RecordedOptions = {}) => spansOf(aRecorded({ request: REQUEST, response: answer({}), ...options }));
const OPENED = aRecorded().opened;
const UPSTREAM = {
  name: "default",
  address: "api.openai.com",
  port: 443,
  scheme: "https",
  path: "/chat/completions",
  basePath: "/v1",
} as const;
const HALF_STREAM = events({ id: "chatcmpl-1", choices: [{ index: 0, delta: { content: "One" }, finish_reason: null }] }).replace(
  "data: [DONE]\n\n",
  "",
);

describe("a call to a model", () => {
  test("is a SERVER span without gen_ai.* and the GenAI span below it", () => {
    const [server, model, ...others] = chat();
    expect(others).toEqual([]);
    expect(server).toMatchObject({
      kind: "server",
      name: "POST /v1/chat/completions",
      spanId: OPENED.spanId,
      traceId: OPENED.traceId,
      status: "unset",
      outcome: "ok",
      ending: "completed",
    });
    expect(Object.keys(server?.attributes ?? {}).filter((name) => name.startsWith("gen_ai."))).toEqual([]);
    expect(model).toMatchObject({
      kind: "client",
      name: "chat gpt-4o-mini",
      parentSpanId: OPENED.spanId,
      traceId: OPENED.traceId,
      status: "unset",
      outcome: "ok",
      exchangeId: OPENED.exchangeId,
      source: "gateway",
    });
  });

  test("takes the time the gateway noted", () => {
    const [server, model] = chat();
    const start = BigInt(OPENED.startedAtUs) * 1000n;
    expect([server?.startTimeUnixNano, server?.endTimeUnixNano]).toEqual([start, start + 50_000_000n]);
    expect([model?.startTimeUnixNano, model?.endTimeUnixNano]).toEqual([start + 1_000_000n, start + 50_000_000n]);
  });

  test("gives the same spans each time it is described", () => {
    expect(chat()).toEqual(chat());
  });

  test("has spans of its own", () => {
    const other = chat({ opened: { exchangeId: "0199a7c0-0000-7000-8000-000000000002" } });
    expect(other[1]?.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(other[1]?.spanId).not.toBe(chat()[1]?.spanId);
  });

  test("stands below the client's own span, or is linked to it", () => {
    expect(chat({ opened: { parentSpanId: "00f067aa0ba902b7" } })[0]?.parentSpanId).toBe("00f067aa0ba902b7");
    const link = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
    expect(chat({ opened: { link } })[0]).toMatchObject({ links: [link] });
    expect(chat({ opened: { link } })[0]?.parentSpanId).toBeUndefined();
  });

  test("has an HTTP span for each attempt when there were several", () => {
    const attempts = [
      { startedUs: 1000, endedUs: 2000, error: "ECONNRESET" },
      { startedUs: 2100, endedUs: 50_000, status: 200 },
    ];
    const [, model, first, second] = chat({ opened: { upstream: UPSTREAM }, closed: { attempts } });
    expect(model).toMatchObject({ status: "unset", outcome: "ok" });
    expect(first).toMatchObject({
      name: "POST /chat/completions",
      parentSpanId: model?.spanId,
      status: "error",
      attributes: { "error.type": "ECONNRESET" },
    });
    expect(second).toMatchObject({
      status: "unset",
      attributes: {
        "http.request.resend_count": 1,
        "http.response.status_code": 200,
        "url.full": "https://api.openai.com/v1/chat/completions",
      },
    });
    expect([first?.ending, second?.outcome]).toEqual([undefined, undefined]);
  });

  test("says what the recording could not keep", () => {
    const [, model] = chat({ closed: { requestTruncated: true, responseTruncated: true } });
    expect(model?.attributes).toMatchObject({ "spangate.request.truncated": true, "spangate.response.truncated": true });
  });
});

describe("any other call", () => {
  const upstream = { ...UPSTREAM, path: "/models/gpt-4o" };
  const call = (closed: RecordedOptions["closed"] = {}) =>
    spansOf(aRecorded({ opened: { method: "GET", path: "/v1/models/gpt-4o", upstream, query: "a=1" }, closed }));

  test("is a SERVER and an HTTP CLIENT span", () => {
    const [server, client, ...others] = call();
    expect(others).toEqual([]);
    expect(server).toMatchObject({
      name: "GET /v1/models/{id}",
      attributes: { "http.route": "/v1/models/{id}", "url.path": "/v1/models/gpt-4o", "url.query": "a=1" },
    });
    expect(client).toMatchObject({
      kind: "client",
      name: "GET /models/{id}",
      ending: "completed",
      attributes: { "url.full": "https://api.openai.com/v1/models/gpt-4o?a=1", "spangate.gateway.overhead_us": 300 },
    });
    expect(client?.usageSource).toBeUndefined();
  });

  test("that was lost has its one attempt all the same", () => {
    const [, client] = call({ ending: "incomplete", error: "recorder_lost", attempts: [] });
    expect(client).toMatchObject({ status: "error", outcome: "error", attributes: { "error.type": "recorder_lost" } });
  });

  test("by an invented method has a name of low cardinality", () => {
    const [server] = spansOf(aRecorded({ opened: { method: "XYZZY", path: "/x", upstream: { ...UPSTREAM, path: "/x" } } }));
    expect(server).toMatchObject({
      name: "HTTP",
      attributes: { "http.request.method": "_OTHER", "http.request.method_original": "XYZZY" },
    });
  });
});

test("a call that the gateway refused is a SERVER span alone", () => {
  const { upstream: _, ...opened } = OPENED;
  const recorded = { ...aRecorded({ closed: { ending: "rejected", rejection: "unauthorized", status: 401, attempts: [] } }), opened };
  const [server, ...others] = spansOf(recorded);
  expect(others).toEqual([]);
  expect(server).toMatchObject({
    status: "unset",
    ending: "rejected",
    attributes: { "spangate.rejection.reason": "unauthorized", "http.response.status_code": 401, "spangate.gateway.overhead_us": 300 },
  });
});

const endings: readonly {
  readonly title: string;
  readonly options: RecordedOptions;
  readonly outcome: string;
  readonly errorType?: string;
  readonly server?: "error";
  readonly more?: object;
}[] = [
  { title: "a whole answer", options: {}, outcome: "ok" },
  { title: "an answer cut by its length", options: { response: answer({ finish_reason: "length" }) }, outcome: "partial" },
  {
    title: "structured output that does not parse",
    options: { request: { ...REQUEST, response_format: { type: "json_object" } } },
    outcome: "partial",
    more: { "spangate.output.parse_error": true },
  },
  { title: "a content filter", options: { response: answer({ finish_reason: "content_filter" }) }, outcome: "refused" },
  { title: "a refusal", options: { response: answer({ message: { refusal: "No" } }) }, outcome: "refused" },
  {
    title: "an error status",
    options: { response: { error: { message: "No", type: "invalid_request_error" } }, closed: { status: 400 } },
    outcome: "error",
    errorType: "invalid_request_error",
  },
  {
    title: "an error status without a word",
    options: { response: "oops", closed: { status: 503 } },
    outcome: "error",
    errorType: "503",
    server: "error",
  },
  { title: "an answer that is no JSON", options: { response: "<html>" }, outcome: "error", errorType: "invalid_response" },
  {
    title: "an error in a stream",
    options: { response: events({ error: { code: "overloaded", message: "Busy" } }) },
    outcome: "error",
    errorType: "overloaded",
  },
  {
    title: "a stream that just stops",
    options: { response: HALF_STREAM },
    outcome: "error",
    errorType: "stream_interrupted",
    more: { "gen_ai.response.finish_reasons": ["error"] },
  },
  {
    title: "an upstream that breaks off",
    options: { response: HALF_STREAM, closed: { ending: "cut", error: "ECONNRESET" } },
    outcome: "error",
    errorType: "ECONNRESET",
    server: "error",
  },
  {
    title: "an upstream that breaks off without a word",
    options: { response: HALF_STREAM, closed: { ending: "cut" } },
    outcome: "error",
    errorType: "stream_interrupted",
    server: "error",
  },
  {
    title: "a timeout",
    options: { response: HALF_STREAM, closed: { ending: "cut", error: "timeout" } },
    outcome: "error",
    errorType: "timeout",
    server: "error",
  },
  {
    title: "an upstream that is not there",
    options: {
      closed: { ending: "cut", error: "ECONNREFUSED", status: 502, attempts: [{ startedUs: 1, endedUs: 2, error: "ECONNREFUSED" }] },
      response: "",
    },
    outcome: "error",
    errorType: "ECONNREFUSED",
    server: "error",
  },
  {
    title: "a client that left",
    options: {
      response: HALF_STREAM,
      closed: { ending: "abandoned", attempts: [{ startedUs: 1000, endedUs: 50_000, status: 200, error: "client_left" }] },
    },
    outcome: "cancelled",
    more: { "spangate.request.cancelled_by": "client", "gen_ai.response.finish_reasons": ["error"] },
  },
  {
    title: "a recorder that was killed",
    options: { response: HALF_STREAM, closed: { ending: "incomplete", error: "recorder_lost", attempts: [] } },
    outcome: "error",
    errorType: "recorder_lost",
    server: "error",
  },
];

describe("the outcome", () => {
  for (const { title, options, outcome, errorType, server: serverStatus = "unset", more = {} } of endings) {
    test(`of ${title} is ${outcome}`, () => {
      const [server, model] = chat(options);
      expect([server?.outcome, model?.outcome]).toEqual([outcome, outcome]);
      expect([server?.status, model?.status]).toEqual([serverStatus, errorType === undefined ? "unset" : "error"]);
      expect(model?.attributes["error.type"]).toBe(errorType);
      expect(model?.attributes).toMatchObject(more);
    });
  }
});

describe("the GenAI span", () => {
  test("tells of request, reply and usage", async () => {
    const [, model] = spansOf(await aRecordedExchange("chat_stream"));
    expect(model?.attributes).toMatchObject({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "openai.api.type": "chat_completions",
      "gen_ai.request.stream": true,
      "gen_ai.response.finish_reasons": ["stop"],
      "gen_ai.response.time_to_first_chunk": 0.001,
      "server.address": "api.openai.com",
      "server.port": 443,
      "http.response.status_code": 200,
      "spangate.usage.source": "provider",
      "spangate.upstream": "default",
      "spangate.upstream.request_id": "req_3f0c6d5f1b2a4c6e8a9b0c1d2e3f4a5b",
      "spangate.upstream.processing_ms": 412,
      "spangate.upstream.rate_limit.remaining_tokens": 1_999_974,
      "spangate.upstream.rate_limit.reset_requests": "6ms",
    });
    expect(model?.usageSource).toBe("provider");
    expect(model?.tokens?.outText).toBeGreaterThan(0);
  });

  test("has no tokens and says so when the provider told none", () => {
    const [, model] = chat();
    expect(model).toMatchObject({ usageSource: "none", attributes: { "spangate.usage.source": "none" } });
    expect(model?.tokens).toBeUndefined();
    expect(Object.keys(model?.attributes ?? {}).filter((name) => name.startsWith("gen_ai.usage."))).toEqual([]);
  });

  test("counts the tools the model asked for, whatever the tier", () => {
    const calls = ["f", "g"].map((name) => ({ id: name, function: { name, arguments: "{}" } }));
    const response = answer({ message: { tool_calls: calls } }, { usage: { prompt_tokens: 1 } });
    for (const tier of ["full", "metadata"] as const)
      expect(chat({ response, opened: { tier } })[1]?.attributes["spangate.response.tool_calls"]).toBe(2);
    expect(chat()[1]?.attributes).not.toHaveProperty("spangate.response.tool_calls");
  });

  test("keeps what is OpenAI's alone for OpenAI, and below our prefix for others", () => {
    const response = answer({}, { service_tier: "default", system_fingerprint: "fp_1" });
    const [, model] = chat({ response, opened: { upstream: { ...UPSTREAM, address: "api.groq.com" } } });
    expect(model?.attributes).toMatchObject({
      "gen_ai.provider.name": "groq",
      "spangate.response.service_tier": "default",
      "spangate.api.type": "chat_completions",
    });
    expect(Object.keys(model?.attributes ?? {}).filter((name) => name.startsWith("openai."))).toEqual([]);
    const [, own] = chat({ response, opened: { upstream: { ...UPSTREAM, name: "vllm", address: "10.0.0.1" } } });
    expect(own?.attributes).toMatchObject({ "gen_ai.provider.name": "vllm", "openai.response.system_fingerprint": "fp_1" });
  });

  test("is named by its operation where no model is known", () => {
    expect(chat({ request: "" })[1]?.name).toBe("chat");
  });

  test("names the error and its message", () => {
    const response = { error: { message: "x".repeat(500), type: "requests", code: "rate_limit_exceeded", param: "model" } };
    const [, model] = chat({ response, closed: { status: 429, headers: [["retry-after", "20"]] } });
    expect(model?.attributes).toMatchObject({
      "error.type": "rate_limit_exceeded",
      "spangate.error.code": "rate_limit_exceeded",
      "spangate.error.type": "requests",
      "spangate.error.param": "model",
      "spangate.error.message": "x".repeat(200),
      "spangate.upstream.retry_after": "20",
    });
  });
});

describe("content", () => {
  const request = { ...REQUEST, tools: [{ type: "function", function: { name: "f" } }] };
  const headers = [["x-spangate-prompt-variables", '{"who":"Ann"}']] as const;

  for (const tier of ["full", "scrubbed"] as const) {
    test(`stands on the span as values at the tier ${tier}`, () => {
      const [, model] = chat({ request, opened: { tier, headers } });
      expect(model?.attributes).toMatchObject({
        "gen_ai.input.messages": [{ role: "user", parts: [{ type: "text", content: "Hi" }] }],
        "gen_ai.output.messages": [{ role: "assistant", parts: [{ type: "text", content: "Yes" }], finish_reason: "stop" }],
        "gen_ai.tool.definitions": [{ type: "function", name: "f" }],
        "gen_ai.prompt.variable.who": "Ann",
      });
      expect(model?.capture).toBe(tier);
    });
  }

  for (const { tier, title, body, kept } of [
    { tier: "metadata", title: "is left out", body: { ...answer({}), usage: { prompt_tokens: 1 } }, kept: [] },
    { tier: "none", title: "is left out", body: answer({}), kept: [] },
    {
      tier: "metadata",
      title: "is messages alone, until their tokens are counted,",
      body: answer({}),
      kept: ["gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.definitions"],
    },
  ] as const) {
    test(`${title} at the tier ${tier}`, () => {
      const response = { ...body, error: { code: "odd", message: "Secret words" } };
      const spans = chat({ request, response, opened: { tier, headers } });
      expect(spans.flatMap(({ attributes }) => Object.keys(attributes)).filter(isContent)).toEqual(kept);
      expect(spans[1]?.attributes).toMatchObject({ "gen_ai.response.finish_reasons": ["stop"], "spangate.error.code": "odd" });
    });
  }

  test("is left out at the tier metadata where an error came", () => {
    const spans = chat({ request, response: { error: { code: "odd" } }, opened: { tier: "metadata", headers }, closed: { status: 400 } });
    expect(spans.flatMap(({ attributes }) => Object.keys(attributes)).filter(isContent)).toEqual([]);
  });

  test("leaves out output where there is none", () => {
    const [, model] = chat({ response: answer({ message: { content: "" } }) });
    expect(model?.attributes["gen_ai.output.messages"]).toBeUndefined();
  });
});

describe("the caller", () => {
  const headers = [
    ["x-spangate-user", "ann@example.com"],
    ["x-spangate-session", "s1"],
    ["x-spangate-conversation", "c1"],
    ["x-spangate-dim-team", "blue"],
    ["x-spangate-credits", "2"],
    ["x-stainless-retry-count", "1"],
    ["x-client-request-id", "r1"],
    ["user-agent", "OpenAI/JS"],
  ] as const;
  const [server, model] = chat({
    request: { ...REQUEST, user: "bob@example.com", metadata: { user_id: "cem@example.com" } },
    opened: { headers },
  });

  test("is known on both spans, by a key that stands for the user", () => {
    for (const span of [server, model]) {
      expect(span?.attributes).toMatchObject({
        "user.hash": "key(default, 15)",
        "session.id": "s1",
        "spangate.dim.team": "blue",
        "spangate.client.request_id": "r1",
        "spangate.client.retry_count": 1,
      });
    }
    expect(server?.attributes["user_agent.original"]).toBe("OpenAI/JS");
  });

  test("is nowhere named", () => {
    const text = JSON.stringify([server, model], (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
    expect(text).not.toMatch(/@example\.com/);
  });

  test("is billed, and converses, on the GenAI span alone", () => {
    expect(model?.attributes).toMatchObject({ "spangate.credits.consumed": 2, "gen_ai.conversation.id": "c1" });
    expect(Object.keys(server?.attributes ?? {})).not.toEqual(expect.arrayContaining(["spangate.credits.consumed"]));
  });
});
