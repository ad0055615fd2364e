import { describe, expect, test } from "vitest";
import { openaiResponses } from "./openai_responses.ts";

const user = (...parts: readonly object[]) => ({ role: "user", parts });
const assistant = (...parts: readonly object[]) => ({ role: "assistant", parts });

const inputs: readonly { readonly title: string; readonly item: unknown; readonly read: object }[] = [
  {
    title: "a message",
    item: { type: "message", role: "user", content: [{ type: "input_text", text: "Hi" }] },
    read: user({ type: "text", content: "Hi" }),
  },
  {
    title: "a message that leaves out its type",
    item: { role: "developer", content: "Be brief" },
    read: { role: "developer", parts: [{ type: "text", content: "Be brief" }] },
  },
  {
    title: "an earlier answer",
    item: {
      type: "message",
      role: "assistant",
      content: [
        { type: "output_text", text: "Yes" },
        { type: "refusal", refusal: "No" },
      ],
    },
    read: assistant({ type: "text", content: "Yes" }, { type: "refusal", content: "No" }),
  },
  {
    title: "images",
    item: {
      role: "user",
      content: [
        { type: "input_image", image_url: "https://example.com/a.png" },
        { type: "input_image", file_id: "file-1" },
        { type: "input_image", image_url: "data:image/png;base64,AAAA" },
      ],
    },
    read: user(
      { type: "uri", modality: "image", uri: "https://example.com/a.png" },
      { type: "file", modality: "image", file_id: "file-1" },
      { type: "blob", modality: "image", mime_type: "image/png", content: "AAAA" },
    ),
  },
  {
    title: "files",
    item: {
      role: "user",
      content: [
        { type: "input_file", file_id: "file-1" },
        { type: "input_file", file_url: "https://example.com/a.pdf" },
        { type: "input_file", file_data: "data:application/pdf;base64,JVBE" },
      ],
    },
    read: user(
      { type: "file", modality: "document", file_id: "file-1" },
      { type: "uri", modality: "document", uri: "https://example.com/a.pdf" },
      { type: "blob", modality: "document", mime_type: "application/pdf", content: "JVBE" },
    ),
  },
  {
    title: "a function call",
    item: { type: "function_call", id: "fc_1", call_id: "call_1", name: "f", arguments: '{"a":1}' },
    read: assistant({ type: "tool_call", id: "call_1", name: "f", arguments: { a: 1 } }),
  },
  {
    title: "a custom tool call",
    item: { type: "custom_tool_call", call_id: "call_1", name: "sql", input: "[1]" },
    read: assistant({ type: "tool_call", id: "call_1", name: "sql", arguments: "[1]" }),
  },
  {
    title: "a function's answer",
    item: { type: "function_call_output", call_id: "call_1", output: '{"t":21}' },
    read: { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: { t: 21 } }] },
  },
  {
    title: "a custom tool's answer in parts",
    item: { type: "custom_tool_call_output", call_id: "call_1", output: [{ type: "input_text", text: "rows" }] },
    read: { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: "rows" }] },
  },
  {
    title: "reasoning by its summary, and never encrypted",
    item: { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "Thought" }], encrypted_content: "secret" },
    read: assistant({ type: "reasoning", content: "Thought" }),
  },
  {
    title: "reasoning in full before its summary",
    item: { type: "reasoning", summary: [{ type: "summary_text", text: "Short" }], content: [{ type: "reasoning_text", text: "Long" }] },
    read: assistant({ type: "reasoning", content: "Long" }),
  },
  {
    title: "a call of another tool of the client, by the id that its output names",
    item: { type: "computer_call", id: "cu_1", call_id: "call_1", action: { type: "screenshot" } },
    read: assistant({
      type: "server_tool_call",
      id: "call_1",
      name: "computer",
      server_tool_call: { type: "computer_call", action: { type: "screenshot" } },
    }),
  },
  {
    title: "an output that only says how it went",
    item: { type: "apply_patch_call_output", call_id: "call_1", status: "failed", output: null },
    read: { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: "failed" }] },
  },
  {
    title: "an output that has only an id of its own",
    item: { type: "local_shell_call_output", id: "call_1", output: "done" },
    read: { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: "done" }] },
  },
  { title: "a reference", item: { type: "item_reference", id: "msg_1" }, read: assistant({ type: "item_reference", id: "msg_1" }) },
  {
    title: "a compaction",
    item: { type: "compaction", id: "cmp_1", encrypted_content: "secret" },
    read: assistant({ type: "compaction", id: "cmp_1" }),
  },
];

