import { GEN_AI_OUTPUT_TYPE } from "./attributes.ts";
import type { Dialect, ProviderError, RequestFacts, ResponseFacts } from "./dialect.ts";
import { dialectFor } from "./dialects/index.ts";
import { asObject, parseJson, present } from "./json.ts";
import { readMetadata, type Metadata } from "./metadata.ts";
import { textOf } from "./parts.ts";
import { readError } from "./provider_error.ts";
import type { Closed, Opened, Recorded } from "./recorded.ts";
import { isEventStream, readEvents } from "./sse.ts";

/** One call to a model, or to anything else behind the gateway: asked, answered, used, and how it ended. */
export interface Exchange {
  readonly opened: Opened;
  readonly closed: Closed;
  readonly unreadable?: Recorded["unreadable"];
  /** Undefined for a call that asks no model. */
  readonly dialect?: Dialect;
  readonly request?: RequestFacts;
  readonly response?: ResponseFacts;
  readonly metadata: Metadata;
  /** The upstream's own status; undefined when it never answered, whatever the client was told. */
  readonly status?: number;
  /** What the provider reported, with an error status or in a stream that began well. */
  readonly error?: ProviderError;
  /** Microseconds since `startedAtUs`; streams only. */
  readonly firstChunkUs?: number;
  /** What is wrong with a reply that came with a good status. */
  readonly flaw?: "invalid_response" | "stream_interrupted";
  /** The answer was to be JSON and is not. */
  readonly outputParseError?: true;
}

/** Reads what was recorded of one call. Never throws: what cannot be read is left out. */
export function assemble(recorded: Recorded): Exchange {
  const { opened, closed, unreadable } = recorded;
  const dialect = opened.upstream && dialectFor(opened.method, opened.upstream.path, opened.upstream.dialect);
  const request = dialect && readRequest(dialect, recorded.request);
  const status = upstreamStatus(closed);
  const answer = dialect && status !== undefined ? readAnswer(dialect, recorded, status) : {};
  const ended = answer.firstChunkUs !== undefined && answer.response?.finished ? closedWhole(closed) : closed;
  return present({
    opened,
    closed: ended,
    unreadable,
    dialect,
    request,
    metadata: readMetadata(opened.headers, request),
    status,
    ...answer,
    outputParseError: structuredOutputFails(ended, request, answer.response) || undefined,
  });
}

function readRequest(dialect: Dialect, bytes: Buffer): RequestFacts | undefined {
  const body = parseJson(decodeText(bytes));
  return body === undefined ? undefined : dialect.readRequest(body);
}

/** What the client got may be the gateway's own status, when the last attempt came back with none. */
function upstreamStatus(closed: Closed): number | undefined {
  const last = closed.attempts.at(-1);
  return last?.status ?? (last?.error === undefined ? closed.status : undefined);
}

/**
 * Once the terminal event of a stream is there, the exchange is complete, whoever closed first. The gateway sees it in plain bytes; in a compressed
 * stream it is found only here.
 */
function closedWhole(closed: Closed): Closed {
  if (closed.ending !== "abandoned" && closed.ending !== "cut") return closed;
  const { error: _, ...rest } = closed;
  return { ...rest, ending: "completed" };
}

type Answer = Pick<Exchange, "response" | "error" | "firstChunkUs" | "flaw">;

function readAnswer(dialect: Dialect, recorded: Recorded, status: number): Answer {
  const start = decodeText(firstBytes(recorded, 256));
  if (isEventStream(start, headerOf(recorded, "content-type"))) return readStream(dialect, recorded);
  const bytes = firstBytes(recorded, Infinity);
  return status >= 400 ? readErrorBody(bytes) : readWhole(dialect, recorded, bytes, status);
}

function firstBytes({ response }: Recorded, most: number): Buffer {
  const chunks = response.map((chunk) => chunk.bytes);
  const all = chunks.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat(chunks, Math.min(all, most));
}

function readErrorBody(bytes: Buffer): Answer {
  const text = decodeText(bytes);
  return present({ error: readError(parseJson(text) ?? text.trim(), true) });
}

function readStream(dialect: Dialect, recorded: Recorded): Answer {
  const { closed } = recorded;
  const reader = dialect.stream();
  let firstChunkUs: number | undefined;
  readEvents(recorded.response, (event, atUs) => {
    firstChunkUs ??= atUs;
    reader.add(event);
  });
  const facts = reader.facts();
  const open = !facts.finished && (facts.finishReasons ?? ["error"]).includes("error");
  if (open && closed.ending === "completed" && isPartial(recorded)) {
    // It ended well, only the record did not keep how.
    const { finishReasons: _, ...kept } = facts;
    return present({ response: kept, error: facts.error, firstChunkUs });
  }
  const flaw = open && closed.ending === "completed" && !facts.error ? ("stream_interrupted" as const) : undefined;
  return present({ response: facts, error: facts.error, firstChunkUs, flaw });
}

function readWhole(dialect: Dialect, recorded: Recorded, bytes: Buffer, status: number): Answer {
  const body = parseJson(decodeText(bytes));
  if (asObject(body)) {
    const response = dialect.readResponse(body);
    return present({ response, error: response.error });
  }
  const invalid = recorded.closed.ending === "completed" && status >= 200 && status < 300 && !isPartial(recorded);
  return invalid ? { flaw: "invalid_response" } : {};
}

/** Whether less was kept of the reply than came. */
function isPartial({ closed, response, unreadable }: Recorded): boolean {
  const keptNothing = closed.responseBytes > 0 && response.every((chunk) => chunk.bytes.length === 0);
  return closed.responseTruncated === true || unreadable?.response !== undefined || keptNothing;
}

/** Whether an answer that was to be JSON is not. A refusal is no answer, and a call of a tool none yet. */
function structuredOutputFails(closed: Closed, request: RequestFacts | undefined, response: ResponseFacts | undefined): boolean {
  if (closed.ending !== "completed" || closed.responseTruncated || request?.attributes[GEN_AI_OUTPUT_TYPE] !== "json") return false;
  return (response?.outputMessages ?? []).some(({ parts }) => {
    const text = parts.some((part) => part.type === "refusal" || part.type === "tool_call") ? undefined : textOf(parts);
    return text !== undefined && parseJson(text) === undefined;
  });
}

function headerOf({ closed }: Recorded, name: string): string {
  return closed.headers.find(([each]) => each === name)?.[1].toLowerCase() ?? "";
}

const utf8 = new TextDecoder();

/** UTF-8, a mark of byte order left out and anything invalid replaced. */
function decodeText(bytes: Buffer): string {
  return utf8.decode(bytes);
}
