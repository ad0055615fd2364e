import { describe, expect, test } from "vitest";
import { asAttribute, asCount, parseEmbedded, parseJson, shorten } from "./json.ts";

describe("embedded JSON", () => {
  const cases: readonly (readonly [title: string, text: string, value: unknown])[] = [
    ["is parsed when it is an object", '{"city":"Paris","days":3}', { city: "Paris", days: 3 }],
    ["is parsed when it is an array", " [1, 2]", [1, 2]],
    ["stays a text when it is a bare number", "4155551234", "4155551234"],
    ["stays a text when it does not parse", '{"city":"Par', '{"city":"Par'],
    ["stays a text when a number would lose digits", '{"id":12345678901234567890}', '{"id":12345678901234567890}'],
    ["stays a text when a number would become infinite", '{"id":1e400}', '{"id":1e400}'],
    ["is parsed when long digits stand in a text", '{"card":"4111111111111111"}', { card: "4111111111111111" }],
    ["stays a text when it nests too deeply", "[".repeat(1000) + "]".repeat(1000), "[".repeat(1000) + "]".repeat(1000)],
  ];
  for (const [title, text, value] of cases) {
    test(title, () => {
      expect(parseEmbedded(text)).toEqual(value);
    });
  }
});

test("a value that nests too deeply is no attribute", () => {
  const deep = parseJson("[".repeat(5000) + "]".repeat(5000));
  expect(deep).toBeDefined();
  expect(asAttribute(deep)).toBeUndefined();
});

test("counts are whole numbers from zero on", () => {
  expect([0, -0, 7, -1, 1.5, "3", null, Number.POSITIVE_INFINITY].map(asCount)).toEqual([
    0,
    0,
    7,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test("a shortened text does not end in half a character", () => {
  expect(shorten("ab👋", 3)).toBe("ab");
});
