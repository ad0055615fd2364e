import { describe, expect, test } from "vitest";
import { openaiCompletions } from "./openai_completions.ts";

const prompts: readonly (readonly [title: string, prompt: unknown, parts: readonly object[]])[] = [
  ["a text", "Once", [{ type: "text", content: "Once" }]],
  [
    "several texts",
    ["a", "b"],
    [
      { type: "text", content: "a" },
      { type: "text", content: "b" },
    ],
  ],
  ["tokens", [1, 2, 3], [{ type: "tokens", count: 3 }]],
  [
    "several lists of tokens",
    [[1, 2], [3]],
    [
      { type: "tokens", count: 2 },
      { type: "tokens", count: 1 },
    ],
  ],
  ["nothing", undefined, []],
];

describe("a completion", () => {
  for (const [title, prompt, parts] of prompts) {
    test(`asks one message for each prompt: ${title}`, () => {
      expect(openaiCompletions.readRequest({ prompt }).inputMessages).toEqual(parts.map((part) => ({ role: "user", parts: [part] })));
    });
  }

  test("answers one message for each text", () => {
    const choices = [
      { index: 0, text: " upon", finish_reason: "length" },
      { index: 1, text: " more", finish_reason: "stop" },
    ];
    expect(openaiCompletions.readResponse({ id: "cmpl-1", choices })).toMatchObject({
      id: "cmpl-1",
      outputMessages: [{ parts: [{ type: "text", content: " upon" }] }, { parts: [{ type: "text", content: " more" }] }],
      finishReasons: ["length", "stop"],
    });
  });

  test("is put together from a stream of texts", () => {
    const reader = openaiCompletions.stream();
    for (const text of [" upon", " a", " time"])
      reader.add({ data: JSON.stringify({ choices: [{ index: 0, text, finish_reason: null }] }) });
    reader.add({ data: '{"choices":[{"index":0,"text":"","finish_reason":"stop"}]}' });
    reader.add({ data: "[DONE]" });
    expect(reader.facts()).toMatchObject({
      outputMessages: [{ parts: [{ type: "text", content: " upon a time" }] }],
      finishReasons: ["stop"],
      finished: true,
    });
  });
});
