import { describe, expect, test } from "vitest";
import { openaiChat } from "./openai_chat.ts";

const BASE = { model: "gpt-4o", messages: [] };

const parameters: readonly { readonly title: string; readonly body: object; readonly attributes: object }[] = [
  {
    title: "sampling",
    body: { temperature: 0, top_p: 1, frequency_penalty: 0.5, presence_penalty: -0.5, seed: 7, top_k: 40 },
    attributes: {
      "gen_ai.request.temperature": 0,
      "gen_ai.request.top_p": 1,
      "gen_ai.request.frequency_penalty": 0.5,
      "gen_ai.request.presence_penalty": -0.5,
      "gen_ai.request.seed": 7,
      "gen_ai.request.top_k": 40,
    },
  },
  {
    title: "the newer limit before the older",
    body: { max_tokens: 5, max_completion_tokens: 9 },
    attributes: { "gen_ai.request.max_tokens": 9 },
  },
  { title: "the older limit alone", body: { max_tokens: 5 }, attributes: { "gen_ai.request.max_tokens": 5 } },
  { title: "one stop sequence as a list", body: { stop: "END" }, attributes: { "gen_ai.request.stop_sequences": ["END"] } },
  { title: "several stop sequences", body: { stop: ["a", "b"] }, attributes: { "gen_ai.request.stop_sequences": ["a", "b"] } },
  { title: "a number of choices other than one", body: { n: 3 }, attributes: { "gen_ai.request.choice.count": 3 } },
  { title: "nothing of a single choice", body: { n: 1 }, attributes: {} },
  { title: "streaming", body: { stream: true }, attributes: { "gen_ai.request.stream": true } },
  { title: "nothing of not streaming", body: { stream: false }, attributes: {} },
  { title: "the level of reasoning", body: { reasoning_effort: "xhigh" }, attributes: { "gen_ai.request.reasoning.level": "xhigh" } },
  { title: "a JSON schema as JSON", body: { response_format: { type: "json_schema" } }, attributes: { "gen_ai.output.type": "json" } },
  { title: "a JSON object as JSON", body: { response_format: { type: "json_object" } }, attributes: { "gen_ai.output.type": "json" } },
  { title: "text", body: { response_format: { type: "text" } }, attributes: { "gen_ai.output.type": "text" } },
  {
    title: "speech before JSON",
    body: { modalities: ["text", "audio"], response_format: { type: "json_object" } },
    attributes: { "gen_ai.output.type": "speech" },
  },
  { title: "a service tier that was chosen", body: { service_tier: "flex" }, attributes: { "openai.request.service_tier": "flex" } },
  { title: "nothing of the automatic service tier", body: { service_tier: "auto" }, attributes: {} },
  {
    title: "nothing of values of the wrong type",
    body: { temperature: "hot", max_tokens: -1, seed: 1.5, stop: 7, n: null, top_logprobs: 5 },
    attributes: {},
  },
];

