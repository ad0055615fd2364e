import { expect, test } from "vitest";
import { digestOf, textOf } from "./message.ts";

const asked = { role: "user", content: "Hi" };
const answered = { role: "assistant", content: "Hello" };

const same = [
  { title: "a text and the same text as a part", one: asked, other: { role: "user", content: [{ type: "text", text: "Hi" }] } },
  {
    title: "an answer and the answer with the fields replies carry",
    one: answered,
    other: { ...answered, refusal: null, annotations: [] },
  },
  {
    title: "a tool's result with and without the tool's name",
    one: { role: "tool", content: "1" },
    other: { role: "tool", name: "add", content: "1" },
  },
];
for (const { title, one, other } of same) {
  test(`takes for the same history ${title}`, () => expect(digestOf([one])).toBe(digestOf([other])));
}

const different = [
  { title: "who spoke", one: [asked], other: [{ ...asked, role: "system" }] },
  { title: "what was said", one: [asked], other: [{ ...asked, content: "Ho" }] },
  { title: "the order", one: [asked, answered], other: [answered, asked] },
  { title: "which tool call was answered", one: [{ role: "tool", tool_call_id: "a" }], other: [{ role: "tool", tool_call_id: "b" }] },
];
for (const { title, one, other } of different) {
  test(`tells histories apart by ${title}`, () => expect(digestOf(one)).not.toBe(digestOf(other)));
}

test("reads the words of a message and leaves out its images", () => {
  const content = [
    { type: "text", text: "a " },
    { type: "image_url", image_url: { url: "data:" } },
    { type: "text", text: "b" },
  ];
  expect(textOf({ role: "user", content })).toBe("a b");
});
