import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { MALFORMED } from "../testing/faults/malformed.ts";
import { withoutUsageEvent } from "./usage_event.ts";

/** What goes on of a stream that comes in these pieces. */
function passed(pieces: Iterable<Buffer>): Buffer {
  const filter = withoutUsageEvent();
  const out = [...Iterator.from(pieces).map((piece) => filter.pass(piece)), filter.rest()];
  return Buffer.concat(out.filter((bytes) => bytes !== undefined));
}

function* cut(stream: Buffer, ...lengths: readonly number[]): Generator<Buffer> {
  let at = 0;
  for (let piece = 0; at < stream.length; piece++) {
    const end = at + (lengths[piece % lengths.length] ?? 1);
    yield stream.subarray(at, end);
    at = end;
  }
}

const chunk = (content: string): string =>
  `data: {"choices":[{"index":0,"delta":{"content":${JSON.stringify(content)}}}],"usage":null}\n\n`;
const USAGE = 'data: {"id":"c","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n';
const DONE = "data: [DONE]\n\n";
const HELLO = chunk("Hel") + chunk("lo");

const cases = [
  { title: "the event before [DONE]", stream: HELLO + USAGE + DONE, left: HELLO + DONE },
  { title: "the event at the end of a stream that has no [DONE]", stream: HELLO + USAGE, left: HELLO },
  { title: "the event at the end, without its blank line", stream: HELLO + USAGE.trimEnd(), left: HELLO },
  { title: "the event of a stream that has no other", stream: USAGE + DONE, left: DONE },
  { title: "the event before a [DONE] without its blank line", stream: HELLO + USAGE + DONE.trimEnd(), left: HELLO + DONE.trimEnd() },
  { title: "the event before a [DONE] without a space", stream: HELLO + USAGE + "data:[DONE]\n\n", left: HELLO + "data:[DONE]\n\n" },
  {
    title: "the event before comments",
    stream: `${HELLO}${USAGE}: one\n\n:\n\n\n: two\n${DONE}`,
    left: `${HELLO}: one\n\n:\n\n\n: two\n${DONE}`,
  },
  { title: "the event behind comments", stream: `${HELLO}: one\n\n: two\n${USAGE}${DONE}`, left: `${HELLO}: one\n\n: two\n${DONE}` },
  {
    title: "the event with other lines beside its data",
    stream: `${HELLO}event: message\nid: 7\n: comment\n${USAGE.trimEnd()}\nretry: 9\n\n${DONE}`,
    left: HELLO + DONE,
  },
  {
    title: "the event with white space in its JSON",
    stream: `${HELLO}data:\t{ "choices" : [ ] , "usage" : { } }\n\n${DONE}`,
    left: HELLO + DONE,
  },
  {
    title: "the event over several lines",
    stream: `${HELLO}data: {\ndata:   "choices":\ndata: [\ndata:\ndata: ],\ndata: "usage": {"a":1}}\n\n${DONE}`,
    left: HELLO + DONE,
  },
  { title: "the event behind a byte order mark", stream: `\ufeff${USAGE}${DONE}`, left: DONE },
  { title: "the last of several", stream: HELLO + USAGE + USAGE + DONE, left: HELLO + USAGE + DONE },
  { title: "the first, where [DONE] comes twice", stream: HELLO + USAGE + DONE + USAGE + DONE, left: HELLO + DONE + USAGE + DONE },
];
const left = [
  { title: "nothing at all", stream: "" },
  { title: "a stream without the event", stream: HELLO + DONE },
  { title: "the event where others follow", stream: USAGE + HELLO + DONE },
  { title: "usage beside choices", stream: `data: {"choices":[{"index":0,"delta":{}}],"usage":{"prompt_tokens":1}}\n\n${DONE}` },
  { title: "empty choices and no usage", stream: `data: {"choices":[],"prompt_filter_results":[{"prompt_index":0}]}\n\n${HELLO}${DONE}` },
  { title: "empty choices and no usage at the end", stream: `${HELLO}data: {"choices":[],"usage":null}\n\n${DONE}` },
  { title: "empty choices and a list as usage", stream: `${HELLO}data: {"choices":[],"usage":[]}\n\n${DONE}` },
  { title: "usage and no choices", stream: `${HELLO}data: {"usage":{"prompt_tokens":1}}\n\n${DONE}` },
  { title: "an object of choices", stream: `${HELLO}data: {"choices":{},"usage":{}}\n\n${DONE}` },
  { title: "choices that are empty only at first", stream: `${HELLO}data: {"choices":[],"usage":{},"choices":[{}]}\n\n${DONE}` },
  { title: "the event as a text of the model", stream: chunk(USAGE + DONE) + DONE },
  { title: "a list of events", stream: `${HELLO}data: [{"choices":[],"usage":{}}]\n\n${DONE}` },
  { title: "what is no JSON", stream: `${HELLO}data: {"choices":[],"usage":{}\n\n${DONE}` },
  { title: "several events without blank lines", stream: `${HELLO}${USAGE.trimEnd()}\n${DONE}` },
  { title: "a comment that says the same", stream: `${HELLO}: ${USAGE}${DONE}` },
  { title: "an event longer than it ever is", stream: `${HELLO}data: {"a":"${"x".repeat(20_000)}","choices":[],"usage":{}}\n\n${DONE}` },
  { title: "a comment longer than any behind it", stream: `${HELLO}${USAGE}: ${"x".repeat(20_000)}\n\n${DONE}` },
  { title: "an event that breaks off", stream: `${HELLO}data: {"choices":[],"usage":{"prompt` },
  { title: "an event that breaks off behind it", stream: `${HELLO}${USAGE}data: {"cho` },
].map((each) => ({ ...each, left: each.stream }));

