import { inspect } from "node:util";
import { expect, test } from "vitest";
import { Secret } from "./secret.ts";

const secret = new Secret("sk-hidden");

const printed = [
  { title: "String()", text: String(secret) },
  { title: "a template", text: `${secret}` },
  { title: "concatenation", text: "" + secret },
  { title: "JSON", text: JSON.stringify({ secret }) },
  { title: "util.inspect", text: inspect({ deep: { secret } }, { showHidden: true, depth: 9 }) },
  { title: "an error message", text: inspect(new Error(`refused ${secret}`, { cause: secret })) },
];
for (const { title, text } of printed) {
  test(`reads [redacted] in ${title}`, () => {
    expect(text).toContain("[redacted]");
    expect(text).not.toContain("sk-hidden");
  });
}

test("has no enumerable trace of its value", () => {
  expect(Object.values(secret)).toEqual([]);
  expect(JSON.stringify(structuredClone(secret))).toBe("{}");
});

test("tells its value only when asked", () => {
  expect(secret.reveal()).toBe("sk-hidden");
});
