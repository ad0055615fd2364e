import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readExchange } from "../testing/exchange.ts";
import { aRecorded, aRecordedExchange, events, typedEvents } from "../testing/recorded.ts";
import { assemble } from "./assemble.ts";
import { describe as describeSpans } from "./describe.ts";

const REQUEST = { model: "gpt-4o-mini", messages: [{ role: "user", content: "Hi" }], stream: true };
const TEXT_STREAM = events(
  { id: "chatcmpl-1", model: "gpt-4o-mini", choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }] },
  { id: "chatcmpl-1", choices: [{ index: 0, delta: { content: "Hi 👋 ü" }, finish_reason: null }] },
  {
    id: "chatcmpl-1",
    choices: [
      { index: 0, delta: { tool_calls: [{ index: 0, id: "c", function: { name: "f", arguments: "{}" } }] }, finish_reason: "stop" },
    ],
  },
  { id: "chatcmpl-1", choices: [], usage: { prompt_tokens: 8, completion_tokens: 3 } },
);

function textOf(exchange: ReturnType<typeof assemble>): string | undefined {
  const part = exchange.response?.outputMessages[0]?.parts.find(({ type }) => type === "text");
  return part?.["content"] as string | undefined;
}

describe("a stream", () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 200 });

  for (const [ends, text] of [
    ["\\n", TEXT_STREAM],
    ["\\r\\n", TEXT_STREAM.replaceAll("\n", "\r\n")],
    ["\\r", TEXT_STREAM.replaceAll("\n", "\r")],
  ] as const) {
    test(`reads the same however its bytes are cut, with lines that end in ${ends}`, () => {
      const whole = assemble(aRecorded({ request: REQUEST, response: `\uFEFF${text}` }));
      expect(textOf(whole)).toBe("Hi 👋 ü");
      fc.assert(
        fc.property(cuts, (sizes) => {
          const cut = assemble(aRecorded({ request: REQUEST, response: `\uFEFF${text}`, cuts: sizes }));
          expect(cut.response).toEqual(whole.response);
        }),
      );
    });
  }

  test("of the Responses API reads the same however its bytes are cut", async () => {
    const { body } = (await readExchange("responses_stream")).response;
    const whole = assemble(await aRecordedExchange("responses_stream"));
    expect(whole.response?.finished).toBe(true);
    await fc.assert(
      fc.asyncProperty(cuts, async (sizes) => {
        expect(assemble(await aRecordedExchange("responses_stream", { response: body, cuts: sizes })).response).toEqual(whole.response);
      }),
      { numRuns: 20 },
    );
  });

  test("has its first chunk when its first event is whole, comments apart", () => {
    const comment = ": waiting\n\n";
    const first = TEXT_STREAM.slice(0, 60);
    const recorded = aRecorded({ request: REQUEST, response: comment + TEXT_STREAM, cuts: [comment.length, first.length] });
    expect(recorded.response.map(({ atUs }) => atUs)).toEqual([2000, 3000, 4000]);
    expect(assemble(recorded).firstChunkUs).toBe(4000);
  });
});

/** What each body of `malformed_sse` says, as far as it can be read. */
const malformed: readonly {
  readonly body: string;
  readonly text: string | undefined;
  readonly finishReasons?: readonly string[];
  readonly input?: number;
  readonly flaw?: string;
}[] = [
  ...[
    "plain",
    "byte_order_mark",
    "comments",
    "cr_only",
    "crlf",
    "mixed_line_ends",
    "no_space_after_colon",
    "two_spaces_after_colon",
    "unknown_fields",
    "event_without_data",
    "done_missing",
    "done_without_blank_line",
    "garbage_after_done",
    "two_done",
    "invalid_json",
    "nul_bytes",
    "no_blank_line_between",
  ].map((body) => ({ body, text: "Hi 👋", input: 8 })),
  { body: "usage_on_every_chunk", text: "xxx", input: 8 },
  { body: "usage_twice", text: "Hi 👋", input: 8 },
  { body: "odd_usage", text: "Hi 👋" },
  { body: "proto_keys", text: "Hi" },
  { body: "deep_json", text: "Hi" },
  { body: "json_over_two_lines", text: "Hi", input: 8 },
  { body: "byte_order_mark_inside", text: undefined, input: 8 },
  { body: "empty", text: undefined, finishReasons: [], flaw: "stream_interrupted" },
  { body: "html_instead", text: undefined, finishReasons: [], flaw: "invalid_response" },
  { body: "cut_code_point_at_end", text: undefined, finishReasons: ["error"], flaw: "stream_interrupted" },
];

