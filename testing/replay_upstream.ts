import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { setImmediate, setTimeout } from "node:timers/promises";
import type { RecordedExchange } from "./exchange.ts";

/** What goes wrong, on purpose. */
export const FAULTS = [
  "reset_before_headers",
  "reset_in_body",
  "hang_before_headers",
  "hang_before_first_chunk",
  "hang_between_chunks",
  "close_without_terminal_event",
  "drip",
  "bytewise",
  "informational_first",
  "content_length_too_large",
  "content_length_too_small",
] as const;
export type Fault = (typeof FAULTS)[number];

export interface Play {
  readonly exchange: RecordedExchange;
  readonly fault?: Fault | undefined;
}

/** One request, as this upstream saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Milliseconds since the epoch when the connection closed before the reply was out; undefined until then, or when it was. */
  leftAt: number | undefined;
}

export interface ReplayUpstream extends AsyncDisposable {
  /** Base URL, ending in `/v1`. */
  readonly url: string;
  readonly seen: readonly Seen[];
}

const DRIP_MS = 15;

/** A real server that plays recorded replies, whole or broken; `choose` says which for each request. */
export async function replayUpstream(choose: (seen: Seen) => Play): Promise<ReplayUpstream> {
  const seen: Seen[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // Who breaks a connection on purpose breaks its own writes, too.
    response.on("error", () => {});
    const mine = await see(request, response);
    seen.push(mine);
    await play(choose(mine), response);
  };
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => void serve(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the upstream listens on no TCP port");
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    seen,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function see(request: IncomingMessage, response: ServerResponse): Promise<Seen> {
  const { method = "", url: path = "", headers } = request;
  const chunks: Buffer[] = [];
  let leftAt: number | undefined;
  response.once("close", () => (response.writableFinished ? undefined : (leftAt = Date.now())));
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return {
    method,
    path,
    headers,
    body: Buffer.concat(chunks),
    get leftAt() {
      return leftAt;
    },
  };
}

/** Plays a reply; what a fault leaves open stays open until the other side gives up. */
async function play({ exchange, fault }: Play, response: ServerResponse): Promise<void> {
  const { status, headers, body } = exchange.response;
  const half = Math.floor(body.length / 2);
  const streamed = headers["content-type"]?.startsWith("text/event-stream") ?? false;
  const begin = (length = body.length): void => {
    response.writeHead(status, streamed ? headers : { ...headers, "content-length": length });
  };
  switch (fault) {
    case "hang_before_headers":
      break;
    case "hang_before_first_chunk":
      begin();
      response.flushHeaders();
      break;
    case "hang_between_chunks":
      begin();
      response.write(body.subarray(0, half));
      break;
    case "reset_before_headers":
      response.socket?.resetAndDestroy();
      break;
    case "reset_in_body":
      begin();
      response.write(body.subarray(0, half));
      // Long enough for the bytes to arrive: a reset overtakes what is still on the way.
      await setTimeout(50);
      response.socket?.resetAndDestroy();
      break;
    case "close_without_terminal_event":
      begin(half);
      response.end(body.subarray(0, half));
      break;
    case "content_length_too_large":
      response.writeHead(status, { ...headers, "content-length": body.length + 10 });
      response.write(body);
      await setTimeout(50);
      response.socket?.end();
      break;
    case "content_length_too_small":
      // Whoever counts reads half, and finds the rest where the next reply should begin.
      response.writeHead(status, { ...headers, "content-length": half });
      response.end(body);
      break;
    case "drip":
      begin();
      for (const piece of piecesOf(body, Math.ceil(body.length / 40))) {
        response.write(piece);
        await setTimeout(DRIP_MS);
      }
      response.end();
      break;
    case "bytewise":
      begin();
      for (const piece of piecesOf(body, 1)) {
        if (!response.write(piece)) await once(response, "drain");
        await setImmediate();
      }
      response.end();
      break;
    case "informational_first":
      response.writeProcessing();
      response.writeEarlyHints({ link: "</style.css>; rel=preload" });
      begin();
      response.end(body);
      break;
    case undefined:
      begin();
      response.end(body);
      break;
  }
}

function* piecesOf(bytes: Buffer, length: number): Iterable<Buffer> {
  for (let from = 0; from < bytes.length; from += length) yield bytes.subarray(from, from + length);
}
