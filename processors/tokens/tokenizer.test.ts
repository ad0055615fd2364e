import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tokenizer } from "./tokenizer.ts";

// Counts as https://platform.openai.com/tokenizer shows them.
const cases = [
  { model: "gpt-4o", text: "", tokens: 0 },
  { model: "gpt-4o", text: "tiktoken is great!", tokens: 6 },
  { model: "gpt-4", text: "tiktoken is great!", tokens: 6 },
  { model: "gpt-3.5-turbo", text: "antidisestablishmentarianism", tokens: 6 },
  { model: "gpt-4o", text: "antidisestablishmentarianism", tokens: 6 },
  { model: "gpt-3.5-turbo", text: "お誕生日おめでとう", tokens: 9 },
  { model: "gpt-4o", text: "お誕生日おめでとう", tokens: 8 },
  { model: "some-model-nobody-knows", text: "お誕生日おめでとう", tokens: 8 },
];

describe("a tokenizer", () => {
  for (const { model, text, tokens } of cases) {
    test(`for ${model} counts ${tokens} in "${text}"`, async () => {
      expect((await tokenizer(model))(text)).toBe(tokens);
    });
  }

  test("takes what looks like a special token for text", async () => {
    expect((await tokenizer("gpt-4o"))("<|endoftext|>")).toBeGreaterThan(1);
  });

  test("counts long texts like short ones, but for a token where it had to cut", async () => {
    const count = await tokenizer("gpt-4o");
    const sentence = "The quick brown fox jumps over the lazy dog, and it is not the first time. ";
    expect(count(sentence.repeat(1000))).toBe(1 + 1000 * count(` ${sentence.trimEnd()}`));
    const letters = "abcdefgh".repeat(8);
    expect(Math.abs(count(letters.repeat(50)) - 50 * count(letters))).toBeLessThanOrEqual(50);
  });

  test("counts a text that is twice as long in about twice the time, whatever it is made of", { retry: 3 }, async () => {
    const count = await tokenizer("gpt-4o");
    const hostile = ["a", "\n", " ", "!?", "漢", "😀", "'s", "/\n", "\u0301!", "\ud800", "aB", "\u0e01\u0e33"];
    for (const unit of hostile) {
      const timed = (length: number): number => {
        const text = unit.repeat(length / unit.length);
        const start = performance.now();
        count(text);
        return performance.now() - start;
      };
      timed(20_000);
      const short = Math.max(1, timed(20_000));
      expect(timed(160_000) / short, JSON.stringify(unit)).toBeLessThan(30); // quadratic would be 64
    }
  });

  test("never fails and never counts more than four tokens for a character", async () => {
    const count = await tokenizer("gpt-4o");
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 500 }), (text) => {
        const tokens = count(text);
        expect(tokens).toBeGreaterThanOrEqual(text === "" ? 0 : 1);
        expect(tokens).toBeLessThanOrEqual(4 * text.length);
      }),
    );
  });
});