describe("a responses request", () => {
  for (const { title, item, read } of inputs) {
    test(`reads ${title}`, () => {
      expect(openaiResponses.readRequest({ input: [item] }).inputMessages).toEqual([read]);
    });
  }

  test("reads a bare text as one message of the user", () => {
    expect(openaiResponses.readRequest({ input: "Hi" }).inputMessages).toEqual([user({ type: "text", content: "Hi" })]);
  });

  test("keeps its parameters under their conventional names", () => {
    const facts = openaiResponses.readRequest({
      model: "gpt-5",
      instructions: "Be brief",
      input: [],
      max_output_tokens: 99,
      reasoning: { effort: "low" },
      text: { format: { type: "json_schema", name: "x", schema: {} } },
      previous_response_id: "resp_0",
      conversation: { id: "conv_1" },
      service_tier: "ultrafast",
      stream: true,
      prompt: { id: "pmpt_1", version: "2", variables: { city: "Paris", who: { type: "input_text", text: "Ann" } } },
    });
    expect(facts).toMatchObject({
      model: "gpt-5",
      conversation: "conv_1",
      systemInstructions: [{ type: "text", content: "Be brief" }],
      prompt: { name: "pmpt_1", version: "2", variables: { city: "Paris", who: "Ann" } },
    });
    expect(facts.attributes).toEqual({
      "gen_ai.request.max_tokens": 99,
      "gen_ai.request.reasoning.level": "low",
      "gen_ai.output.type": "json",
      "gen_ai.request.previous_response.id": "resp_0",
      "openai.request.service_tier": "ultrafast",
      "gen_ai.request.stream": true,
    });
  });

  test("names built-in tools by their type, and servers by their label", () => {
    const tools = [{ type: "web_search" }, { type: "mcp", server_label: "docs" }, { type: "function", name: "f", parameters: {} }];
    expect(openaiResponses.readRequest({ tools }).toolDefinitions).toEqual([
      { type: "web_search", name: "web_search" },
      { type: "mcp", name: "docs" },
      { type: "function", name: "f", parameters: {} },
    ]);
  });
});

const TEXT = { type: "message", id: "msg_1", role: "assistant", content: [{ type: "output_text", text: "Paris", annotations: [] }] };
const CALL = { type: "function_call", id: "fc_1", call_id: "call_1", name: "f", arguments: "{}" };

const endings = [
  { title: "a text", body: { status: "completed", output: [TEXT] }, reasons: ["stop"], raw: ["completed"] },
  { title: "calls of the client's tools", body: { status: "completed", output: [TEXT, CALL] }, reasons: ["tool_call"], raw: ["completed"] },
  {
    title: "too many tokens",
    body: { status: "incomplete", incomplete_details: { reason: "max_output_tokens" }, output: [TEXT] },
    reasons: ["length"],
    raw: ["max_output_tokens"],
  },
  {
    title: "a filter",
    body: { status: "incomplete", incomplete_details: { reason: "content_filter" }, output: [] },
    reasons: ["content_filter"],
    raw: ["content_filter"],
  },
  {
    title: "a failure",
    body: { status: "failed", error: { code: "server_error", message: "Broken" }, output: [] },
    reasons: ["error"],
    raw: ["failed"],
  },
  { title: "a cancellation", body: { status: "cancelled", output: [] }, reasons: ["error"], raw: ["cancelled"] },
  { title: "nothing yet, in the background", body: { status: "queued", background: true, output: [] }, reasons: undefined, raw: undefined },
];

