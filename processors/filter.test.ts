import { expect, test } from "vitest";
import { filter, filterOptions } from "./filter.ts";
import { aSpan } from "./processor_contract.ts";

/** Two calls: `a` failed at its upstream, `b` went well; each has a server span with a client span in it. */
const spans = [
  aSpan({ exchangeId: "a", spanId: "a server", kind: "server" }),
  aSpan({ exchangeId: "a", spanId: "a client", parentSpanId: "a server", outcome: "error", attributes: { "spangate.upstream": "one" } }),
  aSpan({ exchangeId: "b", spanId: "b server", kind: "server" }),
  aSpan({ exchangeId: "b", spanId: "b client", parentSpanId: "b server", attributes: { "spangate.upstream": "two" } }),
];

const cases: readonly { title: string; options: object; kept: readonly string[] }[] = [
  {
    title: "drops a call whole when one of its spans is meant",
    options: { drop: [{ outcome: ["error"] }] },
    kept: ["b server", "b client"],
  },
  {
    title: "keeps a call whole when one of its spans is meant",
    options: { keep: [{ upstream: ["one"] }] },
    kept: ["a server", "a client"],
  },
  { title: "drops what any of its conditions means", options: { drop: [{ outcome: ["error"] }, { upstream: ["two"] }] }, kept: [] },
  {
    title: "keeps what any of its conditions means",
    options: { keep: [{ upstream: ["one"] }, { upstream: ["two"] }] },
    kept: spans.map(({ spanId }) => spanId),
  },
  {
    title: "drops rather than keeps",
    options: { keep: [{ kind: ["server"] }], drop: [{ upstream: ["two"] }] },
    kept: ["a server", "a client"],
  },
  {
    title: "drops single spans, and leaves their children",
    options: { by: "span", drop: [{ kind: ["server"] }] },
    kept: ["a client", "b client"],
  },
  { title: "keeps single spans", options: { by: "span", keep: [{ outcome: ["error"] }] }, kept: ["a client"] },
];
for (const { title, options, kept } of cases) {
  test(title, async () => {
    const out = await filter(filterOptions.parse({ use: "filter", ...options })).process(spans);
    expect(out.map(({ spanId }) => spanId)).toEqual(kept);
    for (const span of out) expect(spans).toContain(span);
  });
}

test("calls of two tenants with one id are two calls", async () => {
  const both = [aSpan({ tenant: "a" }), aSpan({ tenant: "b" })];
  const out = await filter(filterOptions.parse({ use: "filter", drop: [{ tenant: ["a"] }] })).process(both);
  expect(out).toEqual(both.slice(1));
});

test("spans of no call are looked at by trace", async () => {
  const { exchangeId: _, ...received } = aSpan({ source: "otlp" });
  const trace = [received, { ...received, spanId: "2", status: "error" as const, outcome: "error" as const }];
  const other = { ...received, traceId: "f".repeat(32) };
  const out = await filter(filterOptions.parse({ use: "filter", drop: [{ outcome: ["error"] }] })).process([...trace, other]);
  expect(out).toEqual([other]);
});

test("a filter that says nothing is a mistake", () => {
  expect(filterOptions.safeParse({ use: "filter" }).error?.message).toContain("neither keeps nor drops");
});
