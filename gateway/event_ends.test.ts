import fc from "fast-check";
import { expect, test } from "vitest";
import { eventEnds } from "./event_ends.ts";

/** The events of a stream that comes in pieces of this length; what is not over stands last. */
function events(stream: string, length = stream.length + 1): readonly string[] {
  const bytes = Buffer.from(stream, "latin1");
  const ends = eventEnds();
  const at: number[] = [];
  for (let from = 0; from < bytes.length; from += length) {
    const begins = ends.read(bytes.subarray(0, from + length), from);
    // An LF that belongs to the CR in the piece before.
    if (begins > from && at.at(-1) === from) at[at.length - 1] = begins;
    for (let end = ends.next(); end !== -1; end = ends.next()) at.push(end);
  }
  return [0, ...at].map((start, index) => stream.slice(start, at[index])).filter((each) => each !== "");
}

const cases = [
  { title: "at a blank line", stream: "data: a\n\ndata: b\n\n", expected: ["data: a\n\n", "data: b\n\n"] },
  { title: "not at a line", stream: "event: x\ndata: a\ndata: b\n\n", expected: ["event: x\ndata: a\ndata: b\n\n"] },
  { title: "at each blank line of several", stream: "\n\ndata: a\n\n\n", expected: ["\n", "\n", "data: a\n\n", "\n"] },
  { title: "with CR LF", stream: "data: a\r\n\r\ndata: b\r\n\r\n", expected: ["data: a\r\n\r\n", "data: b\r\n\r\n"] },
  { title: "with CR", stream: "data: a\r\rdata: b\r\r", expected: ["data: a\r\r", "data: b\r\r"] },
  {
    title: "with line ends of all kinds",
    stream: "data: a\r\n\ndata: b\n\rdata: c\r\r\n",
    expected: ["data: a\r\n\n", "data: b\n\r", "data: c\r\r\n"],
  },
  { title: "behind a comment that stands first", stream: ": a\n: b\ndata: c\n\n", expected: [": a\n", ": b\n", "data: c\n\n"] },
  { title: "not behind a comment within", stream: "data: a\n: b\ndata: c\n\n", expected: ["data: a\n: b\ndata: c\n\n"] },
  { title: "nowhere in what is not over", stream: "data: a\n\ndata: b\n", expected: ["data: a\n\n", "data: b\n"] },
];
for (const { title, stream, expected } of cases) test(`an event ends ${title}`, () => expect(events(stream)).toEqual(expected));

test("events end in the same places however the bytes are cut", () => {
  const bit = fc.constantFrom("\n", "\r", "\r\n", "data: a", ": b", "x", "");
  fc.assert(
    fc.property(fc.array(bit, { maxLength: 30 }), fc.integer({ min: 1, max: 7 }), (bits, length) => {
      const stream = bits.join("");
      expect(events(stream, length)).toEqual(events(stream));
      expect(events(stream).join("")).toBe(stream);
    }),
    { numRuns: 500 },
  );
});

test("is settled once an event is over, and the LF that its CR may bring with it", () => {
  const ends = eventEnds();
  const settled = ["data", ": a\r\n", "\r", "\n", ": b", "\n", "\n"].map((piece) => {
    ends.read(Buffer.from(piece), 0);
    while (ends.next() !== -1);
    return ends.settled;
  });
  expect(settled).toEqual([false, false, false, true, false, true, true]);
});
