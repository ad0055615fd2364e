import fc from "fast-check";
import { expect, test } from "vitest";
import { expression } from "./pattern.ts";

for (const { written, name, means } of [
  { written: "gpt-4o", name: "GPT-4o", means: true },
  { written: "gpt-4o", name: "gpt-4o-mini", means: false },
  { written: "gpt-*", name: "gpt-", means: true },
  { written: "*", name: "", means: true },
  { written: "*claude*", name: "us.anthropic.claude-x", means: true },
  { written: "a*a", name: "a", means: false },
  { written: "a*b*b", name: "ab", means: false },
  { written: "a*b*b", name: "ab-b", means: true },
  { written: "*-2*-x", name: "m-2-2-x", means: true },
  { written: "a**b", name: "a\nb", means: true },
  { written: "a.b", name: "axb", means: false },
  { written: "a\\d[x]($)", name: "a\\d[x]($)", means: true },
]) {
  test(`${written} ${means ? "means" : "does not mean"} ${JSON.stringify(name)}`, () => {
    expect(expression(written).test(name)).toBe(means);
  });
}

test("means what stars mean, however many there are", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 12 });
  const stars = fc.string({ unit: fc.constantFrom("a", "b", "*"), maxLength: 7 });
  fc.assert(
    fc.property(stars, letters, (written, name) => {
      const plain = new RegExp(`^${written.replaceAll(/\*+/g, ".*")}$`);
      expect(expression(written).test(name)).toBe(plain.test(name));
    }),
    { numRuns: 2000 },
  );
});

test("takes no longer for many stars and a hostile name", () => {
  const many = expression(`${"*a".repeat(30)}*z`);
  const start = performance.now();
  for (let i = 0; i < 100; i++) many.test("a".repeat(256));
  expect(performance.now() - start).toBeLessThan(1000);
});
