import type { Exchange } from "./assemble.ts";
import * as names from "./attributes.ts";
import { failure } from "./outcome.ts";
import type { Attempt, Opened } from "./recorded.ts";
import { pathTemplate, routeOf } from "./route.ts";
import type { Attributes, Span } from "./span.ts";
import { endOf, frame, spanId, statusOf } from "./span_frame.ts";

type Upstream = NonNullable<Opened["upstream"]>;

/** The call as the gateway's client saw it. It carries no `gen_ai.*`: that would count every call to a model twice. */
export function serverSpan(exchange: Exchange, caller: Attributes): Span {
  const { opened, closed } = exchange;
  const route = routeOf(opened);
  const errorType = serverError(exchange);
  const alone = closed.ending === "rejected" || !opened.upstream;
  return {
    ...frame(exchange, 0, closed.endedUs),
    spanId: opened.spanId,
    ...(opened.parentSpanId !== undefined && { parentSpanId: opened.parentSpanId }),
    ...(opened.link && { links: [opened.link] }),
    name: spanName(opened, route),
    kind: "server",
    status: statusOf(errorType),
    ...endOf(exchange),
    attributes: {
      ...names.attributes([
        ...methodPairs(opened),
        [names.URL_PATH, opened.path],
        [names.URL_QUERY, opened.query || undefined],
        [names.URL_SCHEME, "http"],
        [names.HTTP_ROUTE, route],
        [names.HTTP_RESPONSE_STATUS_CODE, closed.status],
        [names.HTTP_REQUEST_BODY_SIZE, closed.requestBytes],
        [names.HTTP_RESPONSE_BODY_SIZE, closed.responseBytes],
        [names.CLIENT_ADDRESS, opened.clientAddress],
        [names.USER_AGENT_ORIGINAL, opened.headers.find(([name]) => name === "user-agent")?.[1]],
        [names.ERROR_TYPE, errorType],
        [names.REJECTION_REASON, closed.rejection],
        [names.UPSTREAM, opened.upstream?.name],
        [names.GATEWAY_OVERHEAD_US, alone ? closed.overheadUs : undefined],
      ]),
      ...caller,
    },
  };
}

/** A server answers for its 5xx and for what broke off; a 4xx, our own included, is the client's affair. */
function serverError(exchange: Exchange): string | undefined {
  const { ending, status } = exchange.closed;
  if (ending === "cut" || ending === "incomplete") return failure(exchange);
  return status !== undefined && status >= 500 ? String(status) : undefined;
}

/** The tries to reach the upstream. `whole` holds what is to be told of the call as such, where no other span tells it; the last try gets it. */
export function attemptSpans(exchange: Exchange, upstream: Upstream, parentSpanId: string, whole?: Attributes): readonly Span[] {
  const { opened } = exchange;
  const attempts = attemptsOf(exchange);
  const template = pathTemplate(upstream.path);
  return attempts.map((attempt, index) => {
    const last = index === attempts.length - 1;
    // How the last attempt ended is how the call ended: a client that leaves is no error, though its connection broke.
    const errorType = last ? failure(exchange) : attemptError(attempt);
    return {
      ...frame(exchange, attempt.startedUs, attempt.endedUs),
      spanId: spanId(opened, `attempt/${index}`),
      parentSpanId,
      name: spanName(opened, template),
      kind: "client",
      status: statusOf(errorType),
      ...(last && whole && endOf(exchange)),
      attributes: {
        ...names.attributes([
          ...methodPairs(opened),
          [names.SERVER_ADDRESS, upstream.address],
          [names.SERVER_PORT, upstream.port],
          [names.URL_SCHEME, upstream.scheme],
          [names.URL_FULL, fullUrl(opened, upstream)],
          [names.URL_TEMPLATE, template],
          [names.HTTP_RESPONSE_STATUS_CODE, attempt.status],
          [names.HTTP_REQUEST_RESEND_COUNT, index || undefined],
          [names.ERROR_TYPE, errorType],
          [names.UPSTREAM, upstream.name],
        ]),
        ...(last && whole),
      },
    };
  });
}

/** A call whose attempts nobody noted, because its recorder was killed, was one all the same. */
function attemptsOf({ closed, status }: Exchange): readonly Attempt[] {
  if (closed.attempts.length > 0) return closed.attempts;
  return [{ startedUs: closed.sentUs ?? 0, endedUs: closed.endedUs, ...(status !== undefined && { status }) }];
}

function attemptError({ status, error }: Attempt): string | undefined {
  return error ?? (status !== undefined && status >= 400 ? String(status) : undefined);
}

function fullUrl(opened: Opened, { scheme, address, port, basePath, path }: Upstream): string | undefined {
  if (basePath === undefined) return undefined;
  const host = address.includes(":") ? `[${address}]` : address;
  const usualPort = scheme === "https" ? 443 : 80;
  return `${scheme}://${host}${port === usualPort ? "" : `:${port}`}${basePath}${path}${opened.query && `?${opened.query}`}`;
}

const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"]);

/** Anybody may invent a method; the conventions call those `_OTHER`, and `HTTP` in names. */
function methodPairs({ method }: Opened) {
  return METHODS.has(method)
    ? ([[names.HTTP_REQUEST_METHOD, method]] as const)
    : ([
        [names.HTTP_REQUEST_METHOD, "_OTHER"],
        [names.HTTP_REQUEST_METHOD_ORIGINAL, method],
      ] as const);
}

function spanName({ method }: Opened, target: string | undefined): string {
  const known = METHODS.has(method) ? method : "HTTP";
  return target === undefined ? known : `${known} ${target}`;
}
