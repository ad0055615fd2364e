import { GATEWAY_ONLY_HEADERS, METADATA_HEADERS, type HeaderNames } from "../genai/metadata.ts";
import type { Header } from "../genai/recorded.ts";

/** What becomes of a request header. */
interface Role {
  readonly name: string;
  /** Goes on to the upstream. */
  readonly forward: boolean;
  /** May be kept in the record: the allow-list. */
  readonly keep: boolean;
  /** Read by the gateway itself. */
  readonly read: boolean;
}

/**
 * Fields of one connection, which end here in both directions.
 * Source: RFC 9110 section 7.6.1; `alt-svc` would lead clients past the gateway.
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "alt-svc",
]);

/** Named anew for each side: `host` by the address, `content-length` by the body, `expect` was answered here. */
const OWN_FRAMING: ReadonlySet<string> = new Set(["host", "content-length", "expect"]);

/** The gateway acts on these. A second one of them would let two readers see two requests. */
export const SINGLE: ReadonlySet<string> = new Set([
  "host",
  "authorization",
  "content-length",
  "transfer-encoding",
  "content-type",
  "content-encoding",
]);

const READ: ReadonlySet<string> = new Set([...SINGLE, "connection", "origin", "upgrade", "traceparent"]);

/** Beside what metadata is read from. No credential is here, nor anything that could carry one. */
const KEPT: ReadonlySet<string> = new Set([
  "content-type",
  "content-encoding",
  "content-length",
  "accept",
  "user-agent",
  "x-stainless-retry-count",
  "x-stainless-lang",
  "x-stainless-package-version",
]);

const KEPT_OF_REPLY: ReadonlySet<string> = new Set([
  "content-type",
  "content-encoding",
  "content-length",
  "x-request-id",
  "request-id",
  "apim-request-id",
  "openai-processing-ms",
  "retry-after",
]);

/** Names come from clients: the memo is bounded, and a name that does not fit is worked out each time. */
const MEMO_SIZE = 2000;
const memo = new Map<string, Role>();

/** What to do with a header of a request, by its name as sent. */
export function roleOf(rawName: string): Role {
  const known = memo.get(rawName);
  if (known !== undefined) return known;
  const name = rawName.toLowerCase();
  const ours = listed(name, GATEWAY_ONLY_HEADERS);
  const role: Role = {
    name,
    forward: !ours && !HOP_BY_HOP.has(name) && !OWN_FRAMING.has(name),
    keep: KEPT.has(name) || listed(name, METADATA_HEADERS),
    read: ours || READ.has(name),
  };
  if (memo.size < MEMO_SIZE) memo.set(rawName, role);
  return role;
}

function listed(name: string, list: HeaderNames): boolean {
  return list.names.includes(name) || list.prefixes.some((prefix) => name.startsWith(prefix));
}

/** The headers of a request for the upstream; `authorization` takes the place of the caller's own. */
export function requestHeaders(forward: readonly string[], authorization: string | undefined, uncompressed: boolean): string[] {
  let headers = forward as string[];
  if (authorization !== undefined) headers = [...withoutNames(headers, AUTHORIZATION), "authorization", authorization];
  if (uncompressed) headers = [...withoutNames(headers, ACCEPT_ENCODING), "accept-encoding", "identity"];
  return headers;
}

/**
 * These vouch for the bytes of a body, so that it cannot be another. Sources: RFC 9530, RFC 3230, RFC 1864, and
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
const SEALS: ReadonlySet<string> = new Set(["content-digest", "repr-digest", "digest", "content-md5", "x-amz-content-sha256"]);
const SIGNED = /^AWS4-/;

/** Whether a request would be refused with another body. */
export function isSealed(forward: readonly string[]): boolean {
  return forward.some((each, i) =>
    i % 2 === 0 ? SEALS.has(each.toLowerCase()) : SIGNED.test(each) && forward[i - 1]?.toLowerCase() === "authorization",
  );
}

const AUTHORIZATION: ReadonlySet<string> = new Set(["authorization", "api-key", "x-api-key"]);
const ACCEPT_ENCODING: ReadonlySet<string> = new Set(["accept-encoding"]);
const CONTENT_LENGTH: ReadonlySet<string> = new Set(["content-length"]);

/** The headers of a reply that may become shorter. */
export const withoutLength = (forward: readonly string[]): string[] => withoutNames(forward, CONTENT_LENGTH);

/** The headers of a reply for the client, and those of them that are kept. `raw` alternates names and values, as bytes. */
export function replyHeaders(raw: readonly Buffer[]): { forward: string[]; kept: Header[]; named: ReadonlyMap<string, string> } {
  const forward: string[] = [];
  const kept: Header[] = [];
  const named = new Map<string, string>();
  let dropped: ReadonlySet<string> | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const rawName = String(raw[i]);
    const name = rawName.toLowerCase();
    const value = (raw[i + 1] as Buffer).toString("latin1");
    named.set(name, value);
    if (HOP_BY_HOP.has(name)) {
      if (name === "connection") dropped = connectionNames(value) ?? dropped;
      continue;
    }
    forward.push(rawName, value);
    if (KEPT_OF_REPLY.has(name) || name.startsWith("x-ratelimit-")) kept.push([name, value]);
  }
  return { forward: dropped ? withoutNames(forward, dropped) : forward, kept, named };
}

/** The fields that a `Connection` header declares to be of this connection only; undefined for the usual ones. */
export function connectionNames(value: string): ReadonlySet<string> | undefined {
  const names = value
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "keep-alive" && name !== "close");
  return names.length === 0 ? undefined : new Set(names);
}

/** `flat` alternates names and values. */
export function withoutNames(flat: readonly string[], names: ReadonlySet<string>): string[] {
  const rest: string[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    if (!names.has((flat[i] as string).toLowerCase())) rest.push(flat[i] as string, flat[i + 1] as string);
  }
  return rest;
}
