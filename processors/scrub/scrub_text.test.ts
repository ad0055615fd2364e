import { detect, detector, scrubText } from "spangate/scrub";
import { expect, test } from "vitest";

test("a text is given back as it would be stored, with how much was found", () => {
  expect(scrubText("Write to anna.keller@gmail.com.")).toEqual({ text: "Write to [EMAIL].", found: 1 });
});

test("JSON stays JSON, and a name that it tells once is known elsewhere in it", () => {
  const { text } = scrubText('{"n": 12345678901234567890, "first_name": "Siobhan", "note": "thanks, Siobhan!"}');
  expect(text).toBe('{"n": 12345678901234567890, "first_name": "[PERSON]", "note": "thanks, [PERSON]!"}');
});

test("options are those of the configuration", () => {
  expect(scrubText("anna.keller@gmail.com", { operator: "drop" }).text).toBe("");
  expect(() => scrubText("", { threshold: 2 })).toThrow("threshold");
});

test("what is found can be asked for alone", () => {
  const found = [{ start: 9, end: 30, type: "EMAIL" }];
  expect(detect("Write to anna.keller@gmail.com.")).toEqual(found);
  expect(detector({ types: ["EMAIL"] }).find("Write to anna.keller@gmail.com.")).toEqual(found);
});
