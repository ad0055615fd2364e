import * as names from "../genai/attributes.ts";
import type { AttributeValue, Span } from "../genai/span.ts";

/** A column of the `spans` table: its name and type in DuckDB, and where its value comes from. */
interface Column {
  readonly name: string;
  readonly type: string;
  /** JSON-safe: 64-bit integers and decimals as text. */
  readonly of: (span: Span) => unknown;
  /** The attribute it holds, which then does not stand in `attrs` again. */
  readonly attribute?: string;
}

const fact = (name: string, type: string, of: (span: Span) => unknown): Column => ({ name, type, of });

/** The attribute's value where it has the type of the column, else null: a sender may write anything. */
const from = (
  attribute: string,
  name: string,
  type: "VARCHAR" | "BOOLEAN" | "INTEGER" | "BIGINT" | "DECIMAL(18,6)" | "VARCHAR[]",
): Column => ({
  name,
  type,
  attribute,
  of: ({ attributes }) => {
    const value = Object.hasOwn(attributes, attribute) ? attributes[attribute] : undefined;
    if (type === "VARCHAR") return typeof value === "string" ? value : undefined;
    if (type === "BOOLEAN") return typeof value === "boolean" ? value : undefined;
    if (type === "VARCHAR[]")
      return Array.isArray(value)
        ? value.map((each: AttributeValue) => (typeof each === "string" ? each : JSON.stringify(each)))
        : undefined;
    if (type === "DECIMAL(18,6)") return typeof value === "number" && Math.abs(value) < 1e12 ? value.toFixed(6) : undefined;
    return typeof value === "number" && Number.isSafeInteger(value) && (type === "BIGINT" || Math.abs(value) <= 0x7fff_ffff)
      ? value
      : undefined;
  },
});

/** Filled by what comes later: events and tools. */
const unfilled = (name: string, type: string): Column => fact(name, type, () => undefined);

