import fc from "fast-check";
import { expect, test } from "vitest";
import type { AttributeValue } from "../../genai/span.ts";
import type { Detector } from "./detector.ts";
import type { Finding } from "./finding.ts";
import { marker } from "./marker.ts";
import { scan, type Hand, type Walk } from "./scan.ts";
import { walk, walkMessage, walkParts } from "./walk.ts";

/** Finds what the patterns say, so that a test is about where texts stand and not about what is in them. */
function finds(...patterns: readonly (readonly [Finding["type"], RegExp])[]): Detector {
  return {
    find: (text) =>
      patterns
        .flatMap(([type, pattern]) =>
          [...text.matchAll(pattern)].map((match) => ({ start: match.index, end: match.index + match[0].length, type })),
        )
        .toSorted((one, other) => one.start - other.start),
  };
}

const detector = finds(["EMAIL", /\w+@\w+/g], ["SSN", /(?<=ssn: )\d{9}/g], ["PERSON", /Ann Lee/g]);
const hand: Hand = { detector, operate: (_found, type) => marker(type) };
const never = (): boolean => false;

function scrubbed<Value extends AttributeValue>(value: Value, each: Walk<Value> = walk, by = hand): AttributeValue {
  return scan(value, by, each, never).value;
}

const values: readonly { title: string; value: AttributeValue; after: AttributeValue }[] = [
  { title: "a text", value: "ask a@b or c@d", after: "ask [EMAIL] or [EMAIL]" },
  { title: "texts in lists and objects", value: { a: ["a@b", { c: "x" }] }, after: { a: ["[EMAIL]", { c: "x" }] } },
  { title: "a key", value: { "a@b": 1 }, after: { "[EMAIL]": 1 } },
  { title: "no key that a program may use", value: { ssn: { "Ann-Lee": "x" } }, after: { ssn: { "Ann-Lee": "x" } } },
  { title: "keys that would read alike", value: { "a@b": 1, "c@d": 2 }, after: { "[EMAIL]": 1, "[EMAIL:2]": 2 } },
  { title: "keys beside one that reads alike already", value: { "[EMAIL]": 1, "a@b": 2 }, after: { "[EMAIL]": 1, "[EMAIL:2]": 2 } },
  { title: "a number under a key that says what it is", value: { ssn: 123456789 }, after: { ssn: "[SSN]" } },
  { title: "a bigint likewise", value: { ssn: 123456789n }, after: { ssn: "[SSN]" } },
  { title: "a credential by its key", value: { Authorization: "whatever" }, after: { Authorization: "[SECRET]" } },
  { title: "a password by its key", value: { password: "open sesame" }, after: { password: "[PASSWORD]" } },
  {
    title: "a password of digits",
    value: [{ password: 123456 }, '{"password":123456}'],
    after: [{ password: "[PASSWORD]" }, '{"password":"[PASSWORD]"}'],
  },
  { title: "a name by its key", value: { firstName: "string", last_name: "x" }, after: { firstName: "[PERSON]", last_name: "[PERSON]" } },
  { title: "a line of an address by its key, in a text", value: '{"address2": "Suite 7"}', after: '{"address2": "[ADDRESS]"}' },
  { title: "nothing of a key that has no text", value: { password: "", first_name: "-" }, after: { password: "", first_name: "-" } },
  { title: "not the schema of a password", value: { password: { type: "string" } }, after: { password: { type: "string" } } },
  { title: "JSON in a text", value: '{"to": "a@b"}', after: '{"to": "[EMAIL]"}' },
  { title: "a key in it", value: '{"a@b":1,"c@d":2}', after: '{"[EMAIL]":1,"[EMAIL:2]":2}' },
  { title: "a number in it", value: '{"ssn": 123456789, "n": 12345678901234567890}', after: '{"ssn": "[SSN]", "n": 12345678901234567890}' },
  { title: "a credential in it", value: '{"api_key":"x","n":1}', after: '{"api_key":"[SECRET]","n":1}' },
  { title: "escapes in it", value: '["\\nAnn Lee \\u0041@b"]', after: '["\\n[PERSON] [EMAIL]"]' },
  {
    title: "JSON in a text in JSON in a text",
    value: JSON.stringify({ a: JSON.stringify({ b: "a@b" }) }),
    after: JSON.stringify({ a: JSON.stringify({ b: "[EMAIL]" }) }),
  },
  { title: "what is escaped in JSON that was cut off", value: '{"to":"a\\u0040b', after: '{"to":"[EMAIL]' },
  { title: "what is escaped in JSON by lines", value: '{"n": 1}\n{"to":"a\\u0040b"}', after: '{"n": 1}\n{"to":"[EMAIL]"}' },
  { title: "JSON in quotes", value: JSON.stringify('{"to":"a@b"}'), after: JSON.stringify('{"to":"[EMAIL]"}') },
  { title: "what only begins like JSON", value: '[a@b wrote "c@d"', after: '[[EMAIL] wrote "[EMAIL]"' },
  { title: "JSON that was cut off", value: '{"to":"a@b","name":"\\nAnn Lee', after: '{"to":"[EMAIL]","name":"\\n[PERSON]' },
  { title: "what was scrubbed before", value: "[EMAIL] and EMAIL_abcdefghij", after: "[EMAIL] and EMAIL_abcdefghij" },
  { title: "nothing of what is no text", value: [true, null, 5], after: [true, null, 5] },
];
for (const { title, value, after } of values) {
  test(`scrubs ${title}`, () => {
    expect(scrubbed(value)).toEqual(after);
    expect(scrubbed(scrubbed(value))).toEqual(after);
  });
}

