import fc from "fast-check";
import { expect, test } from "vitest";
import { withUsage } from "./ask_usage.ts";
import { jsonScan } from "./scan.ts";

function edited(body: string | Buffer, cut = Infinity): string | undefined {
  const bytes = Buffer.from(body as string);
  const scan = jsonScan();
  for (let at = 0; at < bytes.length; at += cut) if (!scan.push(bytes.subarray(at, at + cut))) return undefined;
  const { controls } = scan.result();
  return controls && withUsage(bytes, controls)?.toString();
}

const asked = [
  { title: "no options", body: '{"stream":true}', expected: '{"stream":true,"stream_options":{"include_usage":true}}' },
  {
    title: "no options, and members on both sides",
    body: '{"model":"m","stream":true,"messages":[]}',
    expected: '{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[]}',
  },
  {
    title: "white space wherever it may stand",
    body: '\n{ "stream"\t: \r\n true\n, "n" : 1 }\n',
    expected: '\n{ "stream"\t: \r\n true,"stream_options":{"include_usage":true}\n, "n" : 1 }\n',
  },
  {
    title: "a byte order mark and text beyond ASCII",
    body: '\ufeff{"user":"Zoë 😀","stream":true}',
    expected: '\ufeff{"user":"Zoë 😀","stream":true,"stream_options":{"include_usage":true}}',
  },
  {
    title: "a name behind an escape",
    body: String.raw`{"str\u0065am":true}`,
    expected: String.raw`{"str\u0065am":true,"stream_options":{"include_usage":true}}`,
  },
  {
    title: "options of the same name elsewhere",
    body: '{"messages":[{"stream":false,"stream_options":{"include_usage":true}}],"x":"\\"stream_options\\":{}","stream":true}',
    expected:
      '{"messages":[{"stream":false,"stream_options":{"include_usage":true}}],"x":"\\"stream_options\\":{}","stream":true,"stream_options":{"include_usage":true}}',
  },
  {
    title: "options that are null",
    body: '{"stream_options": null ,"stream":true}',
    expected: '{"stream_options": {"include_usage":true} ,"stream":true}',
  },
  {
    title: "empty options",
    body: '{"stream_options":{ },"stream":true}',
    expected: '{"stream_options":{"include_usage":true },"stream":true}',
  },
  {
    title: "options of another kind",
    body: '{"stream":true,"stream_options":{ "include_obfuscation" : false, "é}":"\\"{[", "n":1.0}}',
    expected: '{"stream":true,"stream_options":{"include_usage":true, "include_obfuscation" : false, "é}":"\\"{[", "n":1.0}}',
  },
  {
    title: "usage that the caller does not want to see",
    body: '{"stream":true,"stream_options":{"include_obfuscation":true, "include_usage" : false }}',
    expected: '{"stream":true,"stream_options":{"include_obfuscation":true, "include_usage" : true }}',
  },
  {
    title: "usage that is null",
    body: '{"stream":true,"stream_options":{"include_usage":null}}',
    expected: '{"stream":true,"stream_options":{"include_usage":true}}',
  },
];
for (const { title, body, expected } of asked) {
  test(`asks for usage beside ${title}`, () => {
    expect(edited(body)).toBe(expected);
    expect(edited(body, 1)).toBe(expected);
  });
}