const LINE_ENDS = ["\n", "\r\n", "\r"];
for (const { title, stream, left: expected } of [...cases.map((each) => ({ ...each, title: `takes out ${each.title}` })), ...left]) {
  test(expected === stream ? `leaves as it is: ${title}` : title, () => {
    for (const lineEnd of LINE_ENDS) {
      const bytes = Buffer.from(stream.replaceAll("\n", lineEnd));
      for (const length of [bytes.length + 1, 1, 2, 3, 7, 50]) {
        expect(passed(cut(bytes, length)).toString()).toBe(expected.replaceAll("\n", lineEnd));
      }
    }
  });
}

const folder = new URL("../testing/exchanges/malformed_sse/", import.meta.url);
const recorded = readdirSync(folder)
  .filter((name) => name.endsWith(".sse"))
  .map((name) => ({ title: name, bytes: readFileSync(new URL(name, folder)) }));
const SHORT = 50_000;
for (const { title, bytes } of [...MALFORMED, ...recorded]) {
  test(`nothing but the event is missing from a malformed stream: ${title}`, () => {
    const whole = passed([bytes]);
    const removed = difference(bytes.toString("latin1"), whole.toString("latin1"));
    if (removed !== "") {
      expect(removed.match(/"usage":/g)).toHaveLength(1);
      expect(removed).toMatch(/"choices": ?\[\]/);
    }
    for (const length of bytes.length > SHORT ? [1000, 16_384] : [1, 2, 5, 1000]) {
      expect(passed(cut(bytes, length)).equals(whole)).toBe(true);
    }
  });
}

/** The one piece that is missing from a text. */
function difference(whole: string, without: string): string {
  let start = 0;
  while (start < without.length && whole[start] === without[start]) start++;
  const end = start + whole.length - without.length;
  expect(whole.slice(0, start) + whole.slice(end) === without).toBe(true);
  return whole.slice(start, end);
}

const json = (value: unknown, indent = 0): string => JSON.stringify(value, undefined, indent);
const data = (text: string): string =>
  text
    .split("\n")
    .map((line) => `data: ${line}\n`)
    .join("");
const notEmpty = fc.array(fc.record({ index: fc.nat(), delta: fc.dictionary(fc.string(), fc.jsonValue()) }), {
  minLength: 1,
  maxLength: 3,
});
const usage = fc.dictionary(fc.string(), fc.oneof(fc.nat(), fc.dictionary(fc.string(), fc.nat())));
const indent = fc.constantFrom(0, 1, 3);
const event = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.record({ id: fc.string(), choices: notEmpty, usage: fc.constant(null) }), indent)
      .map((each) => data(json(...each))),
  },
  fc.record({ choices: notEmpty, usage }).map((each) => data(json(each))),
  fc
    .constantFrom({ choices: [] }, { choices: [], usage: null }, { usage: {} }, { error: { message: "overloaded" } }, [])
    .map((each) => data(json(each))),
  fc.constantFrom("event: ping\n", "id\n", "data\n", "data: [DONE\n", "\ufeffdata: x\n", "foo: bar\nretry: 7\n"),
);
const comment = fc.constantFrom(":\n", ": keep-alive\n", ": é😀\n", "\n");
const noise = fc.array(comment, { maxLength: 2 }).map((each) => each.join(""));
const extra = fc
  .tuple(fc.record({ id: fc.string(), choices: fc.constant([]), usage, model: fc.string() }), indent)
  .map((each) => data(json(...each)));
const end = fc.constantFrom("data: [DONE]\n\n", "data:[DONE]\n\n", "data: [DONE]\n", "data: [DONE]", "");

