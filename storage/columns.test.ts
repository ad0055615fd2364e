import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AttributeValue, Span } from "../genai/span.ts";
import { duckdbStore } from "./duckdb_store.ts";
import { aSpan } from "./store_contract.ts";

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "spangate-columns-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

const opened = () =>
  duckdbStore({
    dataDir,
    onRefused: (span, error) => expect.fail(`refused ${span.name}: ${String(error)}`),
    onError: (error) => expect.fail(String(error)),
  });

test("the view has the documented columns and types, in that order", async () => {
  await using store = await opened();
  const { columns } = await store.query("SELECT * FROM spans");
  const shown = columns.map(({ name, type }) => `${name} ${type}`);
  expect(shown.slice(0, DOCUMENTED.length)).toEqual(DOCUMENTED);
  await store.append({ spans: [aSpan()], through: 1 });
  await store.flush();
  expect((await store.query("SELECT * FROM spans")).columns).toEqual(columns);
});

const filled: readonly { title: string; span: Partial<Span>; columns: Readonly<Record<string, unknown>> }[] = [
  {
    title: "times to the nanosecond",
    span: { startTimeUnixNano: 1_767_225_600_123_456_789n, endTimeUnixNano: 1_767_225_600_123_456_790n },
    columns: { start_time: "2026-01-01 00:00:00.123456789", duration_ns: "1" },
  },
  {
    title: "spans as long as can be",
    span: { startTimeUnixNano: 0n, endTimeUnixNano: 2n ** 63n - 1n },
    columns: { start_time: "1970-01-01 00:00:00", duration_ns: "9223372036854775807" },
  },
  {
    title: "token counts as large as a number says exactly, and none for those nobody told",
    span: { tokens: { inUncached: Number.MAX_SAFE_INTEGER, outText: 0 }, usageSource: "provider" },
    columns: { tokens_in_uncached: "9007199254740991", tokens_out_text: "0", tokens_reasoning: null, usage_source: "provider" },
  },
  {
    title: "tokens of images with the rest of the input, and cached sounds with what was cached, so that the columns add up",
    span: {
      tokens: { inUncached: 1, inImage: 10, cacheRead: 100, cacheReadAudio: 1000, cacheReadImage: 10_000, outText: 0, outImage: 7 },
    },
    columns: { tokens_in_uncached: "11", tokens_cache_read: "11100", tokens_in_audio: null, tokens_out_text: "0", tokens_out_image: "7" },
  },
  {
    title: "a cost as large and as small as the column holds, and what it is made of",
    span: {
      cost: {
        usd: "999999999.000000001",
        byBucket: { in_uncached: "999999998", out_text: "1.000000001" },
        priceId: "openai/gpt-5",
        priceVersion: "1",
        source: "catalog",
        reason: "estimated",
      },
      attributes: { "spangate.cost.usd": 999_999_999, "spangate.price.id": "openai/gpt-5" },
    },
    columns: {
      cost_usd: "999999999.000000001",
      cost_by_bucket: { in_uncached: "999999998.000000000", out_text: "1.000000001" },
      price_id: "openai/gpt-5",
      cost_source: "catalog",
      cost_reason: "estimated",
      attrs: "{}",
    },
  },
  {
    title: "no cost where nobody knows it, and why",
    span: { cost: { reason: "unknown_model" } },
    columns: { cost_usd: null, cost_by_bucket: null, price_id: null, cost_source: null, cost_reason: "unknown_model" },
  },
  {
    title: "decimals without a rounding error",
    span: { attributes: { "spangate.credits.consumed": 0.1 } },
    columns: { credits: "0.100000" },
  },
  {
    title: "time to the first chunk, exactly",
    span: { attributes: { "gen_ai.response.time_to_first_chunk": 0.123456789 } },
    columns: { ttft_ns: "123456789" },
  },
  {
    title: "lists, and what is in them as text",
    span: { attributes: { "gen_ai.response.finish_reasons": ["stop", "", "it's", 1, null] } },
    columns: { finish_reasons: ["stop", "", "it's", "1", "null"] },
  },
  {
    title: "maps whose keys mean something elsewhere",
    span: {
      attributes: Object.fromEntries(
        ["__proto__", "constructor", "", "a.b", "it's", "\u{1F600}"].map((key) => [`spangate.dim.${key}`, key]),
      ),
    },
    columns: { dims: Object.fromEntries(["__proto__", "constructor", "", "a.b", "it's", "\u{1F600}"].map((key) => [key, key])) },
  },
  {
    title: "attributes that have no column, by name",
    span: {
      attributes: attributesOf([
        ["__proto__", "p"],
        ["A", 1],
        ["a", 2.5],
        ["big", 2n ** 64n],
        ["list", [true, null, { deep: ["\u{1F600}"] }]],
      ]),
    },
    columns: { attrs: '{"__proto__":"p","A":1,"a":2.5,"big":"18446744073709551616","list":[true,null,{"deep":["\u{1F600}"]}]}' },
  },
  {
    title: "messages as they are",
    span: { attributes: { "gen_ai.input.messages": [{ role: "user", parts: [{ type: "text", content: 'a "b" \\ud800 \n' }] }] } },
    columns: { input_messages: '[{"role":"user","parts":[{"type":"text","content":"a \\"b\\" \\\\ud800 \\n"}]}]', attrs: "{}" },
  },
  {
    title: "zero bytes and emoji",
    span: { name: "a\u0000b \u{1F468}\u200D\u{1F469}", attributes: { "spangate.dim.k\u0000": "v\u0000" } },
    columns: { name: "a\u0000b \u{1F468}\u200D\u{1F469}", dims: { "k\u0000": "v\u0000" } },
  },
  {
    title: "halves of a character as U+FFFD, in texts",
    span: { name: "a\ud800b", attributes: { x: ["\udc00"], "spangate.dim.k": "\ud83d" } },
    columns: { name: "a\ufffdb", attrs: '{"x":["\ufffd"]}', dims: { k: "\ufffd" } },
  },
  {
    title: "halves of a character as U+FFFD, in names",
    span: { attributes: { "\udc00": { "\ud800": 1 }, "spangate.dim.\ud83d": "v" } },
    columns: { attrs: '{"\ufffd":{"\ufffd":1}}', dims: { "\ufffd": "v" } },
  },
  {
    title: "nothing where an attribute is not of the column's type",
    span: { attributes: { "gen_ai.response.id": 5, "http.response.status_code": "200", "gen_ai.response.finish_reasons": "stop" } },
    columns: { response_id: null, http_status: null, finish_reasons: null },
  },
];
for (const { title, span, columns } of filled) {
  test(`the view has ${title}, in memory and from a file`, async () => {
    await using store = await opened();
    await store.append({ spans: [aSpan(span)], through: 1 });
    for (const place of ["memory", "file"]) {
      const { columns: all, rows } = await store.query("SELECT * FROM spans");
      const row = Object.fromEntries(all.map(({ name }, i) => [name, rows[0]?.[i]]));
      expect(Object.fromEntries(Object.keys(columns).map((name) => [name, row[name]])), place).toEqual(columns);
      await store.flush();
    }
  });
}

