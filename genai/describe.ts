import type { Exchange } from "./assemble.ts";
import { callerAttributes, modelAttributes, replyAttributes } from "./describe_call.ts";
import { attemptSpans, serverSpan } from "./describe_http.ts";
import { shorten } from "./json.ts";
import { failure } from "./outcome.ts";
import type { Attributes, Span } from "./span.ts";
import { endOf, frame, spanId, statusOf } from "./span_frame.ts";

export interface DescribeOptions {
  /** A keyed hash that stands for an end user; the plain id appears on no span. */
  readonly userKey: (tenant: string, user: string) => string;
}

const MAX_NAME = 256;

/**
 * An exchange as spans: SERVER, then one GenAI CLIENT span where a model was asked, then one HTTP CLIENT span per attempt where there were
 * several, or where no model was asked. Pure: the same exchange always gives the same spans, ids included.
 */
export function describe(exchange: Exchange, { userKey }: DescribeOptions): readonly Span[] {
  const { opened, closed, dialect } = exchange;
  const caller = callerAttributes(exchange, userKey);
  const server = serverSpan(exchange, caller);
  if (closed.ending === "rejected" || !opened.upstream) return [server];
  if (!dialect) return [server, ...attemptSpans(exchange, opened.upstream, opened.spanId, { ...replyAttributes(exchange), ...caller })];
  const model = modelSpan(exchange, dialect.operation, caller);
  return [server, model, ...(closed.attempts.length > 1 ? attemptSpans(exchange, opened.upstream, model.spanId) : [])];
}

/** The call to the model, retries included. */
function modelSpan(exchange: Exchange, operation: string, caller: Attributes): Span {
  const { opened, closed, request, response } = exchange;
  const errorType = failure(exchange);
  return {
    ...frame(exchange, closed.attempts[0]?.startedUs ?? closed.sentUs ?? 0, closed.endedUs),
    spanId: spanId(opened, "model"),
    parentSpanId: opened.spanId,
    name: shorten(request?.model === undefined ? operation : `${operation} ${request.model}`, MAX_NAME),
    kind: "client",
    status: statusOf(errorType),
    ...endOf(exchange),
    ...(response?.tokens && { tokens: response.tokens }),
    usageSource: response?.usage ? "provider" : "none",
    attributes: { ...modelAttributes(exchange, errorType), ...replyAttributes(exchange), ...caller },
  };
}
