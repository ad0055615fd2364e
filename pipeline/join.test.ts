import { expect, test } from "vitest";
import { encodePiece, type Piece } from "../genai/piece.ts";
import { KIND, type JournalRecord } from "../journal/record.ts";
import { closedAs, openedAs } from "../testing/lane.ts";
import { joiner } from "./join.ts";

type Given = Partial<Piece> & { readonly kind: keyof typeof KIND; readonly id?: string };

const text = (...words: readonly string[]): Buffer[] => words.map((word) => Buffer.from(word));
const chunks = (...pairs: readonly (readonly [atUs: number, word: string])[]) =>
  pairs.map(([atUs, word]) => ({ atUs, bytes: Buffer.from(word) }));

function record({ kind, id = "x", ...piece }: Given, sequence = 1): JournalRecord {
  return { sequence, kind: KIND[kind], payload: Buffer.concat(encodePiece({ exchangeId: id, request: [], response: [], ...piece })) };
}

function join(pieces: readonly Given[]) {
  const joined = joiner();
  const ended = pieces.flatMap((piece, i) => joined.add(record(piece, i + 1), 1) ?? []);
  const { recorded: lost, headless } = joined.abandon();
  return {
    finished: ended.filter((each) => "opened" in each),
    lost,
    headless: [...ended.filter((each) => "pieces" in each), ...headless],
  };
}

const opened = openedAs("x");
const closed = closedAs();
const replied = { status: 200, headers: [["content-type", "text/event-stream"]] as const };

test("an exchange in one record is whole", () => {
  const { finished, lost } = join([{ kind: "end", opened, closed, request: text("ask"), response: chunks([10, "answer"]) }]);
  expect(finished).toEqual([{ opened, closed, request: Buffer.from("ask"), response: chunks([10, "answer"]) }]);
  expect(lost).toEqual([]);
});

test("an exchange in several records is put together in order", () => {
  const { finished } = join([
    { kind: "begin", opened, request: text("a", "s") },
    { kind: "part", request: text("k"), replied, response: chunks([10, "an"], [20, "sw"]) },
    { kind: "part" },
    { kind: "end", closed, response: chunks([30, "er"]) },
  ]);
  expect(finished).toEqual([{ opened, closed, request: Buffer.from("ask"), response: chunks([10, "an"], [20, "sw"], [30, "er"]) }]);
});

test("exchanges that run at the same time are kept apart", () => {
  const { finished, lost } = join([
    { kind: "begin", id: "a", opened: openedAs("a"), request: text("a1") },
    { kind: "begin", id: "b", opened: openedAs("b"), request: text("b1") },
    { kind: "end", id: "b", closed, request: text("b2") },
    { kind: "part", id: "a", request: text("a2") },
  ]);
  expect(finished.map(({ opened: { exchangeId }, request }) => [exchangeId, String(request)])).toEqual([["b", "b1b2"]]);
  expect(lost.map(({ opened: { exchangeId }, request }) => [exchangeId, String(request)])).toEqual([["a", "a1a2"]]);
});

test("of an exchange whose beginning is gone the pieces come out together, whether it ended or not", () => {
  const part: Given = { kind: "part", response: chunks([1, "x"]) };
  const end: Given = { kind: "end", closed };
  const payloads = (...pieces: readonly Given[]) => pieces.map((piece) => record(piece).payload);
  expect(join([part, end])).toEqual({
    finished: [],
    lost: [],
    headless: [{ exchangeId: "x", pieces: payloads(part, end), sequence: 2 }],
  });
  expect(join([part, part]).headless).toEqual([{ exchangeId: "x", pieces: payloads(part, part), sequence: 2 }]);
});

test("records of another kind are passed over, and a payload that is no piece is told", () => {
  const joined = joiner();
  expect(joined.add({ sequence: 1, kind: KIND.event, payload: Buffer.from("anything") }, 1)).toBeUndefined();
  expect(() => joined.add({ sequence: 2, kind: KIND.end, payload: Buffer.from("anything") }, 1)).toThrow("JSON");
});

const lostCases: readonly { title: string; pieces: readonly Given[]; closed: object }[] = [
  {
    title: "before the reply, knows nothing of one",
    pieces: [{ kind: "begin", opened, request: text("ask") }],
    closed: { endedUs: 0, headers: [], requestBytes: 3, responseBytes: 0 },
  },
  {
    title: "in the middle of a reply, has its head and what came",
    pieces: [
      { kind: "begin", opened, replied },
      { kind: "part", response: chunks([10, "an"], [25, "swer"]) },
    ],
    closed: { endedUs: 25, firstByteUs: 10, status: 200, headers: replied.headers, requestBytes: 0, responseBytes: 6 },
  },
];
for (const { title, pieces, closed: expected } of lostCases) {
  test(`an exchange whose recorder was lost ${title}`, () => {
    const { lost } = join(pieces);
    expect(lost.map((each) => each.closed)).toEqual([
      { ending: "incomplete", error: "recorder_lost", attempts: [], overheadUs: 0, ...expected },
    ]);
  });
}

test("an exchange is abandoned once", () => {
  const joined = joiner();
  joined.add(record({ kind: "begin", opened }), 1);
  expect(joined.abandon().recorded).toHaveLength(1);
  expect(joined.abandon()).toEqual({ recorded: [], headless: [] });
});

test("the oldest segment is needed until what began in it has ended", () => {
  const joined = joiner();
  expect(joined.oldestNeeded()).toBeUndefined();
  joined.add(record({ kind: "begin", id: "a", opened: openedAs("a") }), 5);
  joined.add(record({ kind: "begin", id: "b", opened: openedAs("b") }), 9);
  joined.add(record({ kind: "part", id: "b" }), 12);
  expect(joined.oldestNeeded()).toBe(5);
  joined.add(record({ kind: "end", id: "a", closed }), 12);
  expect(joined.oldestNeeded()).toBe(9);
  joined.add(record({ kind: "end", id: "b", closed }), 12);
  expect(joined.oldestNeeded()).toBeUndefined();
});

test("an open exchange keeps its own bytes, not the read buffer they came in", () => {
  const joined = joiner();
  const readBuffer = Buffer.alloc(1024 * 1024);
  for (const piece of [
    record({ kind: "begin", opened, request: text("a".repeat(5000)) }),
    record({ kind: "part", response: chunks([1, "b".repeat(5000)]) }),
  ]) {
    piece.payload.copy(readBuffer);
    joined.add({ ...piece, payload: readBuffer.subarray(0, piece.payload.length) }, 1);
  }
  readBuffer.fill(0);
  const finished = joined.add(record({ kind: "end", closed }), 1);
  if (finished === undefined || "pieces" in finished) throw new Error("the exchange has not ended");
  expect([String(finished.request), String(finished.response[0]?.bytes)]).toEqual(["a".repeat(5000), "b".repeat(5000)]);
});
