import fc from "fast-check";
import { expect, test } from "vitest";
import { detector } from "./detector.ts";
import { marked } from "./marked_text.ts";
import { unmask } from "./unmask.ts";

const cases: readonly (readonly [title: string, original: string, seen: string])[] = [
  ["full-width letters and digits", "ＡＢ１２", "AB12"],
  ["zero-width characters", "4111\u200b1111\u2060x", "41111111x"],
  ["no-break spaces and hyphens", "415\u2011555\u00a00132", "415-555 0132"],
  ["escapes of URLs", "a%40b%2Bc%20d", "a@b+c%20d"],
  ["brackets around a dot", "10[.]1[.]2[.]3", "10.1.2.3"],
  ["digits of other scripts", "٠١٢ ०१२", "012 012"],
  ["nothing, where nothing is disguised", "plain – text, é, 电话", "plain – text, é, 电话"],
];
for (const [title, original, seen] of cases) {
  test(`sees through ${title}`, () => {
    expect(unmask(original).text).toBe(seen);
  });
}

test("says where each character came from", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", "1", "@", "%40", "%2B", "\u200b", "４", "\u00a0", "[.]", "é", "%", "[") }),
      (original) => {
        const { text, origins } = unmask(original);
        expect(origins[text.length]).toBe(original.length);
        for (let index = 0; index < text.length; index++) {
          const origin = origins[index] ?? -1;
          expect(origin).toBeGreaterThan(index === 0 ? -1 : (origins[index - 1] ?? -1));
          if (original.charAt(origin) === text.charAt(index)) continue;
          expect(unmask(original.slice(origin, origins[index + 1])).text.charAt(0)).toBe(text.charAt(index));
        }
      },
    ),
  );
});

test("finds what hides where it stands in the original", () => {
  const text = "write to jane％40example.com or jane%40example.com, card ４１１１ 1111 1111 1111\u200b.";
  const found = detector({ names: "off" }).find(text);
  expect(marked(text, found)).toBe(
    "write to jane％40example.com or ⟦EMAIL:jane%40example.com⟧, card ⟦CREDIT_CARD:４１１１ 1111 1111 1111⟧\u200b.",
  );
});