describe("a malformed stream", () => {
  for (const { body, text, finishReasons = ["stop"], input, flaw } of malformed) {
    test(`says what it says all the same: ${body}`, async () => {
      const { body: response } = (await readExchange("malformed_sse", body + ".sse")).response;
      const exchange = assemble(await aRecordedExchange("malformed_sse", { body: `${body}.sse`, response }));
      expect({
        text: textOf(exchange),
        finishReasons: exchange.response?.finishReasons ?? [],
        input: exchange.response?.tokens?.inUncached,
        flaw: exchange.flaw,
      }).toEqual({
        text,
        finishReasons,
        input,
        flaw,
      });
    });
  }
});

describe("a whole reply", () => {
  test("is read with the request it answers", async () => {
    const exchange = assemble(await aRecordedExchange("chat"));
    expect(exchange.dialect?.name).toBe("openai_chat");
    expect(exchange.request?.model).toBe("gpt-4o-mini");
    expect(exchange.response?.finishReasons).toEqual(["stop"]);
    expect(exchange.firstChunkUs).toBeUndefined();
  });

  const json = [["content-type", "application/json"]] as const;
  const cases = [
    {
      title: "JSON that calls itself a stream",
      response: { choices: [{ message: { content: "Hi" }, finish_reason: "stop" }] },
      closed: { headers: [["content-type", "text/event-stream"]] as const },
      finishReasons: ["stop"],
      flaw: undefined,
    },
    {
      title: "a stream that calls itself JSON",
      response: TEXT_STREAM,
      closed: { headers: json },
      finishReasons: ["stop"],
      flaw: undefined,
    },
    {
      title: "a page of HTML",
      response: "<html>Bad gateway</html>",
      closed: { headers: json },
      finishReasons: undefined,
      flaw: "invalid_response",
    },
    { title: "no body at all", response: "", closed: { headers: json }, finishReasons: undefined, flaw: "invalid_response" },
    {
      title: "a body that was not kept",
      response: "",
      closed: { headers: json, responseBytes: 100 },
      finishReasons: undefined,
      flaw: undefined,
    },
    {
      title: "a body of which the rest was not kept",
      response: '{"id":"chatcmpl',
      closed: { headers: json, responseTruncated: true },
      finishReasons: undefined,
      flaw: undefined,
    },
    {
      title: "a stream of which the rest was not kept",
      response: TEXT_STREAM.slice(0, 300),
      closed: { responseTruncated: true },
      finishReasons: undefined,
      flaw: undefined,
    },
    {
      title: "a body that broke off",
      response: '{"id":"chatcmpl',
      closed: { headers: json, ending: "cut" as const },
      finishReasons: undefined,
      flaw: undefined,
    },
  ];
  for (const { title, response, closed, finishReasons, flaw } of cases) {
    test(`may be ${title}`, () => {
      const exchange = assemble(aRecorded({ request: REQUEST, response, closed }));
      expect({ finishReasons: exchange.response?.finishReasons, flaw: exchange.flaw }).toEqual({ finishReasons, flaw });
    });
  }
});

describe("an error", () => {
  test("is read from the body of an error status", async () => {
    const exchange = assemble(await aRecordedExchange("chat_error_429"));
    expect(exchange).toMatchObject({ status: 429, error: { code: "rate_limit_exceeded" } });
    expect(exchange.response).toBeUndefined();
  });

  test("is read from a stream that began well", async () => {
    const exchange = assemble(await aRecordedExchange("chat_stream_error"));
    expect(exchange).toMatchObject({ status: 200, error: { type: "server_error" }, response: { finishReasons: ["error"] } });
    expect(textOf(exchange)).toBe("One, two, three");
  });

  test("that the gateway made up is not the upstream's", () => {
    const attempts = [{ startedUs: 1000, endedUs: 2000, error: "ECONNREFUSED" }];
    const exchange = assemble(aRecorded({ request: REQUEST, closed: { ending: "cut", error: "ECONNREFUSED", status: 502, attempts } }));
    expect(exchange.status).toBeUndefined();
  });
});

