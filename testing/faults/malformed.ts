import type { Random } from "./fault.ts";

const json = (content: string, more: object = {}): string =>
  JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", model: "any", choices: [{ index: 0, delta: { content } }], ...more });
const usage = (prompt: unknown, completion: unknown): string =>
  JSON.stringify({ id: "chatcmpl-1", model: "any", choices: [], usage: { prompt_tokens: prompt, completion_tokens: completion } });
const event = (data: string): string => `data: ${data}\n\n`;
const DONE = "data: [DONE]\n\n";
const SOUND = event(json("Hel")) + event(json("lo")) + event(usage(3, 2)) + DONE;
const bytes = (...parts: readonly (string | Buffer)[]): Buffer => Buffer.concat(parts.map((part) => Buffer.from(part as string)));
/** Bytes as they stand, one for each character. */
const raw = (text: string): Buffer => Buffer.from(text, "latin1");
const everyLine = (end: string): string => SOUND.replaceAll("\n", end);

/** Streams that break a rule of SSE, of JSON, of UTF-8 or of the API, or only look as if they did. */
export const MALFORMED: readonly { readonly title: string; readonly bytes: Buffer }[] = Object.entries<string | Buffer>({
  "nothing at all": "",
  "one line break": "\n",
  "line breaks only": "\n\n\n\n\r\n\r\r\n",
  "one NUL": "\0",
  "no space behind the colon": SOUND.replaceAll("data: ", "data:"),
  "two spaces behind the colon": SOUND.replaceAll("data: ", "data:  "),
  "a tab behind the colon": SOUND.replaceAll("data: ", "data:\t"),
  "a space before the colon": SOUND.replaceAll("data: ", "data : "),
  "no colon": SOUND.replaceAll("data: ", "data "),
  "names in capitals": SOUND.replaceAll("data: ", "DATA: "),
  "lines that end in CR": everyLine("\r"),
  "lines that end in CRLF": everyLine("\r\n"),
  "lines that end in LFCR": everyLine("\n\r"),
  "line ends of all kinds": `data: ${json("a")}\r\r\ndata: ${json("b")}\n\r\ndata: ${json("c")}\r\n\ndata: [DONE]\r\n\r\n`,
  "a byte order mark": `\uFEFF${SOUND}`,
  "two byte order marks": `\uFEFF\uFEFF${SOUND}`,
  "a byte order mark in the middle": SOUND.replace("data: [DONE]", "\uFEFFdata: [DONE]"),
  "UTF-16": Buffer.from(SOUND, "utf16le"),
  "events that only have a name": "event: ping\n\n" + SOUND + "event: end\n\n",
  "an unknown field": `foo: bar\n${SOUND}`,
  "an id with NUL": `id: 1\0\n${SOUND}`,
  "a retry that is no number": `retry: soon\n\n${SOUND}`,
  "a retry of 1e308": `retry: 1e308\n\n${SOUND}`,
  "comments between": SOUND.replaceAll("\n\n", "\n\n: keep-alive\n\n"),
  "comments only": ": one\n\n: two\n\n",
  "a comment within an event": SOUND.replaceAll("data: ", ": comment\ndata: "),
  "a line of colons": `::::::::\n\n${SOUND}`,
  "data without a value": `data\n\n${SOUND}`,
  "empty data": `data:\n\ndata: \n\n${SOUND}`,
  "JSON over two lines": `data: {"id":"chatcmpl-1",\ndata: "choices":[]}\n\n${DONE}`,
  "JSON over ten lines": event(json("Hello").replaceAll(",", ",\ndata: ")) + DONE,
  "two JSON texts in one event": `data: ${json("a")}\ndata: ${json("b")}\n\n${DONE}`,
  "two JSON texts in one line": event(json("a") + json("b")) + DONE,
  "JSON that ends early": event(json("Hello").slice(0, -5)) + DONE,
  "JSON with a comma too many": event(json("a").replace("}]", "},]")) + DONE,
  "JSON in single quotes": event(json("a").replaceAll('"', "'")) + DONE,
  "a number": event("42") + DONE,
  null: event("null") + DONE,
  "an array": event("[1,2,3]") + DONE,
  "a text": event('"text"') + DONE,
  HTML: "<html><body>502 Bad Gateway</body></html>\n\n",
  "an error instead of choices": event('{"error":{"message":"overloaded","type":"server_error","code":null}}') + DONE,
  "an error behind the first event": event(json("a")) + event('{"error":"text, not an object"}'),
  "choices that are null": event('{"choices":null}') + DONE,
  "choices that are an object": event('{"choices":{"0":{"delta":{"content":"a"}}}}') + DONE,
  "a delta that is null": event('{"choices":[{"index":0,"delta":null}]}') + DONE,
  "content that is a number": event('{"choices":[{"index":0,"delta":{"content":5}}]}') + DONE,
  "content that is deeply nested": event(`{"choices":[{"index":0,"delta":{"content":${"[".repeat(5000)}${"]".repeat(5000)}}}]}`) + DONE,
  "an index of 2^53": event('{"choices":[{"index":9007199254740992,"delta":{"content":"a"}}]}') + DONE,
  "an index below zero": event('{"choices":[{"index":-1,"delta":{"content":"a"}}]}') + DONE,
  "a tool call without an index": event('{"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"arguments":"{"}}]}}]}') + DONE,
  "arguments of a tool that are no JSON":
    event('{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":"{{{"}}]}}]}') + DONE,
  "a name that is __proto__": event('{"__proto__":{"polluted":true},"constructor":{},"choices":[]}') + DONE,
  "names that come twice": event('{"id":"a","id":"b","choices":[],"choices":[{"index":0,"delta":{"content":"x"}}]}') + DONE,
  "usage twice": event(json("a")) + event(usage(1, 2)) + event(usage(3, 4)) + DONE,
  "usage below zero": event(usage(-1, -2)) + DONE,
  "usage as text": event(usage("3", "4")) + DONE,
  "usage of 1e400": event('{"choices":[],"usage":{"prompt_tokens":1e400,"completion_tokens":1}}') + DONE,
  "usage that is no number": event('{"choices":[],"usage":{"prompt_tokens":NaN}}') + DONE,
  "usage with fractions": event(usage(1.5, 0.25)) + DONE,
  "two [DONE]": SOUND + DONE,
  "garbage behind [DONE]": `${SOUND}garbage`,
  "an event behind [DONE]": SOUND + event(json("late")),
  "[DONE] without a blank line": SOUND.slice(0, -2),
  "[DONE] without a space": SOUND.replace("data: [DONE]", "data:[DONE]"),
  "[done] in small letters": SOUND.replace("[DONE]", "[done]"),
  "[DONE] in a content": event(json("data: [DONE]")) + event(json("\n\ndata: [DONE]\n\n")) + DONE,
  "[DONE] only": DONE,
  "no [DONE]": SOUND.replace(DONE, ""),
  "an end within an event": SOUND.slice(0, 60),
  "an end within a character": bytes(event(json("a")), 'data: {"choices":[{"delta":{"content":"', raw("\xe2\x82")),
  "bytes that are no UTF-8": bytes(event(json("a")), raw('data: {"choices":[{"delta":{"content":"\xff\xfe\xc0\x80"}}]}\n\n'), DONE),
  "half a surrogate pair, escaped": event('{"choices":[{"index":0,"delta":{"content":"\\ud83d"}}]}') + event(json("\udc00")) + DONE,
  "an emoji over two events":
    event('{"choices":[{"index":0,"delta":{"content":"\\ud83d"}}]}') +
    event('{"choices":[{"index":0,"delta":{"content":"\\ude00"}}]}') +
    DONE,
  "NUL within a content": event(json("a\0b")) + event('{"choices":[{"index":0,"delta":{"content":"a\0b"}}]}') + DONE,
  "control characters": bytes(SOUND, raw("\x01\x02\x1b[31m\x7f\x80\n\n")),
  "a line of 10 MiB": event(json("x".repeat(10 * 2 ** 20))) + DONE,
  "a line of 1 MiB without an end": `data: ${"x".repeat(2 ** 20)}`,
  "10,000 empty events": "data:\n\n".repeat(10_000) + DONE,
  "10,000 comments": `${":\n\n".repeat(10_000)}${SOUND}`,
  "events of another API":
    'event: message_start\ndata: {"type":"message_start","message":{"id":"m","usage":{"input_tokens":1}}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n',
  "a terminal event within": `event: response.completed\ndata: {"type":"response.completed"}\n\n${SOUND}`,
}).map(([title, each]) => ({ title, bytes: Buffer.from(each as string) }));