test("what has nothing in it is returned as it was given", () => {
  const value = { a: ["x", { b: '{"c": 1}' }], n: 5 };
  expect(scrubbed(value)).toBe(value);
});

test("a name that one field tells is found in another", () => {
  const memory: Detector = {
    find(text) {
      const name = /name: (\w+)/.exec(text)?.[1];
      return name === undefined
        ? []
        : [...text.matchAll(RegExp(name, "g"))].map(({ index }) => ({ start: index, end: index + name.length, type: "PERSON" }));
    },
  };
  expect(scrubbed({ name: "Ann", note: "call Ann" }, walk, { ...hand, detector: memory })).toEqual({
    name: "[PERSON]",
    note: "call [PERSON]",
  });
});

test("a finding over two fields is marked in both", () => {
  const over = finds(["ADDRESS", /Main St\nzip: 12345/g]);
  expect(scrubbed({ place: "1 Main St", zip: "12345 x" }, walk, { ...hand, detector: over })).toEqual({
    place: "1 [ADDRESS]",
    zip: "[ADDRESS] x",
  });
});

const base64 = (text: string): string => Buffer.from(text).toString("base64");
/** A picture of one point. */
const BYTES = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";

const messages: readonly { title: string; message: AttributeValue; after: AttributeValue }[] = [
  {
    title: "text, thought and refusal, and who said it",
    message: {
      role: "user",
      name: "Ann Lee",
      parts: [
        { type: "text", content: "a@b" },
        { type: "reasoning", content: "a@b" },
        { type: "refusal", content: "a@b" },
      ],
    },
    after: {
      role: "user",
      name: "[PERSON]",
      parts: [
        { type: "text", content: "[EMAIL]" },
        { type: "reasoning", content: "[EMAIL]" },
        { type: "refusal", content: "[EMAIL]" },
      ],
    },
  },
  {
    title: "calls of tools, whose ids stay",
    message: { role: "assistant", parts: [{ type: "tool_call", id: "call_1", name: "send_mail", arguments: { to: "a@b", n: 2 } }] },
    after: { role: "assistant", parts: [{ type: "tool_call", id: "call_1", name: "send_mail", arguments: { to: "[EMAIL]", n: 2 } }] },
  },
  {
    title: "what a tool answered",
    message: { role: "tool", parts: [{ type: "tool_call_response", id: "c1", response: '{"mail":"a@b"}' }] },
    after: { role: "tool", parts: [{ type: "tool_call_response", id: "c1", response: '{"mail":"[EMAIL]"}' }] },
  },
  {
    title: "addresses of media, and not their bytes",
    message: {
      role: "user",
      parts: [
        { type: "uri", modality: "image", uri: "https://x/?u=a@b" },
        { type: "blob", modality: "image", mime_type: "image/png", content: BYTES },
        { type: "blob", content: "a@b" },
        { type: "blob", mime_type: "text/plain", content: "a@b" },
      ],
    },
    after: {
      role: "user",
      parts: [
        { type: "uri", modality: "image", uri: "https://x/?u=[EMAIL]" },
        { type: "blob", modality: "image", mime_type: "image/png", content: BYTES },
        { type: "blob", content: "[EMAIL]" },
        { type: "blob", mime_type: "text/plain", content: "[EMAIL]" },
      ],
    },
  },
  {
    title: "parts of a type nobody knows",
    message: { role: "user", parts: [{ type: "new", what: { mail: "a@b" } }] },
    after: { role: "user", parts: [{ type: "new", what: { mail: "[EMAIL]" } }] },
  },
  {
    title: "documents of text",
    message: {
      role: "user",
      parts: [
        { type: "blob", mime_type: "text/csv", content: base64("mail\na@b") },
        { type: "blob", mime_type: "text/csv", content: base64("mail\n") },
      ],
    },
    after: {
      role: "user",
      parts: [
        { type: "blob", mime_type: "text/csv", content: base64("mail\n[EMAIL]") },
        { type: "blob", mime_type: "text/csv", content: base64("mail\n") },
      ],
    },
  },
  {
    title: "what stands where a word or an id should",
    message: {
      role: "a@b",
      parts: [
        { type: "a@b", id: { by: "a@b" } },
        { type: "tool_call", id: "a@b", name: "f" },
      ],
      finish_reason: "to a@b",
    },
    after: {
      role: "[EMAIL]",
      parts: [
        { type: "[EMAIL]", id: { by: "[EMAIL]" } },
        { type: "tool_call", id: "[EMAIL]", name: "f" },
      ],
      finish_reason: "to [EMAIL]",
    },
  },
  { title: "what is no message", message: "a@b", after: "[EMAIL]" },
];
for (const { title, message, after } of messages) {
  test(`scrubs of a message ${title}`, () => {
    expect(scrubbed(message, walkMessage)).toEqual(after);
  });
}

