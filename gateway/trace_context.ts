import type { Call } from "./accept.ts";
import { newSpanId, newTraceId } from "./identity.ts";

export interface TraceIds {
  readonly traceId: string;
  /** Of the SERVER span. */
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly link?: { readonly traceId: string; readonly spanId: string };
}

/** `00-<trace>-<parent>-<flags>`; later versions may append fields. Source: W3C Trace Context, section 3.2. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;
const ZEROS = /^0+$/;

/** Trace ids under the names of other gateways, for callers that send no `traceparent`. */
const TRACE_HEADERS = ["x-portkey-trace-id", "x-litellm-trace-id", "langfuse_trace_id", "cf-aig-otel-trace-id"];
const PARENT_HEADERS = ["x-portkey-parent-span-id", "cf-aig-otel-parent-span-id"];

/** The ids of this call's SERVER span, joined to the caller's trace as `mode` says. Anything malformed begins a new trace. */
export function traceIds(call: Call, mode: "continue" | "link" | "ignore"): TraceIds {
  const spanId = newSpanId();
  const caller = mode === "ignore" ? undefined : callerSpan(call);
  if (caller === undefined) return { traceId: newTraceId(), spanId };
  if (mode === "link") {
    const link = caller.spanId === undefined ? undefined : { traceId: caller.traceId, spanId: caller.spanId };
    return { traceId: newTraceId(), spanId, ...(link && { link }) };
  }
  return { traceId: caller.traceId, spanId, ...(caller.spanId !== undefined && { parentSpanId: caller.spanId }) };
}

function callerSpan({ read }: Call): { traceId: string; spanId?: string } | undefined {
  const found = TRACEPARENT.exec(read.get("traceparent") ?? "");
  if (found) {
    const [, version, traceId = "", spanId = "", more] = found;
    const wellFormed = version !== "ff" && (version !== "00" || more === undefined);
    if (wellFormed && !ZEROS.test(traceId) && !ZEROS.test(spanId)) return { traceId, spanId };
  }
  const traceId = hexId(first(read, TRACE_HEADERS), 32);
  if (traceId === undefined) return undefined;
  const spanId = hexId(first(read, PARENT_HEADERS), 16);
  return { traceId, ...(spanId !== undefined && { spanId }) };
}

function first(read: ReadonlyMap<string, string>, names: readonly string[]): string | undefined {
  const name = names.find((each) => read.has(each));
  return name === undefined ? undefined : read.get(name);
}

/** Other gateways take any text for a trace id; only a real one, perhaps written as a UUID, can join traces. */
function hexId(text: string | undefined, digits: number): string | undefined {
  const id = text?.toLowerCase().replaceAll("-", "");
  return id !== undefined && id.length === digits && /^[0-9a-f]+$/.test(id) && !ZEROS.test(id) ? id : undefined;
}
