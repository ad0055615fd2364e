import { dialectFor } from "../genai/dialects/index.ts";
import type { Chunk, Closed, Opened, Recorded } from "../genai/recorded.ts";
import { readExchange } from "./exchange.ts";

export interface RecordedOptions {
  readonly opened?: Partial<Opened>;
  readonly closed?: Partial<Closed>;
  /** A text or bytes as they are, anything else as JSON. */
  readonly request?: unknown;
  readonly response?: unknown;
  /** Sizes of the chunks the response comes in; the rest comes in one. */
  readonly cuts?: readonly number[];
}

/** A chat completion that went well, with what the test says otherwise. Chunk `i` comes at (i + 2) ms. */
export function aRecorded({ opened = {}, closed = {}, request = "", response = "", cuts = [] }: RecordedOptions = {}): Recorded {
  const requestBytes = bytesOf(request);
  const chunks = cutInto(bytesOf(response), cuts);
  return {
    opened: {
      exchangeId: "0199a7c0-0000-7000-8000-000000000001",
      tenant: "default",
      tier: "full",
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      startedAtUs: 1_767_225_600_000_000,
      method: "POST",
      path: "/v1/chat/completions",
      query: "",
      headers: [],
      upstream: { name: "default", address: "api.openai.com", port: 443, scheme: "https", path: "/chat/completions" },
      ...opened,
    },
    closed: {
      ending: "completed",
      endedUs: 50_000,
      status: 200,
      headers: [["content-type", typeof response === "string" ? "text/event-stream" : "application/json"]],
      sentUs: 1000,
      firstByteUs: 2000,
      requestBytes: requestBytes.length,
      responseBytes: chunks.reduce((sum, { bytes }) => sum + bytes.length, 0),
      attempts: [{ startedUs: 1000, endedUs: 50_000, status: closed.status ?? 200 }],
      overheadUs: 300,
      ...closed,
    },
    request: requestBytes,
    response: chunks,
  };
}

/** An exchange from `testing/exchanges/` as the gateway records it. */
export async function aRecordedExchange(what: string, options: RecordedOptions & { readonly body?: string } = {}): Promise<Recorded> {
  const { request, response } = await readExchange(what, options.body);
  const { path } = request;
  if (!dialectFor(request.method, path)) throw new Error(`testing/exchanges/${what} asks no model at ${path}`);
  return aRecorded({
    request: request.body,
    response: response.body,
    ...options,
    opened: {
      method: request.method,
      path: `/v1${path}`,
      headers: Object.entries(request.headers).filter(([name]) => name !== "authorization"),
      upstream: { name: "default", address: "api.openai.com", port: 443, scheme: "https", path, basePath: "/v1" },
      ...options.opened,
    },
    closed: { status: response.status, headers: Object.entries(response.headers), ...options.closed },
  });
}

/** Server-sent events with one JSON each, and `[DONE]`. */
export function events(...data: readonly unknown[]): string {
  return [...data.map((each) => JSON.stringify(each)), "[DONE]"].map((each) => `data: ${each}\n\n`).join("");
}

/** Server-sent events that name their type, as the Responses API sends them. */
export function typedEvents(...data: readonly { readonly type: string; readonly [key: string]: unknown }[]): string {
  return data.map((each) => `event: ${each.type}\ndata: ${JSON.stringify(each)}\n\n`).join("");
}

export function cutInto(bytes: Buffer, sizes: readonly number[]): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    if (at >= bytes.length) break;
    chunks.push({ atUs: (chunks.length + 2) * 1000, bytes: bytes.subarray(at, at + size) });
    at += size;
  }
  return chunks;
}

function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}