test("scrubs the definition of a tool", () => {
  const tool = { type: "function", name: "send", description: "as a@b does", parameters: { properties: { password: { type: "string" } } } };
  expect(scrubbed([tool], walkParts)).toEqual([{ ...tool, description: "as [EMAIL] does" }]);
});

test("counts what it found, by type", () => {
  expect([...scan({ a: "a@b c@d", ssn: 123456789 }, hand, walk, never).counts]).toEqual([
    ["EMAIL", 2],
    ["SSN", 1],
  ]);
});

test("a detector that fails leaves no text", () => {
  const failing: Hand = {
    ...hand,
    detector: {
      find() {
        throw new Error("broken");
      },
    },
  };
  const message = { role: "user", parts: [{ type: "text", content: "private" }] };
  const { value, counts } = scan(message, failing, walkMessage, never);
  expect(value).toEqual({ role: "user", parts: [{ type: "text", content: "[UNSCANNED:error]" }] });
  expect([...counts]).toEqual([["UNSCANNED", 1]]);
});

test("a walk that fails leaves no text either", () => {
  const broken = (): AttributeValue => {
    throw new RangeError("too deep");
  };
  expect(scan("private", hand, broken, never).value).toBe("[UNSCANNED:error]");
});

test("when the time is over, no text is left", () => {
  const late = scan({ a: "private", n: 7 }, hand, walk, () => true);
  expect(late.value).toEqual({ a: "[UNSCANNED:budget]", n: "[UNSCANNED:budget]" });
});

const tree = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.oneof(fc.string({ unit: "grapheme" }), fc.constantFrom("a@b", "Ann Lee", '{"k":"a@b"}', '["a@b', "[EMAIL]")),
    fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
    fc.array(tie("value")),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("a@b", "c@d", "[EMAIL]", "[EMAIL:2]", "ssn", "__proto__")), tie("value")),
  ),
})).value;

test("whatever the value, nothing that was found is left, its shape stays, and scrubbing twice is scrubbing once", () => {
  fc.assert(
    fc.property(tree, (value) => {
      const before = structuredClone(value);
      const once = scrubbed(value);
      expect(value).toEqual(before);
      expect(JSON.stringify(once)).not.toMatch(/Ann Lee|a@b|c@d/);
      expect(shape(once)).toEqual(shape(value));
      expect(scrubbed(once)).toEqual(once);
    }),
  );
});

/** Lists and objects and how many members they have; JSON in texts stays JSON. */
function shape(value: AttributeValue): unknown {
  if (Array.isArray(value)) return (value as readonly AttributeValue[]).map(shape);
  if (typeof value === "object" && value !== null) return Object.values(value).map(shape);
  if (typeof value === "string" && /^\s*[[{]/.test(value)) {
    try {
      return ["json", shape(JSON.parse(value) as AttributeValue)];
    } catch {
      return "text";
    }
  }
  return typeof value === "boolean" || value === null ? value : "text";
}