const outputs: readonly { readonly title: string; readonly item: object; readonly parts: readonly object[] }[] = [
  {
    title: "a web search",
    item: { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: "x" } },
    parts: [
      {
        type: "server_tool_call",
        id: "ws_1",
        name: "web_search",
        server_tool_call: { type: "web_search_call", action: { type: "search", query: "x" } },
      },
    ],
  },
  {
    title: "a file search with results",
    item: { type: "file_search_call", id: "fs_1", queries: ["x"], results: [{ file_id: "file-1" }] },
    parts: [
      { type: "server_tool_call", id: "fs_1", name: "file_search", server_tool_call: { type: "file_search_call", queries: ["x"] } },
      {
        type: "server_tool_call_response",
        id: "fs_1",
        server_tool_call_response: { type: "file_search_call", results: [{ file_id: "file-1" }] },
      },
    ],
  },
  {
    title: "a tool of a server",
    item: { type: "mcp_call", id: "mcp_1", name: "ask", server_label: "docs", arguments: "{}", output: "42", error: null },
    parts: [
      { type: "server_tool_call", id: "mcp_1", name: "ask", server_tool_call: { type: "mcp_call", server_label: "docs", arguments: "{}" } },
      { type: "server_tool_call_response", id: "mcp_1", server_tool_call_response: { type: "mcp_call", output: "42" } },
    ],
  },
  {
    title: "a made image",
    item: { type: "image_generation_call", id: "ig_1", result: "iVBO", output_format: "webp" },
    parts: [
      {
        type: "server_tool_call",
        id: "ig_1",
        name: "image_generation",
        server_tool_call: { type: "image_generation_call", output_format: "webp" },
      },
      { type: "blob", modality: "image", mime_type: "image/webp", content: "iVBO" },
    ],
  },
  {
    title: "an item of an unknown type, but never what is encrypted",
    item: { type: "dream", about: "sheep", encrypted_content: "secret" },
    parts: [{ type: "dream", about: "sheep" }],
  },
];

describe("a responses reply", () => {
  for (const { title, body, reasons, raw } of endings) {
    test(`ends with ${title}`, () => {
      const facts = openaiResponses.readResponse({ id: "resp_1", ...body });
      expect([facts.finishReasons, facts.rawFinishReasons]).toEqual([reasons, raw]);
    });
  }

  for (const { title, item, parts } of outputs) {
    test(`reads ${title}`, () => {
      expect(openaiResponses.readResponse({ status: "completed", output: [item] }).outputMessages).toEqual([
        { role: "assistant", parts, finish_reason: "stop" },
      ]);
    });
  }

  test("is one message, whatever it is made of", () => {
    const reasoning = { type: "reasoning", summary: [{ type: "summary_text", text: "Hm" }] };
    const facts = openaiResponses.readResponse({
      id: "resp_1",
      model: "gpt-5-2025-08-07",
      status: "completed",
      service_tier: "flex",
      conversation: { id: "conv_1" },
      error: null,
      output: [reasoning, TEXT, CALL],
      usage: { input_tokens: 36, output_tokens: 87, output_tokens_details: { reasoning_tokens: 7 } },
    });
    expect(facts).toEqual({
      id: "resp_1",
      model: "gpt-5-2025-08-07",
      attributes: { "openai.response.service_tier": "flex", "gen_ai.conversation.id": "conv_1" },
      outputMessages: [
        {
          role: "assistant",
          finish_reason: "tool_call",
          parts: [
            { type: "reasoning", content: "Hm" },
            { type: "text", content: "Paris" },
            { type: "tool_call", id: "call_1", name: "f", arguments: {} },
          ],
        },
      ],
      finishReasons: ["tool_call"],
      rawFinishReasons: ["completed"],
      usage: { "gen_ai.usage.input_tokens": 36, "gen_ai.usage.output_tokens": 87, "gen_ai.usage.reasoning.output_tokens": 7 },
      tokens: { inUncached: 36, outText: 80, reasoning: 7 },
      finished: true,
      refused: false,
    });
  });

  test("tells its status while it is on its way in the background", () => {
    expect(openaiResponses.readResponse({ status: "in_progress", background: true }).attributes).toEqual({
      "spangate.response.status": "in_progress",
    });
  });

  test("is marked when the conversation was compacted", () => {
    const facts = openaiResponses.readResponse({ status: "completed", output: [{ type: "compaction", id: "cmp_1" }, TEXT] });
    expect(facts.attributes["gen_ai.conversation.compacted"]).toBe(true);
  });
});

const STREAM: readonly { readonly type: string; readonly [key: string]: unknown }[] = [
  { type: "response.created", response: { id: "resp_1", model: "gpt-5", status: "in_progress", output: [] } },
  { type: "response.output_item.added", output_index: 0, item: { type: "reasoning", id: "rs_1", summary: [] } },
  { type: "response.reasoning_summary_text.delta", output_index: 0, summary_index: 0, delta: "Think" },
  { type: "response.reasoning_summary_text.delta", output_index: 0, summary_index: 0, delta: "ing" },
  { type: "response.output_item.added", output_index: 1, item: { type: "message", id: "msg_1", role: "assistant", content: [] } },
  { type: "response.output_text.delta", output_index: 1, content_index: 0, delta: "Par" },
  { type: "response.output_text.delta", output_index: 1, content_index: 0, delta: "is" },
  {
    type: "response.output_item.added",
    output_index: 2,
    item: { type: "function_call", id: "fc_1", call_id: "call_1", name: "f", arguments: "" },
  },
  { type: "response.function_call_arguments.delta", output_index: 2, delta: '{"a"' },
  { type: "response.function_call_arguments.delta", output_index: 2, delta: ":1}" },
];

