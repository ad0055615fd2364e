import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Span } from "../genai/span.ts";
import { aSpan } from "./processor_contract.ts";
import { isWithin, sample, sampleOptions } from "./sample.ts";

const content = { "gen_ai.input.messages": "text", model: "m" };
/** A call of two spans in a trace that is within a ratio of a half (`high`) or is not (`low`). */
const HIGH = `${"0".repeat(18)}${"c".repeat(14)}`;
const LOW = `${"f".repeat(18)}${"4".repeat(14)}`;
const call = (traceId: string, client: Partial<Span> & { readonly cost?: object } = {}): readonly Span[] => [
  aSpan({ traceId, exchangeId: traceId, spanId: "server", kind: "server" }),
  aSpan({ traceId, exchangeId: traceId, spanId: "client", attributes: content, ...client }),
];
const sampled = (options: object, spans: readonly Span[]) => sample(sampleOptions.parse({ use: "sample", ...options })).process(spans);

const cases: readonly { title: string; options: object; spans: readonly Span[]; spansKept: number; contentKept: boolean }[] = [
  { title: "keeps all unless told otherwise", options: {}, spans: call(LOW), spansKept: 2, contentKept: true },
  { title: "keeps a trace within the ratio", options: { ratio: 0.5 }, spans: call(HIGH), spansKept: 2, contentKept: true },
  { title: "drops all spans of a trace beyond it", options: { ratio: 0.5 }, spans: call(LOW), spansKept: 0, contentKept: false },
  { title: "drops everything at 0", options: { ratio: 0 }, spans: call(`${"f".repeat(32)}`), spansKept: 0, contentKept: false },
  {
    title: "keeps the rest of a trace that may not keep its content",
    options: { content_ratio: 0.5 },
    spans: call(LOW),
    spansKept: 2,
    contentKept: false,
  },
  {
    title: "keeps no content of what it drops",
    options: { ratio: 0, content_ratio: 1 },
    spans: call(HIGH),
    spansKept: 0,
    contentKept: false,
  },
  {
    title: "keeps calls that failed, whole",
    options: { ratio: 0 },
    spans: call(LOW, { outcome: "error" }),
    spansKept: 2,
    contentKept: true,
  },
  {
    title: "keeps calls whose span is an error",
    options: { ratio: 0 },
    spans: call(LOW, { status: "error" }),
    spansKept: 2,
    contentKept: true,
  },
  {
    title: "drops those too when told so",
    options: { ratio: 0, keep: { errors: false } },
    spans: call(LOW, { status: "error" }),
    spansKept: 0,
    contentKept: false,
  },
  { title: "keeps slow calls", options: { ratio: 0, keep: { slower_than_ms: 999 } }, spans: call(LOW), spansKept: 2, contentKept: true },
  {
    title: "drops calls that are just not slow",
    options: { ratio: 0, keep: { slower_than_ms: 1000 } },
    spans: call(LOW),
    spansKept: 0,
    contentKept: false,
  },
  {
    title: "keeps expensive calls",
    options: { ratio: 0, keep: { costlier_than_usd: 0.01 } },
    spans: call(LOW, { cost: { usd: "0.010000001" } }),
    spansKept: 2,
    contentKept: true,
  },
  {
    title: "drops cheap calls",
    options: { ratio: 0, keep: { costlier_than_usd: 0.01 } },
    spans: call(LOW, { cost: { usd: "0.01" } }),
    spansKept: 0,
    contentKept: false,
  },
  {
    title: "takes an unknown cost for none",
    options: { ratio: 0, keep: { costlier_than_usd: 0 } },
    spans: call(LOW, { cost: {} }),
    spansKept: 0,
    contentKept: false,
  },
  {
    title: "keeps errors without content when told so",
    options: { ratio: 0, content_ratio: 0, keep: { content: false } },
    spans: call(LOW, { status: "error" }),
    spansKept: 2,
    contentKept: false,
  },
];
for (const { title, options, spans, spansKept, contentKept } of cases) {
  test(title, async () => {
    const out = await sampled(options, spans);
    expect(out).toHaveLength(spansKept);
    expect(out.some(({ attributes }) => "gen_ai.input.messages" in attributes)).toBe(contentKept);
    if (spansKept > 0) expect(out.find(({ spanId }) => spanId === "client")?.attributes["model"]).toBe("m");
  });
}

test("calls that the condition does not mean all go on, whole", async () => {
  const options = { ratio: 0, content_ratio: 0, when: { outcome: ["partial"] } };
  const other = call(LOW);
  expect(await sampled(options, other)).toEqual(other);
  expect(await sampled(options, call(LOW, { outcome: "partial" }))).toEqual([]);
});

test("the part that is kept is about the ratio", () => {
  const ids = Array.from({ length: 20_000 }, () => randomBytes(16).toString("hex"));
  for (const ratio of [0.01, 0.1, 0.5, 0.9]) {
    const part = ids.filter((traceId) => isWithin({ traceId }, ratio)).length / ids.length;
    expect(Math.abs(part - ratio)).toBeLessThan(5 * Math.sqrt((ratio * (1 - ratio)) / ids.length));
  }
});

test("thresholds are those of consistent sampling: the trace id's last 56 bits, the upper part kept", () => {
  const at = (last: string, ratio: number): boolean => isWithin({ traceId: `${"0".repeat(18)}${last}` }, ratio);
  expect([at("80000000000000", 0.5), at("7fffffffffffff", 0.5)]).toEqual([true, false]);
  expect([at("c0000000000000", 0.25), at("bfffffffffffff", 0.25)]).toEqual([true, false]);
  expect([at("ffffffffffffff", 0), at("00000000000000", 1)]).toEqual([false, true]);
});

test("a trace within a ratio is within every larger one", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (id, one, other) => {
        const span = { traceId: id.toString(16).padStart(32, "0") };
        const [small, large] = [Math.min(one, other), Math.max(one, other)];
        if (isWithin(span, small)) expect(isWithin(span, large)).toBe(true);
        expect([isWithin(span, 0), isWithin(span, 1)]).toEqual([false, true]);
      },
    ),
  );
});
