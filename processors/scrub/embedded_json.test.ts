import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonTokens, looksLikeJson } from "./embedded_json.ts";

test.for(["{", " [", '\n\t{"a":1}', '"a"'])("%j may be JSON", (text) => {
  expect(looksLikeJson(text)).toBe(true);
});

test.for(["", "   ", "a {", "12"])("%j is a text", (text) => {
  expect(looksLikeJson(text)).toBe(false);
});

test.for(["{} x", "{{name}}", "[Ann] said", "['a']", '{"a":"\\x"}', '"a" and "b"', '"a'])("%j has no tokens, being no JSON", (text) => {
  expect(jsonTokens(text)).toBeUndefined();
});

const nearly: readonly { title: string; text: string; said: readonly string[] }[] = [
  { title: "was cut off in a text", text: '{"a":"b\\u0040c', said: ["a", "b@c"] },
  { title: "was cut off in a key", text: '[{"a\\u0040', said: ["a@"] },
  { title: "was cut off in an escape", text: '["a\\u00', said: ["a"] },
  { title: "was cut off behind an escaped backslash", text: '["a\\\\', said: ["a\\"] },
  { title: "was cut off in a word", text: '["a", fal', said: ["a"] },
  { title: "was cut off behind a comma", text: '["a", ', said: ["a"] },
  { title: "is one of several, line by line", text: '{"a":"b"}\n{"c":"\\u0040"}', said: ["a", "b", "c", "@"] },
  { title: "has line breaks in its texts", text: '{"a":"b\nc\\u0040"}', said: ["a", "b\nc@"] },
  { title: "has a comma too many", text: '["a",]', said: ["a"] },
];
for (const { title, text, said } of nearly) {
  test(`JSON that ${title} is read`, () => {
    const tokens = [...(jsonTokens(text) ?? [])].filter(({ kind }) => kind === "key" || kind === "text");
    expect(tokens.map(({ value }) => value)).toEqual(said);
  });
}

test("one that nests deeply is read like any other", () => {
  const text = `${"[".repeat(100_000)}"a"${"]".repeat(100_000)}`;
  expect([...(jsonTokens(text) ?? [])].filter(({ kind }) => kind === "text")).toEqual([
    { start: 100_000, end: 100_003, kind: "text", value: "a" },
  ]);
});

test("keys, texts and numbers are found where they stand", () => {
  const text = '{ "a\\u0040": ["x, \\"y\\"", -1.5e3, true], "b": {"c": ""} }';
  const tokens = [...(jsonTokens(text) ?? [])];
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
      const tokens = [...(jsonTokens(text) ?? [])];
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