function read(events: readonly { readonly type: string; readonly [key: string]: unknown }[]) {
  const reader = openaiResponses.stream();
  for (const event of events) reader.add({ event: event.type, data: JSON.stringify(event) });
  return reader.facts();
}

describe("a responses stream", () => {
  test("that broke off is put together from its pieces", () => {
    expect(read(STREAM)).toEqual({
      id: "resp_1",
      model: "gpt-5",
      attributes: {},
      outputMessages: [
        {
          role: "assistant",
          finish_reason: "error",
          parts: [
            { type: "reasoning", content: "Thinking" },
            { type: "text", content: "Paris" },
            { type: "tool_call", id: "call_1", name: "f", arguments: { a: 1 } },
          ],
        },
      ],
      finishReasons: ["error"],
      finished: false,
      refused: false,
    });
  });

  const pieces = [
    { title: "refusals", event: { type: "response.refusal.delta", delta: "No" }, part: { type: "refusal", content: "No" } },
    { title: "reasoning", event: { type: "response.reasoning_text.delta", delta: "Hm" }, part: { type: "reasoning", content: "Hm" } },
    {
      title: "a text repeated as a whole",
      event: { type: "response.output_text.done", text: "All" },
      part: { type: "text", content: "All" },
    },
    {
      title: "a custom tool's input",
      event: { type: "response.custom_tool_call_input.delta", delta: "x" },
      item: { type: "custom_tool_call", call_id: "c", name: "sql" },
      part: { type: "tool_call", id: "c", name: "sql", arguments: "x" },
    },
    {
      title: "arguments of a server's tool",
      event: { type: "response.mcp_call_arguments.delta", delta: "{}" },
      item: { type: "mcp_call", id: "m", name: "ask" },
      part: { type: "server_tool_call", id: "m", name: "ask", server_tool_call: { type: "mcp_call", arguments: "{}" } },
    },
  ];
  for (const { title, event, item, part } of pieces) {
    test(`that broke off keeps ${title}`, () => {
      const begun = item ? [{ type: "response.output_item.added", output_index: 0, item }] : [];
      expect(read([...begun, { output_index: 0, content_index: 0, ...event }]).outputMessages[0]?.parts).toEqual([part]);
    });
  }

  for (const type of ["response.completed", "response.incomplete", "response.failed"]) {
    test(`is what ${type} says it was`, () => {
      const response = {
        id: "resp_1",
        status: type.slice(9),
        output: [TEXT],
        usage: { input_tokens: 3 },
        incomplete_details: { reason: "max_output_tokens" },
      };
      const { finished: _, ...facts } = openaiResponses.readResponse(response);
      expect(read([...STREAM, { type, response }])).toEqual({ ...facts, finished: true });
    });
  }

  test("ends with its terminal event even if the data is broken", () => {
    const reader = openaiResponses.stream();
    for (const event of STREAM) reader.add({ event: event.type, data: JSON.stringify(event) });
    reader.add({ event: "response.completed", data: '{"type":"response.comp' });
    expect(reader.facts()).toMatchObject({ finished: true, finishReasons: ["tool_call"] });
  });

  test("keeps an error that came as an event of its own", () => {
    const facts = read([...STREAM.slice(0, 6), { type: "error", code: "rate_limit_exceeded", message: "Too fast", param: null }]);
    expect(facts).toMatchObject({ error: { code: "rate_limit_exceeded", message: "Too fast" }, finishReasons: ["error"], finished: false });
  });

  test("keeps the error of a failed response", () => {
    const facts = read([{ type: "response.failed", response: { status: "failed", error: { code: "server_error", message: "Broken" } } }]);
    expect(facts).toMatchObject({ error: { code: "server_error", message: "Broken" }, finishReasons: ["error"], finished: true });
  });

  test("announces its end in lines with and without an event's name", () => {
    const starts = [
      "event: response.completed",
      "event:response.failed",
      'data: {"type":"response.incomplete"',
      'data:{"type": "response.completed"',
    ];
    expect(openaiResponses.terminal).toEqual(expect.arrayContaining(starts));
  });
});