const messages: readonly { readonly title: string; readonly message: object; readonly read: object | undefined }[] = [
  { title: "a text", message: { role: "user", content: "Hi" }, read: { role: "user", parts: [{ type: "text", content: "Hi" }] } },
  {
    title: "a developer's instruction, in place",
    message: { role: "developer", content: "Be brief" },
    read: { role: "developer", parts: [{ type: "text", content: "Be brief" }] },
  },
  {
    title: "a name",
    message: { role: "user", name: "ann", content: "Hi" },
    read: { role: "user", name: "ann", parts: [{ type: "text", content: "Hi" }] },
  },
  {
    title: "an inline image",
    message: {
      role: "user",
      content: [
        { type: "text", text: "See" },
        { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
      ],
    },
    read: {
      role: "user",
      parts: [
        { type: "text", content: "See" },
        { type: "blob", modality: "image", mime_type: "image/png", content: "AAAA" },
      ],
    },
  },
  {
    title: "an inline image that is not base64",
    message: { role: "user", content: [{ type: "image_url", image_url: { url: "data:image/svg+xml,%3Csvg/%3E" } }] },
    read: {
      role: "user",
      parts: [{ type: "blob", modality: "image", mime_type: "image/svg+xml", content: Buffer.from("<svg/>").toString("base64") }],
    },
  },
  {
    title: "a linked image",
    message: { role: "user", content: [{ type: "image_url", image_url: { url: "https://example.com/a.png" } }] },
    read: { role: "user", parts: [{ type: "uri", modality: "image", uri: "https://example.com/a.png" }] },
  },
  {
    title: "a linked video",
    message: { role: "user", content: [{ type: "video_url", video_url: { url: "https://example.com/a.mp4" } }] },
    read: { role: "user", parts: [{ type: "uri", modality: "video", uri: "https://example.com/a.mp4" }] },
  },
  {
    title: "sound",
    message: {
      role: "user",
      content: [
        { type: "input_audio", input_audio: { data: "UklG", format: "mp3" } },
        { type: "input_audio", input_audio: { data: "UklG", format: "wav" } },
      ],
    },
    read: {
      role: "user",
      parts: [
        { type: "blob", modality: "audio", mime_type: "audio/mpeg", content: "UklG" },
        { type: "blob", modality: "audio", mime_type: "audio/wav", content: "UklG" },
      ],
    },
  },
  {
    title: "an uploaded file",
    message: { role: "user", content: [{ type: "file", file: { file_id: "file-1" } }] },
    read: { role: "user", parts: [{ type: "file", modality: "document", file_id: "file-1" }] },
  },
  {
    title: "an inline file",
    message: { role: "user", content: [{ type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,JVBE" } }] },
    read: { role: "user", parts: [{ type: "blob", modality: "document", mime_type: "application/pdf", content: "JVBE" }] },
  },
  {
    title: "a part of an unknown type as it is",
    message: { role: "user", content: [{ type: "hologram", depth: 3 }] },
    read: { role: "user", parts: [{ type: "hologram", depth: 3 }] },
  },
  {
    title: "a function call with parsed arguments",
    message: {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "call_1", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
    },
    read: { role: "assistant", parts: [{ type: "tool_call", id: "call_1", name: "f", arguments: { a: 1 } }] },
  },
  {
    title: "arguments that do not parse as text",
    message: { role: "assistant", tool_calls: [{ id: "call_1", type: "function", function: { name: "f", arguments: '{"a":' } }] },
    read: { role: "assistant", parts: [{ type: "tool_call", id: "call_1", name: "f", arguments: '{"a":' }] },
  },
  {
    title: "a custom tool's input as text",
    message: { role: "assistant", tool_calls: [{ id: "call_1", type: "custom", custom: { name: "sql", input: "[1]" } }] },
    read: { role: "assistant", parts: [{ type: "tool_call", id: "call_1", name: "sql", arguments: "[1]" }] },
  },
  {
    title: "a legacy function call without an id",
    message: { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } },
    read: { role: "assistant", parts: [{ type: "tool_call", name: "f", arguments: {} }] },
  },
  {
    title: "sound of an earlier reply",
    message: { role: "assistant", audio: { id: "audio_1" } },
    read: { role: "assistant", parts: [{ type: "file", modality: "audio", file_id: "audio_1" }] },
  },
  {
    title: "a refusal",
    message: { role: "assistant", refusal: "No." },
    read: { role: "assistant", parts: [{ type: "refusal", content: "No." }] },
  },
  {
    title: "reasoning before the text",
    message: { role: "assistant", content: "4", reasoning_content: "2+2" },
    read: {
      role: "assistant",
      parts: [
        { type: "reasoning", content: "2+2" },
        { type: "text", content: "4" },
      ],
    },
  },
  {
    title: "reasoning in details",
    message: {
      role: "assistant",
      content: "4",
      reasoning_details: [
        { type: "reasoning.text", text: "2+2" },
        { type: "reasoning.encrypted", data: "xx" },
      ],
    },
    read: {
      role: "assistant",
      parts: [
        { type: "reasoning", content: "2+2" },
        { type: "text", content: "4" },
      ],
    },
  },
  {
    title: "reasoning among the content",
    message: {
      role: "assistant",
      content: [
        { type: "thinking", thinking: [{ type: "text", text: "2+2" }] },
        { type: "text", text: "4" },
      ],
    },
    read: {
      role: "assistant",
      parts: [
        { type: "reasoning", content: "2+2" },
        { type: "text", content: "4" },
      ],
    },
  },
  {
    title: "a tool's answer, parsed",
    message: { role: "tool", tool_call_id: "call_1", content: '{"t":21}' },
    read: { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: { t: 21 } }] },
  },
  {
    title: "a tool's answer in parts",
    message: {
      role: "tool",
      tool_call_id: "call_1",
      content: [
        { type: "text", text: "sun" },
        { type: "text", text: "ny" },
      ],
    },
    read: { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: "sunny" }] },
  },
  {
    title: "a legacy function's answer",
    message: { role: "function", name: "f", content: "sunny" },
    read: { role: "tool", name: "f", parts: [{ type: "tool_call_response", response: "sunny" }] },
  },
  { title: "nothing of a message without a role", message: { content: "Hi" }, read: undefined },
];