const left = [
  { title: "no body", body: "" },
  { title: "an empty object", body: "{}" },
  { title: "no stream", body: '{"model":"m"}' },
  { title: "stream: false", body: '{"stream":false}' },
  { title: "stream: null", body: '{"stream":null}' },
  { title: "stream as a text", body: '{"stream":"true"}' },
  { title: "stream as a number", body: '{"stream":1}' },
  { title: "a word that begins like true", body: '{"stream":trueish}' },
  { title: "a stream further inside", body: '{"a":{"stream":true}}' },
  { title: "a list", body: '[{"stream":true}]' },
  { title: "a text", body: '"stream"' },
  { title: "usage that is asked for", body: '{"stream":true,"stream_options":{"include_usage":true}}' },
  { title: "usage that is asked for oddly", body: '{"stream":true,"stream_options":{"include_usage":"yes"}}' },
  { title: "usage by a word of ours", body: '{"stream":true,"stream_options":{"include_usage":"absent"}}' },
  { title: "usage asked for twice", body: '{"stream":true,"stream_options":{"include_usage":true,"include_usage":false}}' },
  { title: "usage refused twice", body: '{"stream":true,"stream_options":{"include_usage":false,"include_usage":false}}' },
  { title: "usage refused behind an escape", body: String.raw`{"stream":true,"stream_options":{"include\u005fusage":false}}` },
  { title: "usage asked for behind an escape", body: String.raw`{"stream":true,"stream_options":{"include\u005fusage":true}}` },
  { title: "options that are a list", body: '{"stream":true,"stream_options":[]}' },
  { title: "options that are a text", body: '{"stream":true,"stream_options":"none"}' },
  { title: "options with objects in them", body: '{"stream":true,"stream_options":{"a":{}}}' },
  { title: "options that are no JSON", body: '{"stream":true,"stream_options":{include_usage:false}}' },
  { title: "options longer than they ever are", body: `{"stream":true,"stream_options":{"a":"${"x".repeat(3000)}"}}` },
  { title: "a name that only some readers take for stream", body: String.raw`{"stream\u0000":true}` },
  { title: "a name that only some readers take for the options", body: String.raw`{"stream":true,"stream_options\u0000":{}}` },
  { title: "a body that ends early", body: '{"stream":true' },
  { title: "a body that ends in a text", body: '{"stream":true,"user":"Zo' },
  { title: "stream given twice", body: '{"stream":true,"stream":true}' },
  { title: "UTF-16", body: Buffer.from('{"stream":true}', "utf16le") },
];
for (const { title, body } of left) {
  test(`leaves alone: ${title}`, () => {
    expect(edited(body)).toBeUndefined();
  });
}

/** Anything a caller may say beside `stream`, in any order and with any white space. */
const request = fc
  .tuple(
    fc.dictionary(
      fc.string().filter((name) => !["stream", "stream_options"].includes(name.split("\0")[0] ?? "")),
      fc.jsonValue(),
    ),
    fc.option(
      fc.dictionary(
        fc.string().filter((name) => name !== "include_usage"),
        fc.oneof(fc.string(), fc.integer(), fc.boolean()),
      ),
      { nil: undefined },
    ),
    fc.option(fc.constantFrom(false, null), { nil: undefined }),
    fc.boolean(),
    fc.integer({ min: 0, max: 4 }),
  )
  .map(([others, options, usage, optionsFirst, indent]) => {
    const given = options && { ...options, ...(usage !== undefined && { include_usage: usage }) };
    const early = optionsFirst ? { stream_options: given } : {};
    return JSON.stringify({ ...early, ...others, stream: true, stream_options: given }, undefined, indent);
  });

test("the body means the same with usage asked for, and nothing else of it has changed", () => {
  fc.assert(
    fc.property(request, fc.integer({ min: 1, max: 50 }), (body, cut) => {
      const { stream_options: options, ...others } = JSON.parse(body) as { readonly stream_options?: object };
      const after = edited(body) ?? "";
      expect(edited(body, cut)).toBe(after);
      expect(JSON.parse(after)).toEqual({ ...others, stream_options: { ...options, include_usage: true } });
      // What is the same before and behind the one place is all of the body, but for a word.
      const same = sameAtStart(body, after);
      const behind = sameAtStart(reversed(body.slice(same)), reversed(after.slice(same)));
      expect(body.length - same - behind).toBeLessThanOrEqual("false".length);
      expect(after.length - same - behind).toBeLessThanOrEqual(',"stream_options":{"include_usage":true}'.length);
    }),
  );
});

function sameAtStart(one: string, other: string): number {
  let same = 0;
  while (same < one.length && one[same] === other[same]) same++;
  return same;
}

const reversed = (text: string): string => text.split("").toReversed().join("");
