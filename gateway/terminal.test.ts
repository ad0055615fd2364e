import fc from "fast-check";
import { expect, test } from "vitest";
import { terminalWatch } from "./terminal.ts";

const markers = ["data: [DONE]", "data:[DONE]", "event: response.completed", 'data: {"type":"response.completed"'].map((each) =>
  Buffer.from(each),
);

/** Index of the piece in which the end was seen; -1 when it was not. */
function seenIn(pieces: readonly (string | Buffer)[]): number {
  const watch = terminalWatch(markers);
  return pieces.findIndex((piece) => watch.seen(Buffer.from(piece)));
}

const cases = [
  { title: "the end marker in an event of its own", pieces: ["data: {}\n\n", "data: [DONE]\n\n"], at: 1 },
  { title: "the end marker behind another event", pieces: ["data: {}\n\ndata: [DONE]\n\n"], at: 0 },
  { title: "the end marker cut in two", pieces: ["data: {}\n\ndata: [DO", "NE]\n\n"], at: 1 },
  { title: "the end marker cut at its line break", pieces: ["data: {}\n", "\n", "data: [DONE]"], at: 2 },
  { title: "the end marker without a space", pieces: ["data:[DONE]\n\n"], at: 0 },
  { title: "the end marker behind CR", pieces: ["data: {}\r\r", "data: [DONE]\r\r"], at: 1 },
  { title: "the end marker behind CR LF", pieces: ["data: {}\r\n\r\ndata: [DONE]\r\n\r\n"], at: 0 },
  { title: "no end marker in a text", pieces: ['data: {"content":"data: [DONE]"}\n\n', 'data: {"content":"\\ndata: [DONE]"}\n\n'], at: -1 },
  { title: "no end marker in the middle of a line that is cut", pieces: ['data: {"content":"', 'data: [DONE]"}\n\n'], at: -1 },
  { title: "the blank line behind an announced event", pieces: ["event: response.completed\n", "data: {", "}\n", "\n"], at: 3 },
  { title: "the blank line in one piece", pieces: ["event: response.completed\ndata: {}\n\n"], at: 0 },
  { title: "the blank line cut between CR and LF", pieces: ["event: response.completed\r\ndata: {}\r\n\r", "\n"], at: 1 },
  { title: "an announcement without an event line", pieces: ['data: {"type":"response.completed","response":{}}\n\n'], at: 0 },
  { title: "no blank line, no end", pieces: ["event: response.completed\ndata: {}\n"], at: -1 },
] as const;

for (const { title, pieces, at } of cases) test(`sees ${title}`, () => expect(seenIn(pieces)).toBe(at));

test("sees the end in the same place however the bytes are cut", () => {
  const stream = Buffer.from('data: {"a":"é"}\n\n: note\r\n\r\nevent: response.completed\ndata: {"x":1}\n\ndata: [DONE]\n\n');
  const end = stream.indexOf('"x":1}\n\n') + '"x":1}\n\n'.length;
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: stream.length - 1 }), { maxLength: 12 }), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
      const pieces = at.slice(1).map((to, i) => stream.subarray(at[i], to));
      const index = seenIn(pieces);
      const before = pieces.slice(0, index).reduce((sum, { length }) => sum + length, 0);
      expect(before).toBeLessThan(end);
      expect(before + (pieces[index]?.length ?? 0)).toBeGreaterThanOrEqual(end);
    }),
  );
});

test("knows when it stands between two events", () => {
  const watch = terminalWatch(markers);
  const states = ["data: {}", "\n", "\n", "data", ": {}\r\n\r", "\n"].map((piece) => {
    watch.seen(Buffer.from(piece));
    return watch.betweenEvents;
  });
  expect(states).toEqual([false, false, true, false, false, true]);
});
