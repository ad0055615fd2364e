import { expect, test } from "vitest";
import {
  ALPHANUMERIC,
  CAPITALISED,
  CAPITALS,
  CODE,
  INITIAL,
  LOWERCASE,
  MARGIN,
  MIXED,
  NAME_MARKER,
  NUMBER,
  OPAQUE,
  tokenize,
  tokensFor,
  UNCASED,
} from "./tokens.ts";

function read(text: string, skip: readonly number[] = []): readonly (readonly [string, number])[] {
  const tokens = tokensFor(16);
  tokenize(text, Int32Array.from(skip.flatMap((at, i) => (i % 2 === 0 ? [at] : [at, OPAQUE]))), tokens);
  return Array.from({ length: tokens.end - MARGIN }, (_, at) => {
    const row = at + MARGIN;
    return [text.slice(tokens.start[row], tokens.stop[row]), tokens.shape[row] ?? 0] as const;
  });
}

const cases = [
  {
    title: "words by their capitals",
    text: "the Anna USA A",
    tokens: [
      ["the", LOWERCASE],
      ["Anna", CAPITALISED],
      ["USA", CAPITALS],
      ["A", INITIAL],
    ],
  },
  {
    title: "joined words",
    text: "Jean-Pierre O'Connell d’Angelo",
    tokens: [
      ["Jean-Pierre", CAPITALISED],
      ["O'Connell", CAPITALISED],
      ["d’Angelo", MIXED],
    ],
  },
  {
    title: "possessives apart",
    text: "Anna's",
    tokens: [
      ["Anna", CAPITALISED],
      ["s", LOWERCASE],
    ],
  },
  { title: "a capital after two letters", text: "McKay", tokens: [["McKay", MIXED]] },
  {
    title: "identifiers whole",
    text: "user_name camelCase AppleStore a.b.c",
    tokens: [
      ["user_name", CODE],
      ["camelCase", CODE],
      ["AppleStore", CODE],
      ["a.b.c", CODE],
    ],
  },
  {
    title: "addresses of the net whole",
    text: "anna@example.com https://a.example/b?c=d x",
    tokens: [
      ["anna@example.com", CODE],
      ["https://a.example/b?c=d", CODE],
      ["x", LOWERCASE],
    ],
  },
  {
    title: "handles and hashtags",
    text: "@anna #Anna",
    tokens: [
      ["anna", CODE],
      ["Anna", CODE],
    ],
  },
  {
    title: "numbers, and numbers with letters",
    text: "62704 134b 1.5",
    tokens: [
      ["62704", NUMBER],
      ["134b", ALPHANUMERIC],
      ["1.5", CODE],
    ],
  },
  {
    title: "initials apart",
    text: "J.R. Smith",
    tokens: [
      ["J", INITIAL],
      ["R", INITIAL],
      ["Smith", CAPITALISED],
    ],
  },
  { title: "scripts without cases", text: "王伟", tokens: [["王伟", UNCASED]] },
  {
    title: "escaped line ends as blanks",
    text: "a\\nJohn",
    tokens: [
      ["a", LOWERCASE],
      ["John", CAPITALISED],
    ],
  },
  {
    title: "markers",
    text: "[PERSON] [EMAIL:.com] [SMS] PERSON_ab2cd3ef4g",
    tokens: [
      ["[PERSON]", NAME_MARKER],
      ["[EMAIL:.com]", OPAQUE],
      ["SMS", CAPITALS],
      ["PERSON_ab2cd3ef4g", NAME_MARKER],
    ],
  },
] as const;
for (const { title, text, tokens } of cases) {
  test(`reads ${title}`, () => {
    expect(read(text)).toEqual(tokens);
  });
}

test("what is skipped is one opaque token, wherever it cuts", () => {
  expect(read("write to anna@x.de now", [9, 18])).toEqual([
    ["write", LOWERCASE],
    ["to", LOWERCASE],
    ["anna@x.de", OPAQUE],
    ["now", LOWERCASE],
  ]);
  expect(read("abcdef", [2, 4])).toEqual([
    ["ab", LOWERCASE],
    ["cd", OPAQUE],
    ["ef", LOWERCASE],
  ]);
});

test("grows with the text", () => {
  expect(read("a ".repeat(5000))).toHaveLength(5000);
});
