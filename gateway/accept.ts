import type { IncomingMessage } from "node:http";
import type { Header } from "../genai/recorded.ts";
import { nowUs } from "./clock.ts";
import { GatewayError } from "./error.ts";
import { connectionNames, roleOf, SINGLE, withoutNames } from "./headers.ts";
import { newExchangeId } from "./identity.ts";

/** A request whose head is sound; its body is still on the way. */
export interface Call {
  readonly request: IncomingMessage;
  readonly exchangeId: string;
  /** Microseconds since the epoch. */
  readonly startedAtUs: number;
  /** The same moment on the monotonic clock, milliseconds. */
  readonly startedMs: number;
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  /** As sent, with its `?`; empty when there is none. */
  readonly query: string;
  /** Names and values in turn, for the upstream. */
  readonly forward: readonly string[];
  /** What the record may keep of the head. */
  readonly kept: readonly Header[];
  /** Values of the headers the gateway acts on, by name in lower case; those of several lines stand in one, with commas between. */
  readonly read: ReadonlyMap<string, string>;
  /** Bytes the body will have; undefined when only its end will tell, 0 when there is none. */
  readonly contentLength: number | undefined;
}

/** Who and when, known of every request, also of one that is refused. */
export type Arrival = Pick<Call, "request" | "exchangeId" | "startedAtUs" | "startedMs" | "method" | "path" | "query">;

export function arrive(request: IncomingMessage): Arrival {
  const target = request.url ?? "/";
  const mark = target.indexOf("?");
  return {
    request,
    exchangeId: newExchangeId(),
    startedAtUs: nowUs(),
    startedMs: performance.now(),
    method: request.method ?? "GET",
    path: mark === -1 ? target : target.slice(0, mark),
    query: mark === -1 ? "" : target.slice(mark),
  };
}

/**
 * Reads the head of a request. Throws a `GatewayError` for what cannot be framed or routed safely; everything else goes on,
 * understood or not.
 */
export function accept(arrival: Arrival, maxBodyBytes: number): Call {
  const { request, method, path } = arrival;
  if (request.httpVersionMajor < 1) throw invalid("HTTP/0.9 has no headers and cannot be relayed; use HTTP/1.1");
  if (method === "TRACE" || method === "CONNECT") throw invalid(`${method} is not relayed; send the request itself`);
  checkPath(path);

  const raw = request.rawHeaders;
  const forward: string[] = [];
  const kept: Header[] = [];
  const read = new Map<string, string>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const rawName = raw[i] as string;
    const value = raw[i + 1] as string;
    const role = roleOf(rawName);
    if (role.forward) forward.push(rawName, value);
    if (role.keep) kept.push([role.name, value]);
    if (!role.read) continue;
    if (SINGLE.has(role.name) && read.has(role.name)) throw invalid(`the request has two ${rawName} headers; send one`);
    const before = read.get(role.name);
    read.set(role.name, before === undefined ? value : `${before}, ${value}`);
  }

  const transferEncoding = read.get("transfer-encoding");
  if (transferEncoding !== undefined && (transferEncoding.toLowerCase() !== "chunked" || request.httpVersionMinor === 0)) {
    throw invalid(
      `Transfer-Encoding ${JSON.stringify(transferEncoding)} is not understood; send chunked with HTTP/1.1, or a Content-Length`,
    );
  }
  const coding = read.get("content-encoding");
  if (coding?.includes(",")) {
    throw new GatewayError("unsupported_encoding", `a body encoded more than once (${coding}) cannot be bounded; use one content encoding`);
  }
  const contentLength = transferEncoding === undefined ? Number(read.get("content-length") ?? 0) : undefined;
  if (contentLength !== undefined && contentLength > maxBodyBytes) throw tooLarge(contentLength, maxBodyBytes);

  const named = connectionNames(read.get("connection") ?? "");
  return { ...arrival, forward: named ? withoutNames(forward, named) : forward, kept, read, contentLength };
}

export function tooLarge(bytes: number, limit: number): GatewayError {
  return new GatewayError(
    "body_too_large",
    `the body has ${bytes} bytes or more, this gateway takes ${limit}; raise gateway.max_body_bytes`,
  );
}

/** Only a path that every reader splits alike may choose an upstream. Beyond its segments it goes on exactly as sent. */
function checkPath(path: string): void {
  if (!path.startsWith("/"))
    throw invalid(`the target ${JSON.stringify(path.slice(0, 200))} is not a path; send "/v1/…" with a Host header`);
  if (path.startsWith("//")) throw invalid("the path begins with //, which some readers take for a host; send one slash");
  if (!/[%\\.;]/.test(path)) return;
  if (/\\|%5c|%00/i.test(path)) throw invalid("the path contains a backslash or NUL; remove it");
  const segments = path.replace(/%2f/gi, "/").replace(/%2e/gi, ".").split("/");
  if (segments.some((segment) => /^\.{1,2}(;.*)?$/.test(segment)))
    throw invalid("the path contains . or .. segments; send the path they lead to");
}

function invalid(message: string): GatewayError {
  return new GatewayError("invalid_request", message);
}