const EDITS: readonly ((stream: Buffer, random: Random) => Buffer)[] = [
  (stream, random) => {
    const copy = Buffer.from(stream);
    const at = random.whole(0, copy.length - 1);
    copy.writeUInt8(copy.readUInt8(at) ^ (1 << random.whole(0, 7)), at);
    return copy;
  },
  (stream, random) => splice(stream, random.whole(0, stream.length), 0, random.bytes(random.whole(1, 8))),
  (stream, random) => splice(stream, random.whole(0, stream.length), random.whole(1, 20), Buffer.alloc(0)),
  (stream, random) =>
    splice(
      stream,
      random.whole(0, stream.length),
      0,
      Buffer.from(random.pick(["\n", "\r", "\r\n", "\n\n", "data: ", "[DONE]", "{", "\0"])),
    ),
  (stream, random) => {
    const from = random.whole(0, stream.length);
    return splice(stream, random.whole(0, stream.length), 0, stream.subarray(from, from + random.whole(1, 100)));
  },
  (stream, random) => stream.subarray(0, random.whole(1, stream.length)),
];

/** A stream of the corpus, or a sound one, with up to twelve edits. */
export function fuzzed(random: Random): Buffer {
  const small = MALFORMED.filter((each) => each.bytes.length > 0 && each.bytes.length < 20_000);
  let stream = random.whole(0, 1) === 0 ? Buffer.from(SOUND) : random.pick(small).bytes;
  for (let edits = random.whole(1, 12); edits > 0; edits--) {
    const next = random.pick(EDITS)(stream, random);
    if (next.length > 0) stream = next;
  }
  return stream;
}

function splice(stream: Buffer, at: number, drop: number, insert: Buffer): Buffer {
  return Buffer.concat([stream.subarray(0, at), insert, stream.subarray(at + drop)]);
}