describe("structured output", () => {
  const request = { ...REQUEST, response_format: { type: "json_object" } };
  const cases = [
    { title: "that parses", message: { content: '{"a":1}' }, failed: undefined },
    { title: "that does not parse", message: { content: '{"a":' }, failed: true },
    { title: "that is a refusal", message: { refusal: "No" }, failed: undefined },
    {
      title: "that is a tool call",
      message: { content: "Let me see", tool_calls: [{ id: "c", function: { name: "f", arguments: "{}" } }] },
      failed: undefined,
    },
  ];
  for (const { title, message, failed } of cases) {
    test(title, () => {
      const response = { choices: [{ message, finish_reason: "stop" }] };
      expect(assemble(aRecorded({ request, response })).outputParseError).toBe(failed);
    });
  }

  test("that does not parse, of a stream that was whole when the client left", () => {
    const response = events({ choices: [{ delta: { content: '{"a":' }, finish_reason: "stop" }] });
    expect(assemble(aRecorded({ request, response, closed: { ending: "abandoned" } }))).toMatchObject({
      closed: { ending: "completed" },
      outputParseError: true,
    });
  });
});

describe("whatever was recorded", () => {
  const json = fc.json().map((text) => Buffer.from(text));
  const field = fc.constantFrom(
    "choices",
    "delta",
    "message",
    "content",
    "tool_calls",
    "usage",
    "error",
    "output",
    "input",
    "messages",
    "type",
    "role",
    "response",
    "item",
    "index",
  );
  const odd = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 6 },
      fc.string(),
      fc.double(),
      fc.constant(null),
      fc.boolean(),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(field, tie("value"), { maxKeys: 5 }),
    ),
  })).value;
  const odds = fc
    .array(odd, { maxLength: 5 })
    .map((values) => Buffer.from(values.map((each) => `event: response.output_item.added\ndata: ${JSON.stringify(each)}\n\n`).join("")));
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 400 }).map((each) => Buffer.from(each)),
    json,
    odd.map((each) => Buffer.from(JSON.stringify(each))),
    odds,
  );
  const path = fc.constantFrom("/chat/completions", "/responses", "/completions", "/embeddings", "/files");
  const ending = fc.constantFrom("completed", "cut", "abandoned", "incomplete", "rejected");
  const type = fc.constantFrom("application/json", "text/event-stream", "");
  const options = { userKey: (tenant: string, user: string) => `${tenant}/${user.length}` };

  test("becomes spans, and never an exception", () => {
    fc.assert(
      fc.property(bytes, bytes, path, ending, type, fc.constantFrom(200, 400, 500), (request, response, path, ending, type, status) => {
        const upstream = { name: "default", address: "api.openai.com", port: 443, scheme: "https", path } as const;
        const recorded = aRecorded({
          request,
          response,
          opened: { upstream },
          closed: { ending, status, headers: [["content-type", type]] },
          cuts: [3, 5, 50],
        });
        const spans = describeSpans(assemble(recorded), options);
        expect(spans.length).toBeGreaterThan(0);
        expect(describeSpans(assemble(recorded), options)).toEqual(spans);
      }),
      { numRuns: 500 },
    );
  });

  test("is read from typed events too", () => {
    const response = typedEvents({ type: "response.completed", response: { id: "resp_1", status: "completed", output: [] } });
    const upstream = { name: "default", address: "api.openai.com", port: 443, scheme: "https", path: "/responses" } as const;
    expect(assemble(aRecorded({ opened: { upstream }, response })).response).toMatchObject({ id: "resp_1", finished: true });
  });
});

describe("an exchange whose terminal event had come", () => {
  for (const { ending, whole } of [
    { ending: "abandoned", whole: "completed" },
    { ending: "cut", whole: "completed" },
    { ending: "incomplete", whole: "incomplete" },
  ] as const) {
    test(`is ${whole} when the gateway called it ${ending}`, () => {
      const { closed } = assemble(aRecorded({ request: REQUEST, response: TEXT_STREAM, closed: { ending, error: "ECONNRESET" } }));
      expect(closed.ending).toBe(whole);
    });
  }

  test("stays abandoned without it", () => {
    const cut = TEXT_STREAM.slice(0, TEXT_STREAM.indexOf("data: [DONE]"));
    const { closed } = assemble(aRecorded({ request: REQUEST, response: cut, closed: { ending: "abandoned" } }));
    expect(closed.ending).toBe("abandoned");
  });
});
