import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonTokens, looksLikeJson } from "./embedded_json.ts";

test.for(["{", " [", '\n\t{"a":1}'])("%j may be JSON", (text) => {
  expect(looksLikeJson(text)).toBe(true);
});

test.for(["", "   ", "a {", '"a"', "12"])("%j is a text", (text) => {
  expect(looksLikeJson(text)).toBe(false);
});

test.for(["{", '{"a":}', "[1,]", "{} x", '{"a":"b'])("%j has no tokens, being no JSON", (text) => {
  expect(jsonTokens(text)).toBeUndefined();
});

test("one that nests deeper than anybody means to has none", () => {
  expect(jsonTokens("[".repeat(65) + "]".repeat(65))).toBeUndefined();
});

test("keys, texts and numbers are found where they stand", () => {
  const text = '{ "a\\u0040": ["x, \\"y\\"", -1.5e3, true], "b": {"c": ""} }';
  const tokens = jsonTokens(text) ?? [];
  expect(tokens.filter(({ kind }) => kind !== "open" && kind !== "close").map(({ kind, value }) => [kind, value])).toEqual([
    ["key", "a@"],
    ["text", 'x, "y"'],
    ["number", "-1.5e3"],
    ["key", "b"],
    ["key", "c"],
    ["text", ""],
  ]);
});

test("every token says what its place in the text says, whatever the JSON", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(undefined, 2, "\t"), (json, space) => {
      const text = JSON.stringify([JSON.parse(json)], undefined, space);
      const tokens = jsonTokens(text) ?? [];
      expect(tokens.length).toBeGreaterThan(1);
      for (const { start, end, kind, value } of tokens) {
        if (kind === "key" || kind === "text") expect(JSON.parse(text.slice(start, end))).toBe(value);
        if (kind === "number") expect(text.slice(start, end)).toBe(value);
      }
      const texts = (each: unknown): string[] =>
        typeof each === "string"
          ? [each]
          : typeof each === "object" && each !== null
            ? Object.entries(each).flatMap(([key, member]) => [...(Array.isArray(each) ? [] : [key]), ...texts(member)])
            : [];
      expect(tokens.filter(({ kind }) => kind === "key" || kind === "text").map(({ value }) => value)).toEqual(texts(JSON.parse(text)));
    }),
  );
});