describe("a chat request", () => {
  for (const { title, body, attributes } of parameters) {
    test(`keeps ${title}`, () => {
      expect(openaiChat.readRequest({ ...BASE, ...body }).attributes).toEqual(attributes);
    });
  }

  for (const { title, message, read } of messages) {
    test(`reads ${title}`, () => {
      expect(openaiChat.readRequest({ ...BASE, messages: [message] }).inputMessages).toEqual(read ? [read] : []);
    });
  }

  test("flattens tools of every kind", () => {
    const tools = [
      { type: "function", function: { name: "f", description: "does f", parameters: { type: "object" } } },
      { type: "custom", custom: { name: "sql", format: { type: "text" } } },
    ];
    expect(openaiChat.readRequest({ ...BASE, tools, functions: [{ name: "old" }] }).toolDefinitions).toEqual([
      { type: "function", name: "f", description: "does f", parameters: { type: "object" } },
      { type: "custom", name: "sql", format: { type: "text" } },
      { type: "function", name: "old" },
    ]);
  });

  test("knows who asks, and keeps scalars of the metadata", () => {
    const body = {
      ...BASE,
      safety_identifier: "hash",
      session_id: "s1",
      metadata: { team: "blue", tries: 2, tags: ["a", "b"], deep: { x: 1 } },
    };
    expect(openaiChat.readRequest(body)).toMatchObject({
      user: "hash",
      session: "s1",
      metadata: { team: "blue", tries: "2", tags: "a,b" },
    });
  });

  for (const body of [null, [], "x", 7, { messages: "x", tools: {}, metadata: [] }]) {
    test(`reads nothing into ${JSON.stringify(body)}`, () => {
      expect(openaiChat.readRequest(body)).toMatchObject({ attributes: {}, inputMessages: [] });
    });
  }
});

/** A reply as a whole, and in pieces; both must read the same. */
const replies = [
  {
    title: "a text",
    message: { content: "Hello 👋 there" },
    deltas: [{ role: "assistant", content: "" }, { content: "Hello " }, { content: "👋 " }, { content: "there" }],
    finish: "stop",
    parts: [{ type: "text", content: "Hello 👋 there" }],
    reason: "stop",
  },
  {
    title: "a refusal",
    message: { content: null, refusal: "I cannot help." },
    deltas: [{ refusal: "I cannot " }, { refusal: "help." }],
    finish: "stop",
    parts: [{ type: "refusal", content: "I cannot help." }],
    reason: "stop",
    refused: true,
  },
  {
    title: "a filtered text",
    message: { content: "Once" },
    deltas: [{ content: "Once" }],
    finish: "content_filter",
    parts: [{ type: "text", content: "Once" }],
    reason: "content_filter",
    refused: true,
  },
  {
    title: "reasoning",
    message: { reasoning_content: "2+2", content: "4" },
    deltas: [{ reasoning_content: "2" }, { reasoning_content: "+2" }, { content: "4" }],
    finish: "stop",
    parts: [
      { type: "reasoning", content: "2+2" },
      { type: "text", content: "4" },
    ],
    reason: "stop",
  },
  {
    title: "two tool calls",
    message: {
      tool_calls: [
        { id: "call_1", type: "function", function: { name: "f", arguments: '{"a":1}' } },
        { id: "call_2", type: "function", function: { name: "g", arguments: "{}" } },
      ],
    },
    deltas: [
      { tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: "f", arguments: "" } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"a"' } }] },
      { tool_calls: [{ index: 1, id: "call_2", type: "function", function: { name: "g", arguments: "{" } }] },
      {
        tool_calls: [
          { index: 0, function: { arguments: ":1}" } },
          { index: 1, function: { arguments: "}" } },
        ],
      },
    ],
    finish: "tool_calls",
    parts: [
      { type: "tool_call", id: "call_1", name: "f", arguments: { a: 1 } },
      { type: "tool_call", id: "call_2", name: "g", arguments: {} },
    ],
    reason: "tool_call",
  },
  {
    title: "two tool calls that a server all numbers 0",
    message: {
      tool_calls: [
        { id: "call_1", type: "function", function: { name: "f", arguments: "{}" } },
        { id: "call_2", type: "function", function: { name: "g", arguments: "{}" } },
      ],
    },
    deltas: [
      { tool_calls: [{ index: 0, id: "call_1", function: { name: "f", arguments: "{}" } }] },
      { tool_calls: [{ index: 0, id: "call_2", function: { name: "g", arguments: "{" } }] },
      { tool_calls: [{ index: 0, function: { arguments: "}" } }] },
    ],
    finish: "tool_calls",
    parts: [
      { type: "tool_call", id: "call_1", name: "f", arguments: {} },
      { type: "tool_call", id: "call_2", name: "g", arguments: {} },
    ],
    reason: "tool_call",
  },
  {
    title: "a custom tool call",
    message: { tool_calls: [{ id: "call_1", type: "custom", custom: { name: "sql", input: "select 1" } }] },
    deltas: [
      { tool_calls: [{ index: 0, id: "call_1", type: "custom", custom: { name: "sql", input: "select" } }] },
      { tool_calls: [{ index: 0, custom: { input: " 1" } }] },
    ],
    finish: "tool_calls",
    parts: [{ type: "tool_call", id: "call_1", name: "sql", arguments: "select 1" }],
    reason: "tool_call",
  },
  {
    title: "a legacy function call",
    message: { function_call: { name: "f", arguments: '{"a":1}' } },
    deltas: [{ function_call: { name: "f", arguments: '{"a"' } }, { function_call: { arguments: ":1}" } }],
    finish: "function_call",
    parts: [{ type: "tool_call", name: "f", arguments: { a: 1 } }],
    reason: "tool_call",
  },
  {
    title: "sound with its transcript",
    message: { content: null, audio: { id: "audio_1", data: "AAAABBBB", transcript: "Hi you" } },
    deltas: [{ audio: { id: "audio_1", transcript: "Hi" } }, { audio: { data: "AAAA" } }, { audio: { data: "BBBB", transcript: " you" } }],
    finish: "stop",
    parts: [
      { type: "blob", modality: "audio", content: "AAAABBBB" },
      { type: "text", content: "Hi you" },
    ],
    reason: "stop",
  },
  {
    title: "a choice that ends without a reason",
    message: { content: "Half" },
    deltas: [{ content: "Half" }],
    finish: null,
    parts: [{ type: "text", content: "Half" }],
    reason: "error",
  },
];

