import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonScan, MAX_DEPTH } from "./scan.ts";

function scan(text: string, cut = text.length + 1) {
  const bytes = Buffer.from(text);
  const reading = jsonScan();
  for (let at = 0; at < bytes.length; at += cut) if (!reading.push(bytes.subarray(at, at + cut))) break;
  return reading.result();
}

const cases = [
  { title: "passes an ordinary request", body: '{"model":"m","stream":true,"messages":[{"role":"user","content":"model"}]}' },
  { title: "passes a control key that comes again in a nested object", body: '{"model":"m","a":{"model":1},"b":[{"model":2}]}' },
  { title: "passes a control key that is a value", body: '{"a":"model","b":"model","model":"m"}' },
  { title: "passes what is not JSON", body: ']]}} {{ "model" , not json' },
  { title: "passes a list", body: '["model","model"]' },
  { title: "passes quotes and backslashes in texts", body: String.raw`{"a":"\"model\":\\","model":"m\\\""}` },
  { title: "refuses a control key that comes twice", body: '{"model":"cheap","model":"dear"}', code: "invalid_request" },
  { title: "refuses it behind long values", body: `{"stream":true,"x":"${"y".repeat(5000)}","stream":false}`, code: "invalid_request" },
  { title: "refuses one that hides behind an escape", body: String.raw`{"us\u0065r":1,"user":2}`, code: "invalid_request" },
  { title: "refuses one that hides behind a NUL", body: String.raw`{"user\u0000":1,"user":2}`, code: "invalid_request" },
  { title: "passes the deepest body allowed", body: "[".repeat(MAX_DEPTH) + "]".repeat(MAX_DEPTH) },
  { title: "refuses a deeper one", body: "[".repeat(MAX_DEPTH + 1), code: "too_deep" },
  { title: "counts brackets in texts as text", body: `{"a":"${"[".repeat(1000)}"}` },
  { title: "sees that no record is wanted", body: '{"model":"m", "no-log" : true}', noLog: true },
  { title: "sees a dry run", body: '{"tensorzero::dryrun":true}', noLog: true },
  { title: "sees that a record is wanted", body: '{"no-log":false,"x":true}' },
] as const;

for (const { title, body, ...expected } of cases) {
  test(title, () => {
    const { noLog, problem } = scan(body);
    expect({ code: problem?.code, noLog }).toEqual({ code: undefined, noLog: false, ...expected });
  });
}

test("a body reads the same however its bytes are cut", () => {
  const bodies = cases.map(({ body }) => body);
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(...bodies), fc.json(), fc.string()), fc.integer({ min: 1, max: 40 }), (body, cut) => {
      expect(scan(body, cut)).toEqual(scan(body));
    }),
  );
});

test("a long name is not taken for its beginning", () => {
  const long = `{"stream${"x".repeat(300)}":true}`;
  for (let cut = 1; cut < 20; cut++) expect(scan(long, cut).controls).toEqual(new Map());
  const scanner = jsonScan();
  for (const piece of [long.slice(0, 8), long.slice(8)]) scanner.push(Buffer.from(piece));
  expect(scanner.result().controls).toEqual(new Map());
});

test("finds nothing wrong with any JSON that has each key once", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 10 }), (body) => {
      expect(scan(body)).not.toHaveProperty("problem");
    }),
  );
});

test("reads ten megabytes of brackets only as far as it must", () => {
  expect(scan("[".repeat(10_000_000)).problem?.code).toBe("too_deep");
});
