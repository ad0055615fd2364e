import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { ApiError, errorReply, json, type Asked, type Reply } from "./ask.ts";
import { chat } from "./chat.ts";
import { completions } from "./completions.ts";
import { embeddings } from "./embeddings.ts";
import { encodingFor } from "./encode.ts";
import { transcribe, uploadFile } from "./files.ts";
import { AIRLINE_12, ConversationError, library, type Library } from "./library.ts";
import { listModels, oneModel } from "./models.ts";
import { randomFrom } from "./random.ts";
import { responses } from "./responses.ts";
import { send } from "./send.ts";

export interface DemoOptions {
  /** 0, the default, is any free one. */
  readonly port?: number;
  readonly host?: string;
  /** Makes each reply, ids and cuts included, follow from the request alone, and cuts streams anywhere. */
  readonly seed?: number;
  /** Before each event of a stream, and before a whole reply. */
  readonly delayMs?: number;
  /** Answers in the encoding the client likes best; off, everything is plain. */
  readonly compress?: boolean;
  /** Conversations known from the start, beside the samples. */
  readonly conversations?: readonly (string | URL)[];
  /** Exchanges kept in the log, 10,000 unless told otherwise. They hold the headers as they came, credentials included. */
  readonly logLength?: number;
  /** Where taught conversations are remembered. */
  readonly folder?: string;
}

/** One exchange, as the upstream saw it. */
export interface LogEntry {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly bodySha256: string;
  readonly bodyBytes: number;
  readonly status: number | undefined;
  /** The response's own id, where it has one. */
  readonly responseId: string | undefined;
  /** Body as it went out, after encoding. */
  readonly sentBytes: number;
  readonly sentSha256: string | undefined;
  /** Whether the client closed before the reply was out. */
  readonly left: boolean;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface DemoUpstream extends AsyncDisposable {
  /** Base URL for clients, ending in `/v1`. */
  readonly url: string;
  readonly port: number;
  /** Finished exchanges, oldest first; the newest 10,000 are kept. */
  readonly log: readonly LogEntry[];
  /** Exchanges that are not over. */
  open(): number;
  close(): Promise<void>;
}

type Endpoint = readonly [method: string, path: RegExp, answer: (asked: Asked) => Reply | Promise<Reply>];

const ENDPOINTS: readonly Endpoint[] = [
  ["POST", /^\/v1\/chat\/completions$/, chat],
  ["POST", /^\/v1\/responses$/, responses],
  ["POST", /^\/v1\/completions$/, completions],
  ["POST", /^\/v1\/embeddings$/, embeddings],
  ["GET", /^\/v1\/models$/, listModels],
  ["GET", /^\/v1\/models\/[^/]+$/, oneModel],
  ["POST", /^\/v1\/files$/, uploadFile],
  ["POST", /^\/v1\/audio\/transcriptions$/, transcribe],
  ["POST", /^\/v1\/conversations$/, teach],
  ["OPTIONS", /./, () => ({ status: 204, headers: { allow: "GET, POST, OPTIONS" }, body: "" })],
];

const MAX_BODY_BYTES = 64 * 2 ** 20;
const LOG_LENGTH = 10_000;
/** With a seed, replies are as of this moment: 2026-01-01. */
const SEEDED_NOW = 1_767_225_600;

/** Starts an upstream that speaks OpenAI's API and answers from conversations it knows. Close it, or dispose of it. */
export async function demoUpstream(options: DemoOptions = {}): Promise<DemoUpstream> {
  const known = await library(options.conversations ?? [AIRLINE_12], options.folder);
  const log: LogEntry[] = [];
  let open = 0;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    open += 1;
    log.push(await exchange(request, response, known, options));
    if (log.length > (options.logLength ?? LOG_LENGTH)) log.shift();
    open -= 1;
  };
  // Longer than clients keep idle connections, so that none is closed under a request.
  const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => void serve(request, response));
  server.listen(options.port ?? 0, options.host ?? "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the demo upstream listens on no TCP port");
  const close = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
  };
  return {
    url: `http://${options.host ?? "127.0.0.1"}:${address.port}/v1`,
    port: address.port,
    log,
    open: () => open,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Serves one request. Never rejects. */
async function exchange(request: IncomingMessage, response: ServerResponse, known: Library, options: DemoOptions): Promise<LogEntry> {
  const { method = "GET", url: path = "/" } = request;
  const startedAt = Date.now();
  const over = new Promise((resolve) => response.once("close", resolve));
  const body = await readAll(request);
  const { headers } = request;
  const bodySha256 = createHash("sha256").update(body).digest("hex");
  const random = randomFrom(options.seed === undefined ? randomUUID() : `${options.seed} ${method} ${path} ${bodySha256}`);
  const [bare = "/"] = path.split("?");
  const now = options.seed === undefined ? Math.floor(startedAt / 1000) : SEEDED_NOW;
  const asked = { method, path: bare, contentType: headers["content-type"] ?? "", body, known, random, now };
  const reply = await answerTo(asked);
  const sent = await send(reply, metaHeaders(asked), response, {
    delayMs: options.delayMs ?? 0,
    encoding: options.compress ? encodingFor(String(headers["accept-encoding"] ?? "")) : undefined,
    cut: options.seed === undefined ? undefined : random,
  }).catch(() => response.destroy() && undefined);
  await over;
  return {
    method,
    path,
    headers,
    bodySha256,
    bodyBytes: body.length,
    status: response.headersSent ? response.statusCode : undefined,
    responseId: reply.id,
    sentBytes: sent?.bytes ?? 0,
    sentSha256: sent?.sha256,
    left: !response.writableFinished,
    startedAt,
    endedAt: Date.now(),
  };
}

/** The body, or what came of it before the client left; of one that is too large, the part that shows it. */
async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_BODY_BYTES) break;
    }
  } catch {
    // The client left: what it sent is in the log.
  }
  return Buffer.concat(chunks);
}

async function answerTo(asked: Asked): Promise<Reply> {
  try {
    if (asked.body.length > MAX_BODY_BYTES) throw new ApiError(413, "invalid_request_error", "The body is larger than 64 MiB.");
    const endpoint = ENDPOINTS.find(([method, path]) => method === asked.method && path.test(asked.path));
    if (!endpoint) throw new ApiError(404, "invalid_request_error", `Invalid URL (${asked.method} ${asked.path})`);
    return await endpoint[2](asked);
  } catch (error) {
    if (error instanceof ApiError) return errorReply(error);
    return errorReply(new ApiError(500, "server_error", `The demo upstream failed: ${String(error)}`));
  }
}

async function teach({ body, known }: Asked): Promise<Reply> {
  try {
    return json(await known.teach(body.toString("utf8")));
  } catch (error) {
    if (error instanceof ConversationError) throw new ApiError(400, "invalid_request_error", error.message);
    throw error;
  }
}

/** What OpenAI's API says beside each reply. */
function metaHeaders({ random }: Asked): Readonly<Record<string, string>> {
  return {
    "x-request-id": `req_${random.hex(32)}`,
    "openai-processing-ms": String(1 + random.below(500)),
    "openai-version": "2020-10-01",
    "openai-organization": "spangate-demo",
    "x-ratelimit-limit-requests": "10000",
    "x-ratelimit-limit-tokens": "2000000",
    "x-ratelimit-remaining-requests": "9999",
    "x-ratelimit-remaining-tokens": String(1_900_000 + random.below(100_000)),
    "x-ratelimit-reset-requests": "6ms",
    "x-ratelimit-reset-tokens": "0s",
  };
}
