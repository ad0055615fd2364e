import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

const KEYS = ["host", "port", "processes", "max_body_bytes", "max_buffered_bytes"];

const cases = [
  { word: "prot", meant: "port" },
  { word: "hosts", meant: "host" },
  { word: "max_bytes", meant: undefined },
  { word: "max_body_byte", meant: "max_body_bytes" },
  { word: "max-buffered-bytes", meant: "max_buffered_bytes" },
  { word: "x", meant: undefined },
  { word: "retention", meant: undefined },
];
for (const { word, meant } of cases) {
  test(`${word} most likely means ${meant ?? "nothing known"}`, () => {
    expect(nearest(word, KEYS)).toBe(meant);
  });
}

test("knows nothing near where nothing may stand", () => {
  expect(nearest("port", [])).toBeUndefined();
});