const HEAD = { id: "chatcmpl-1", model: "gpt-4o-2024-08-06", service_tier: "default", system_fingerprint: "fp_1" };
const USAGE = { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14 };
const EXPECTED = {
  id: "chatcmpl-1",
  model: "gpt-4o-2024-08-06",
  attributes: { "openai.response.service_tier": "default", "openai.response.system_fingerprint": "fp_1" },
  usage: { "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 4 },
  tokens: { inUncached: 10, outText: 4 },
};

describe("a chat reply", () => {
  for (const { title, message, deltas, finish, parts, reason, refused = false } of replies) {
    const expected = {
      ...EXPECTED,
      outputMessages: [{ role: "assistant", parts, finish_reason: reason }],
      finishReasons: [reason],
      rawFinishReasons: finish === null ? [] : [finish],
      refused,
      finished: true,
    };
    test(`reads ${title}`, () => {
      expect(openaiChat.readResponse({ ...HEAD, choices: [{ index: 0, message, finish_reason: finish }], usage: USAGE })).toEqual(expected);
    });

    test(`reads ${title} from a stream`, () => {
      const reader = openaiChat.stream();
      const add = (data: unknown) => reader.add({ data: JSON.stringify(data) });
      for (const delta of deltas) add({ ...HEAD, choices: [{ index: 0, delta, finish_reason: null }], usage: null });
      add({ ...HEAD, choices: [{ index: 0, delta: {}, finish_reason: finish }] });
      add({ ...HEAD, choices: [], usage: USAGE });
      reader.add({ data: "[DONE]" });
      expect(reader.facts()).toEqual(expected);
    });
  }

  test("keeps annotations with the text they are about", () => {
    const message = { content: "See there", annotations: [{ type: "url_citation", url_citation: { url: "https://example.com" } }] };
    expect(openaiChat.readResponse({ choices: [{ message, finish_reason: "stop" }] }).outputMessages[0]?.parts).toEqual([
      { type: "text", content: "See there", annotations: message.annotations },
    ]);
  });

  test("has one message and one reason for each choice, in their order", () => {
    const reader = openaiChat.stream();
    for (const [index, content, finish_reason] of [
      [1, "b", null],
      [0, "a", "stop"],
      [1, "B", "length"],
      [2, "c", null],
    ]) {
      reader.add({ data: JSON.stringify({ choices: [{ index, delta: { content }, finish_reason }] }) });
    }
    const { outputMessages, finishReasons, rawFinishReasons, finished } = reader.facts();
    expect(outputMessages.map(({ parts }) => parts[0]?.["content"])).toEqual(["a", "bB", "c"]);
    expect({ finishReasons, rawFinishReasons, finished }).toEqual({
      finishReasons: ["stop", "length", "error"],
      rawFinishReasons: ["stop", "length"],
      finished: false,
    });
  });

  const errors = [
    {
      title: "an error object",
      event: { data: '{"error":{"message":"Broken","type":"server_error","code":null}}' },
      error: { message: "Broken", type: "server_error" },
    },
    { title: "an error text", event: { data: '{"error":"out of memory"}' }, error: { message: "out of memory" } },
    {
      title: "an event that calls itself an error",
      event: { event: "error", data: '{"message":"Broken","code":"overloaded"}' },
      error: { message: "Broken", code: "overloaded" },
    },
    { title: "an error event that is no JSON", event: { event: "error", data: "worker died" }, error: { message: "worker died" } },
    {
      title: "an object of the type error",
      event: { data: '{"object":"error","message":"Broken","code":500}' },
      error: { message: "Broken", code: "500" },
    },
  ];
  for (const { title, event, error } of errors) {
    test(`keeps what came before ${title}`, () => {
      const reader = openaiChat.stream();
      reader.add({ data: '{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"One"},"finish_reason":null}]}' });
      reader.add(event);
      expect(reader.facts()).toMatchObject({
        error,
        finishReasons: ["error"],
        outputMessages: [{ parts: [{ type: "text", content: "One" }] }],
      });
    });
  }

  const usages = [
    {
      title: "the last of cumulative ones",
      chunks: [
        { choices: [], usage: { prompt_tokens: 1 } },
        { choices: [], usage: { prompt_tokens: 9 } },
      ],
    },
    {
      title: "one that an empty one follows",
      chunks: [
        { choices: [], usage: { prompt_tokens: 9 } },
        { choices: [], usage: {} },
      ],
    },
    { title: "one hidden in a choice", chunks: [{ choices: [{ index: 0, delta: {}, usage: { prompt_tokens: 9 } }] }] },
    { title: "one hidden in an extension", chunks: [{ choices: [], x_groq: { usage: { prompt_tokens: 9 } } }] },
  ];
  for (const { title, reply, tokens } of [
    {
      title: "thoughts that Gemini's compatible API counts in the total alone",
      reply: { model: "models/gemini-2.5-flash", usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 115 } },
      tokens: { inUncached: 10, outText: 5, reasoning: 100 },
    },
    {
      title: "no thoughts of others in a total that is larger",
      reply: { model: "gpt-4o", usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 115 } },
      tokens: { inUncached: 10, outText: 5 },
    },
    {
      title: "usage in Gemini's own shape",
      reply: { model: "x", usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, thoughtsTokenCount: 3 } },
      tokens: { inUncached: 10, outText: 5, reasoning: 3 },
    },
    {
      title: "usage in Anthropic's own shape",
      reply: { model: "x", usage: { input_tokens: 10, cache_read_input_tokens: 90, output_tokens: 5 } },
      tokens: { inUncached: 10, cacheRead: 90, outText: 5 },
    },
  ]) {
    test(`reads ${title}, streamed or not`, () => {
      expect(openaiChat.readResponse({ ...reply, choices: [] }).tokens).toEqual(tokens);
      const reader = openaiChat.stream();
      reader.add({ data: JSON.stringify({ ...reply, choices: [] }) });
      expect(reader.facts().tokens).toEqual(tokens);
    });
  }

  for (const { title, chunks } of usages) {
    test(`finds the usage of a stream: ${title}`, () => {
      const reader = openaiChat.stream();
      for (const chunk of chunks) reader.add({ data: JSON.stringify(chunk) });
      expect(reader.facts().usage).toEqual({ "gen_ai.usage.input_tokens": 9 });
    });
  }

  test("hears nothing after the end", () => {
    const reader = openaiChat.stream();
    reader.add({ data: "[DONE]" });
    reader.add({ data: '{"choices":[{"index":0,"delta":{"content":"more"}}]}' });
    expect(reader.facts()).toMatchObject({ finished: true, outputMessages: [] });
  });

  test("takes time in proportion to a stream's length", () => {
    const reader = openaiChat.stream();
    const data = JSON.stringify({ choices: [{ index: 0, delta: { content: "x".repeat(40) } }] });
    const started = performance.now();
    for (let i = 0; i < 100_000; i++) reader.add({ data });
    expect(reader.facts().outputMessages[0]?.parts[0]?.["content"]).toHaveLength(4_000_000);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
