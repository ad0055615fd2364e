import { expect, test } from "vitest";
import { printer } from "./printer.ts";

function printed(pieces: readonly string[]): readonly string[] {
  const lines: string[] = [];
  const print = printer(
    (line) => lines.push(line),
    () => 0,
  );
  for (const piece of pieces) print(piece);
  return lines;
}

test("lines come whole, however they are cut", () => {
  expect(printed(["on", "e\ntwo\nth", "ree", "\n", "never ended"])).toEqual(["one", "two", "three"]);
});

test("a long line is shortened, also one that comes in many pieces", () => {
  expect(printed([`${"x".repeat(1000)}\nnext\n`])).toEqual([`${"x".repeat(200)}…`, "next"]);
  expect(printed([...Array.from({ length: 1000 }, () => "x"), "\nnext\n"])).toEqual([`${"x".repeat(200)}…`, "next"]);
});

test("there are 20 lines a minute, and a word about the others", () => {
  let now = 0;
  const lines: string[] = [];
  const print = printer(
    (line) => lines.push(line),
    () => now,
  );
  for (let i = 0; i < 1000; i++) print(`${i}\n`);
  expect(lines).toHaveLength(21);
  expect(lines.slice(-2)).toEqual(["19", "more lines are left out for a minute"]);
  now = 60_001;
  print("again\n");
  expect(lines.at(-1)).toBe("again");
});
