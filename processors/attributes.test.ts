import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import type { Span } from "../genai/span.ts";
import { attributes, attributesOptions } from "./attributes.ts";
import { aSpan } from "./processor_contract.ts";

const key = Buffer.alloc(32, 3);
async function changed(options: object, given: Span["attributes"], span: Partial<Span> = {}): Promise<Span["attributes"] | undefined> {
  const [out] = await attributes(attributesOptions.parse({ use: "attributes", ...options }), { key }).process([
    aSpan({ ...span, attributes: given }),
  ]);
  return out?.attributes;
}

const cases: readonly { title: string; options: object; given: Span["attributes"]; gives: Span["attributes"] }[] = [
  { title: "drops by name", options: { drop: ["a"] }, given: { a: 1, ab: 2 }, gives: { ab: 2 } },
  { title: "drops by beginning", options: { drop: ["a.*"] }, given: { a: 1, "a.b": 2, "a.c.d": 3, "b.a.": 4 }, gives: { a: 1, "b.a.": 4 } },
  {
    title: "drops content",
    options: { drop: ["gen_ai.*.messages", "gen_ai.input.messages"] },
    given: { "gen_ai.input.messages": [] },
    gives: {},
  },
  {
    title: "drops all of its own but what Spangate alone says",
    options: { drop: ["*"] },
    given: { a: 1, "spangate.usage.source": "none" },
    gives: { "spangate.usage.source": "none" },
  },
  { title: "renames, over what stood there", options: { rename: { a: "b" } }, given: { a: 1, b: 2 }, gives: { b: 1 } },
  { title: "renames one after the other", options: { rename: { a: "b", b: "c" } }, given: { a: 1 }, gives: { c: 1 } },
  { title: "leaves alone what is not there", options: { rename: { x: "a" }, hash: ["y"], drop: ["z"] }, given: { a: 1 }, gives: { a: 1 } },
  {
    title: "sets last",
    options: { drop: ["a"], rename: { b: "a" }, set: { a: true, c: "d" } },
    given: { a: 1, b: 2 },
    gives: { a: true, c: "d" },
  },
  { title: "drops before it renames", options: { drop: ["b"], rename: { a: "b" } }, given: { a: 1, b: 2 }, gives: { b: 1 } },
];
for (const { title, options, given, gives } of cases) {
  test(title, async () => {
    expect(await changed(options, given)).toEqual(gives);
  });
}

test("a hash is keyed, the same for the same value of a tenant, and another for another tenant or key", async () => {
  const hash = { hash: ["a", "b", "list"] };
  const here = await changed(hash, { a: "ada@example.com", b: "ada@example.com", list: [1, { x: 2n }] });
  // HMAC(HMAC(key, ["attributes", tenant]), value)
  const tenantKey = createHmac("sha256", key).update('["attributes","default"]').digest();
  const literal = createHmac("sha256", tenantKey).update("ada@example.com").digest("hex").slice(0, 32);
  expect(here).toEqual({ a: literal, b: literal, list: expect.stringMatching(/^[0-9a-f]{32}$/) });
  expect((await changed(hash, { a: "ada@example.com" }, { tenant: "acme" }))?.["a"]).not.toBe(literal);
  expect(JSON.stringify(here)).not.toContain("ada");
});

test("a hash comes after the renaming", async () => {
  expect(await changed({ rename: { user: "user.hashed" }, hash: ["user.hashed"] }, { user: "ada" })).toEqual({
    "user.hashed": expect.stringMatching(/^[0-9a-f]{32}$/),
  });
});

test("only what the condition means is changed", async () => {
  const options = { set: { seen: true }, when: { kind: ["server"] } };
  expect(await changed(options, {})).toEqual({});
  expect(await changed(options, {}, { kind: "server" })).toEqual({ seen: true });
});

const refused: readonly { title: string; options: object; says: RegExp }[] = [
  { title: "nothing to do", options: {}, says: /changes nothing/ },
  { title: "content under another name", options: { rename: { "gen_ai.input.messages": "prompt" } }, says: /stays under its own name/ },
  {
    title: "a prompt's variable under another name",
    options: { rename: { "gen_ai.prompt.variable.name": "name" } },
    says: /stays under its own name/,
  },
  { title: "anything under the name of content", options: { rename: { a: "gen_ai.output.messages" } }, says: /stays under its own name/ },
  { title: "content that was never said", options: { set: { "gen_ai.input.messages": "x" } }, says: /stays under its own name/ },
  { title: "another cost", options: { set: { "spangate.cost.usd": 1 } }, says: /said by Spangate alone/ },
  { title: "another tier", options: { rename: { a: "spangate.capture" } }, says: /said by Spangate alone/ },
  { title: "no counts of what was scrubbed", options: { drop: ["spangate.scrub.EMAIL"] }, says: /said by Spangate alone/ },
  { title: "another source of usage", options: { hash: ["spangate.usage.source"] }, says: /said by Spangate alone/ },
];
for (const { title, options, says } of refused) {
  test(`cannot be told ${title}`, () => {
    expect(attributesOptions.safeParse({ use: "attributes", ...options }).error?.message).toMatch(says);
  });
}