/** A CR and an LF behind it would be one. */
const lineEnds = fc.constantFrom(["\n"], ["\r\n"], ["\r"], ["\n", "\r\n"], ["\r\n", "\r", "\r"]);

/** A stream in pieces: what comes before the event, the event, and what comes behind it. */
const stream = fc
  .tuple(fc.constantFrom("", "\ufeff"), fc.array(fc.tuple(noise, event), { minLength: 1 }), noise, extra, noise, end, lineEnds)
  .map(([mark, events, between, one, after, last, lineEnds]) => {
    let line = 0;
    const ended = (text: string): string => text.replaceAll("\n", () => lineEnds[line++ % lineEnds.length] ?? "\n");
    return {
      before: ended(mark + events.map(([quiet, each]) => `${quiet}${each}\n`).join("") + between),
      one: ended(`${one}\n`),
      behind: ended(after + last),
    };
  });
const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 });

test("however a stream is cut, the event is missing from it and nothing else", () => {
  fc.assert(
    fc.property(stream, cuts, ({ before, one, behind }, lengths) => {
      expect(passed(cut(Buffer.from(before + one + behind), ...lengths)).toString()).toBe(before + behind);
    }),
    { numRuns: 500 },
  );
});

test("however it is cut, nothing is missing from a stream that has no such event before its end", () => {
  fc.assert(
    fc.property(stream, cuts, fc.boolean(), ({ before, one, behind }, lengths, early) => {
      const bytes = Buffer.from(early ? one + chunk("more") + before + behind : before + behind);
      expect(passed(cut(bytes, ...lengths)).equals(bytes)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("bytes are bytes: a stream of any goes on as it is", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), cuts, (bytes, lengths) => {
      expect(passed(cut(Buffer.from(bytes), ...lengths)).equals(bytes)).toBe(true);
    }),
  );
});

/** What the client has after each of these pieces. */
function flow(pieces: readonly string[]): readonly string[] {
  const filter = withoutUsageEvent();
  let all = "";
  return pieces.map((piece) => (all += filter.pass(Buffer.from(piece))?.toString() ?? ""));
}

const ERROR = 'data: {"error":{"message":"overloaded"}}\n\n';
const FILTERED = 'data: {"choices":[],"prompt_filter_results":[]}\n\n';
const flows = [
  { title: "each event as it comes", pieces: [chunk("a"), ERROR, FILTERED, ": ping\n\n", ":\n", chunk("b"), DONE] },
  { title: "several events at once", pieces: [chunk("a") + ERROR + chunk("b"), chunk("c") + DONE] },
  {
    title: "an event that has choices, before it is over",
    pieces: ['data: {"id":"c","choices":[{', '"delta":{"con', 'tent":""}', "]}\n", "\n"],
  },
  { title: "what is longer than the event ever is, before it is over", pieces: [`data: {"x":"${"x".repeat(20_000)}`, "y", '"}\n\n'] },
];
for (const { title, pieces } of flows) {
  test(`goes on at once: ${title}`, () => {
    for (const lineEnd of LINE_ENDS) {
      const sent = pieces.map((piece) => piece.replaceAll("\n", lineEnd));
      expect(flow(sent)).toEqual(sent.map((_, index) => sent.slice(0, index + 1).join("")));
    }
  });
}

test("an event is held back only until it cannot be the one", () => {
  const begun = 'data: {"id":"c","choices":[';
  expect(flow([chunk("a"), begun, '{"delta":{}}]}\n\n', USAGE, chunk("b"), USAGE, ": ping\n\n", DONE])).toEqual([
    chunk("a"),
    chunk("a"),
    `${chunk("a")}${begun}{"delta":{}}]}\n\n`,
    `${chunk("a")}${begun}{"delta":{}}]}\n\n`,
    `${chunk("a")}${begun}{"delta":{}}]}\n\n${USAGE}${chunk("b")}`,
    `${chunk("a")}${begun}{"delta":{}}]}\n\n${USAGE}${chunk("b")}`,
    `${chunk("a")}${begun}{"delta":{}}]}\n\n${USAGE}${chunk("b")}`,
    `${chunk("a")}${begun}{"delta":{}}]}\n\n${USAGE}${chunk("b")}: ping\n\n${DONE}`,
  ]);
});

test("a terminal event that came without its blank line is let go at the end, without the event before it", () => {
  const filter = withoutUsageEvent();
  expect(filter.pass(Buffer.from(`${HELLO}${USAGE}data: [DONE]`))?.toString()).toBe(HELLO);
  expect(filter.rest()?.toString()).toBe("data: [DONE]");
});