test("the values of a row stay together in a batch of thousands where each column has its own gaps", async () => {
  await using store = await opened();
  const ROWS = 5000; // more than the engine takes at a time
  const spans = Array.from({ length: ROWS }, (_, i) => {
    const id = String(i);
    return aSpan({
      spanId: id,
      ...(i % 2 === 0 && { parentSpanId: id }),
      ...(i % 3 === 0 && { links: [{ traceId: id, spanId: id }] }),
      attributes: attributesOf([
        ["own", id],
        ...(i % 5 === 0 ? [["gen_ai.response.finish_reasons", [id]] as const] : []),
        ...(i % 7 === 0 ? [["spangate.dim.id", id] as const] : []),
        ...(i < ROWS / 2 ? [["session.id", id] as const] : []),
      ]),
    });
  });
  await store.append({ spans, through: 1 });
  const { rows } = await store.query(`
    SELECT count(*) FILTER (attrs->>'own' = span_id), count(parent_span_id), count(*) FILTER (parent_span_id = span_id),
      count(links), count(*) FILTER (links->0->>'spanId' = span_id), count(finish_reasons), count(*) FILTER (finish_reasons = [span_id]),
      count(dims), count(*) FILTER (dims['id'] = span_id), count(session_id), count(*) FILTER (session_id = span_id AND span_id::INT < 2500),
      count(response_id)
    FROM spans`);
  expect(rows[0]?.map(Number)).toEqual([5000, 2500, 2500, 1667, 1667, 1000, 1000, 715, 715, 2500, 2500, 0]);
});

function attributesOf(pairs: readonly (readonly [string, AttributeValue])[]): Span["attributes"] {
  return Object.fromEntries(pairs);
}

const DOCUMENTED = `tenant VARCHAR
trace_id VARCHAR
span_id VARCHAR
parent_span_id VARCHAR
exchange_id VARCHAR
response_id VARCHAR
start_time TIMESTAMP_NS
duration_ns BIGINT
ttft_ns BIGINT
name VARCHAR
kind VARCHAR
operation VARCHAR
ending VARCHAR
outcome VARCHAR
error_type VARCHAR
error_message VARCHAR
http_status INTEGER
provider VARCHAR
model_requested VARCHAR
model_served VARCHAR
upstream VARCHAR
user_key VARCHAR
conversation_id VARCHAR
conversation_inferred BOOLEAN
session_id VARCHAR
workflow_id VARCHAR
phase VARCHAR
interaction_type VARCHAR
prompt_name VARCHAR
prompt_version VARCHAR
tokens_in_uncached BIGINT
tokens_cache_read BIGINT
tokens_cache_write_5m BIGINT
tokens_cache_write_1h BIGINT
tokens_in_audio BIGINT
tokens_out_text BIGINT
tokens_reasoning BIGINT
tokens_out_audio BIGINT
usage_source VARCHAR
cost_usd DECIMAL(18,9)
cost_by_bucket MAP(VARCHAR, DECIMAL(18,9))
price_id VARCHAR
cost_source VARCHAR
cost_reason VARCHAR
credits DECIMAL(18,6)
tool_name VARCHAR
tool_call_id VARCHAR
tool_ok BOOLEAN
finish_reasons VARCHAR[]
stream BOOLEAN
capture VARCHAR
scrub_counts MAP(VARCHAR, UBIGINT)
vars JSON
vars_missing VARCHAR[]
dims MAP(VARCHAR, VARCHAR)
attrs JSON
input_messages JSON
output_messages JSON
gateway_overhead_us BIGINT`.split("\n");
