import { zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Span } from "../genai/span.ts";
import { decodeBatch, encodeBatch, type IntakeCursor } from "./batch.ts";

const text = fc.string({ unit: "grapheme" });
const key = fc.oneof(text, fc.constantFrom("__proto__", "constructor", "\u0000", ""));
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((each) => !Object.is(each, -0)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 3 }).map((pairs) => Object.fromEntries(pairs)),
  ),
}));
const attributes = fc.array(fc.tuple(key, value), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs) as Span["attributes"]);
const nano = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n });
const count = fc.maxSafeNat();

const span: fc.Arbitrary<Span> = fc.record(
  {
    tenant: text,
    source: text,
    traceId: text,
    spanId: text,
    parentSpanId: text,
    links: fc.array(fc.record({ traceId: text, spanId: text }), { maxLength: 2 }),
    exchangeId: text,
    name: text,
    kind: fc.constantFrom("internal", "server", "client"),
    startTimeUnixNano: nano,
    endTimeUnixNano: nano,
    status: fc.constantFrom("unset", "error"),
    ending: fc.constantFrom("completed", "cut", "abandoned", "incomplete", "rejected"),
    outcome: fc.constantFrom("ok", "partial", "error", "refused", "cancelled"),
    capture: fc.constantFrom("full", "metadata"),
    tokens: fc.record({ inUncached: count, reasoning: count }, { requiredKeys: [] }),
    usageSource: fc.constantFrom("provider", "estimated", "none"),
    cost: fc.record({ usd: text, byBucket: fc.dictionary(key, text), priceId: text, reason: text }, { requiredKeys: [] }),
    attributes,
  },
  {
    requiredKeys: [
      "tenant",
      "source",
      "traceId",
      "spanId",
      "name",
      "kind",
      "startTimeUnixNano",
      "endTimeUnixNano",
      "status",
      "capture",
      "attributes",
    ],
  },
);
const through: fc.Arbitrary<IntakeCursor> = fc.dictionary(
  fc.stringMatching(/^[a-z0-9-]{1,12}$/),
  fc.oneof(count, fc.constant("closed" as const)),
);

test("what is encoded is decoded again", () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 4 }), through, (spans, cursor) => {
      expect(decodeBatch(encodeBatch({ spans, through: cursor }))).toEqual({ spans, through: cursor });
      expect(decodeBatch(encodeBatch({ spans, through: cursor, doubtful: true }))).toEqual({ spans, through: cursor, doubtful: true });
    }),
    { numRuns: 200 },
  );
});

test("integers beyond what a number holds become text", () => {
  const [decoded] = decodeBatch(encodeBatch({ spans: [{ ...aSpan(), attributes: { n: 2n ** 64n } }], through: {} })).spans;
  expect(decoded?.attributes).toEqual({ n: "18446744073709551616" });
});

test("a batch of a newer version is told from a damaged one", () => {
  expect(() => decodeBatch(zstdCompressSync(JSON.stringify({ version: 2, through: {}, spans: [] })))).toThrow(/newer Spangate \(format 2/);
  expect(() => decodeBatch(Buffer.from("rubbish"))).toThrow(/./);
});

function aSpan(): Span {
  return fc.sample(span, { numRuns: 1, seed: 1 })[0] as Span;
}