/** In the order of the documented view. */
export const COLUMNS: readonly Column[] = [
  fact("tenant", "VARCHAR", ({ tenant }) => tenant),
  fact("trace_id", "VARCHAR", ({ traceId }) => traceId),
  fact("span_id", "VARCHAR", ({ spanId }) => spanId),
  fact("parent_span_id", "VARCHAR", ({ parentSpanId }) => parentSpanId),
  fact("exchange_id", "VARCHAR", ({ exchangeId }) => exchangeId),
  from(names.GEN_AI_RESPONSE_ID, "response_id", "VARCHAR"),
  fact("start_time", "TIMESTAMP_NS", ({ startTimeUnixNano }) => String(startTimeUnixNano)),
  fact("duration_ns", "BIGINT", ({ startTimeUnixNano, endTimeUnixNano }) => String(endTimeUnixNano - startTimeUnixNano)),
  {
    name: "ttft_ns",
    type: "BIGINT",
    attribute: names.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK,
    of: ({ attributes }) => {
      const seconds = attributes[names.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK];
      return typeof seconds === "number" && Number.isFinite(seconds) ? Math.round(seconds * 1e9) : undefined;
    },
  },
  fact("name", "VARCHAR", ({ name }) => name),
  fact("kind", "VARCHAR", ({ kind }) => kind),
  from(names.GEN_AI_OPERATION_NAME, "operation", "VARCHAR"),
  fact("ending", "VARCHAR", ({ ending }) => ending),
  fact("outcome", "VARCHAR", ({ outcome }) => outcome),
  from(names.ERROR_TYPE, "error_type", "VARCHAR"),
  from(names.ERROR_MESSAGE, "error_message", "VARCHAR"),
  from(names.HTTP_RESPONSE_STATUS_CODE, "http_status", "INTEGER"),
  from(names.GEN_AI_PROVIDER_NAME, "provider", "VARCHAR"),
  from(names.GEN_AI_REQUEST_MODEL, "model_requested", "VARCHAR"),
  from(names.GEN_AI_RESPONSE_MODEL, "model_served", "VARCHAR"),
  from(names.UPSTREAM, "upstream", "VARCHAR"),
  from(names.USER_HASH, "user_key", "VARCHAR"),
  from(names.GEN_AI_CONVERSATION_ID, "conversation_id", "VARCHAR"),
  fact("conversation_inferred", "BOOLEAN", ({ attributes }) =>
    Object.hasOwn(attributes, names.GEN_AI_CONVERSATION_ID) ? false : undefined,
  ),
  from(names.SESSION_ID, "session_id", "VARCHAR"),
  from(names.WORKFLOW_ID, "workflow_id", "VARCHAR"),
  from(names.WORKFLOW_PHASE, "phase", "VARCHAR"),
  from(names.INTERACTION_TYPE, "interaction_type", "VARCHAR"),
  from(names.GEN_AI_PROMPT_NAME, "prompt_name", "VARCHAR"),
  from(names.GEN_AI_PROMPT_VERSION, "prompt_version", "VARCHAR"),
  // The columns have one place for an input that is not cached and one for a cached one, so that they add up to all of the input.
  fact("tokens_in_uncached", "BIGINT", ({ tokens }) => total(tokens?.inUncached, tokens?.inImage)),
  fact("tokens_cache_read", "BIGINT", ({ tokens }) => total(tokens?.cacheRead, tokens?.cacheReadAudio, tokens?.cacheReadImage)),
  fact("tokens_cache_write_5m", "BIGINT", ({ tokens }) => tokens?.cacheWrite5m),
  fact("tokens_cache_write_1h", "BIGINT", ({ tokens }) => tokens?.cacheWrite1h),
  fact("tokens_in_audio", "BIGINT", ({ tokens }) => tokens?.inAudio),
  fact("tokens_out_text", "BIGINT", ({ tokens }) => tokens?.outText),
  fact("tokens_reasoning", "BIGINT", ({ tokens }) => tokens?.reasoning),
  fact("tokens_out_audio", "BIGINT", ({ tokens }) => tokens?.outAudio),
  fact("usage_source", "VARCHAR", ({ usageSource }) => usageSource),
  { name: "cost_usd", type: "DECIMAL(18,9)", attribute: names.COST_USD, of: ({ cost }) => cost?.usd },
  fact("cost_by_bucket", "MAP(VARCHAR, DECIMAL(18,9))", ({ cost }) => cost?.byBucket),
  { name: "price_id", type: "VARCHAR", attribute: names.PRICE_ID, of: ({ cost }) => cost?.priceId },
  fact("cost_source", "VARCHAR", ({ cost }) => cost?.source),
  fact("cost_reason", "VARCHAR", ({ cost }) => cost?.reason),
  from(names.CREDITS_CONSUMED, "credits", "DECIMAL(18,6)"),
  from("gen_ai.tool.name", "tool_name", "VARCHAR"),
  from("gen_ai.tool.call.id", "tool_call_id", "VARCHAR"),
  unfilled("tool_ok", "BOOLEAN"),
  from(names.GEN_AI_RESPONSE_FINISH_REASONS, "finish_reasons", "VARCHAR[]"),
  fact("stream", "BOOLEAN", ({ attributes }) => modelSpan(attributes, attributes[names.GEN_AI_REQUEST_STREAM] === true)),
  fact("capture", "VARCHAR", ({ capture }) => capture),
  fact("scrub_counts", "MAP(VARCHAR, UBIGINT)", ({ attributes }) => below(attributes, names.SCRUB_COUNT)),
  fact("vars", "JSON", ({ attributes }) => below(attributes, names.GEN_AI_PROMPT_VARIABLE)),
  unfilled("vars_missing", "VARCHAR[]"),
  fact("dims", "MAP(VARCHAR, VARCHAR)", ({ attributes }) => below(attributes, names.DIMENSION)),
  fact("attrs", "JSON", ({ attributes }) => withoutColumn(attributes)),
  {
    name: "input_messages",
    type: "JSON",
    attribute: names.GEN_AI_INPUT_MESSAGES,
    of: ({ attributes }) => attributes[names.GEN_AI_INPUT_MESSAGES],
  },
  {
    name: "output_messages",
    type: "JSON",
    attribute: names.GEN_AI_OUTPUT_MESSAGES,
    of: ({ attributes }) => attributes[names.GEN_AI_OUTPUT_MESSAGES],
  },
  from(names.GATEWAY_OVERHEAD_US, "gateway_overhead_us", "BIGINT"),
  // Beyond the documented view: what a span is made of again from its row.
  fact("source", "VARCHAR", ({ source }) => source),
  fact("status", "VARCHAR", ({ status }) => status),
  fact("links", "JSON", ({ links }) => links),
  fact("tokens_out_image", "BIGINT", ({ tokens }) => tokens?.outImage),
];

const inColumns = new Set([
  ...COLUMNS.flatMap(({ attribute }) => (attribute === undefined ? [] : [attribute])),
  names.GEN_AI_REQUEST_STREAM,
]);

/** Attributes that share a column, by the rest of their names. */
const PREFIXES = [names.GEN_AI_PROMPT_VARIABLE, names.DIMENSION, names.SCRUB_COUNT];

function hasColumn(name: string): boolean {
  return inColumns.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix));
}

function withoutColumn(attributes: Span["attributes"]): Span["attributes"] {
  const found: [string, AttributeValue][] = [];
  for (const name in attributes) if (!hasColumn(name)) found.push([name, attributes[name] ?? null]);
  return Object.fromEntries(found);
}

/** Null, not 0, where none of them is known. */
function total(...counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((count) => count !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0);
}

/** Null where no model was asked: an HTTP span neither streams nor does not. */
function modelSpan<Value>(attributes: Span["attributes"], value: Value): Value | undefined {
  return Object.hasOwn(attributes, names.GEN_AI_OPERATION_NAME) ? value : undefined;
}

/** The attributes `<prefix><key>` as key and text; undefined when there are none. */
function below(attributes: Span["attributes"], prefix: string): { readonly [key: string]: string } | undefined {
  let found: [string, string][] | undefined;
  for (const name in attributes) {
    if (!name.startsWith(prefix)) continue;
    const value = attributes[name];
    (found ??= []).push([name.slice(prefix.length), typeof value === "string" ? value : JSON.stringify(value)]);
  }
  return found && Object.fromEntries(found);
}
