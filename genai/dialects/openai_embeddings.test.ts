import { describe, expect, test } from "vitest";
import { openaiEmbeddings } from "./openai_embeddings.ts";

const inputs: readonly (readonly [input: unknown, count: number | undefined])[] = [
  ["Hi", 1],
  [["a", "b", "c"], 3],
  [[1, 2, 3], 1],
  [[[1, 2], [3]], 2],
  [undefined, undefined],
];

describe("embeddings", () => {
  for (const [input, count] of inputs) {
    test(`counts the inputs in ${JSON.stringify(input)}`, () => {
      expect(openaiEmbeddings.readRequest({ input }).attributes["spangate.embeddings.input.count"]).toBe(count);
    });
  }

  test("keep what was asked for", () => {
    const facts = openaiEmbeddings.readRequest({
      model: "text-embedding-3-small",
      input: "Hi",
      dimensions: 256,
      encoding_format: "base64",
    });
    expect(facts).toMatchObject({
      model: "text-embedding-3-small",
      inputMessages: [{ role: "user", parts: [{ type: "text", content: "Hi" }] }],
    });
    expect(facts.attributes).toMatchObject({ "gen_ai.embeddings.dimension.count": 256, "gen_ai.request.encoding_formats": ["base64"] });
  });

  for (const embedding of [[0.1, -0.2], "zczMPc3MTL4="]) {
    test(`never keep a vector: ${JSON.stringify(embedding)}`, () => {
      const facts = openaiEmbeddings.readResponse({
        model: "text-embedding-3-small",
        data: [{ object: "embedding", index: 0, embedding }],
        usage: { prompt_tokens: 8, total_tokens: 8 },
      });
      expect(facts).toEqual({
        model: "text-embedding-3-small",
        attributes: {},
        outputMessages: [],
        usage: { "gen_ai.usage.input_tokens": 8 },
        tokens: { inUncached: 8 },
        finished: true,
        refused: false,
      });
    });
  }

  test("take a total alone for the input", () => {
    expect(openaiEmbeddings.readResponse({ usage: { total_tokens: 5 } }).tokens).toEqual({ inUncached: 5 });
  });
});
