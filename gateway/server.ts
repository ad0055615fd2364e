import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { DIALECTS } from "../genai/dialects/index.ts";
import type { Tier } from "../genai/recorded.ts";
import type { Audit, Durability } from "../journal/options.ts";
import { accept, arrive } from "./accept.ts";
import { authorise } from "./authorise.ts";
import { bufferBudget, readBody } from "./body.ts";
import { capture } from "./capture.ts";
import type { Counters } from "./counters.ts";
import { envelope, GatewayError, STATUS_BY_CODE, type ErrorCode } from "./error.ts";
import { forward } from "./forward.ts";
import { guarded } from "./guarded.ts";
import type { ClientOptions, GatewayOptions, UpstreamOptions } from "./options.ts";
import type { OutboundProxy } from "./outbound_proxy.ts";
import type { Recorder } from "./recorder.ts";
import { DISCARD_MS, isEnding } from "./refuse.ts";
import { relay, type Relay } from "./relay.ts";
import { route } from "./route.ts";
import { upstream, type Upstream } from "./upstream.ts";
import { dropVanished } from "./vanished.ts";

/** What may change while the gateway runs. */
export interface GatewaySettings {
  readonly gateway: GatewayOptions;
  readonly upstreams: { readonly [name: string]: UpstreamOptions };
  readonly default_upstream?: string | undefined;
  readonly clients: readonly ClientOptions[];
  readonly durability: Durability;
  readonly audit: Audit;
  readonly capture: Tier;
}

export interface GatewayContext {
  readonly recorder: Recorder;
  readonly counters: Counters;
  readonly proxy: OutboundProxy;
  readonly onError: (error: unknown) => void;
}

/** The data plane of one process. */
export interface Gateway {
  listen(host: string, port: number, shared: boolean): Promise<number>;
  /** Calls that come from now on obey these settings; running ones end as they began. */
  apply(settings: GatewaySettings): void;
  /** Takes no more calls and resolves when the running ones are over, or were cut at the time limit. */
  drain(timeoutMs: number): Promise<void>;
}

/** The steps under one state of the settings, and how many calls take them. */
interface Generation {
  readonly steps: Relay;
  readonly upstreams: readonly Upstream[];
  calls: number;
}

/** How long clients have to read that their reply was cut, before their connections are closed. */
const LAST_WORDS_MS = 200;
/** Node checks these once a second; a client that has not sent its head by then only holds a place. */
const HEAD_TIMEOUT_MS = 10_000;
/** Longer than the idle time of the usual clients, so that it is they who close. */
const KEEP_ALIVE_MS = 75_000;
const PROBE_AFTER_MS = 30_000;
const MAX_HEAD_BYTES = 16 * 1024;

const MARKERS = [...new Set(DIALECTS.flatMap(({ terminal }) => terminal))].map((each) => Buffer.from(each));

export function gateway(initial: GatewaySettings, context: GatewayContext): Gateway {
  const { counters, onError } = context;
  const recorder = guarded(context.recorder, counters, onError);
  const buffers = bufferBudget(initial.gateway.max_buffered_bytes);
  let draining = false;
  let current = generation(initial);
  /** Those with calls that still run, and the current one. */
  const generations = new Set([current]);

  const server: Server = createServer({
    maxHeaderSize: MAX_HEAD_BYTES,
    headersTimeout: HEAD_TIMEOUT_MS,
    connectionsCheckingInterval: 1000,
    requestTimeout: 0, // an upload may take its time
    keepAliveTimeout: KEEP_ALIVE_MS,
    // A client that vanished without a word is found while nothing is on its way to it: ten probes a second apart go unanswered.
    keepAlive: true,
    keepAliveInitialDelay: PROBE_AFTER_MS,
    // Clients that offer HTTP/2 on the side go on in HTTP/1.1; a WebSocket cannot.
    shouldUpgradeCallback: (request) => /websocket/i.test(request.headers.upgrade ?? ""),
  });
  const vanishing = dropVanished(server, onError);
  server.on("request", (request, response) => serve(request, response, false));
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => serve(request, response, true));
  server.on("upgrade", (request: IncomingMessage, socket: Socket) => {
    recordRefusal(request);
    refuseRaw(socket, "invalid_request", "WebSocket connections are not relayed; use the API over plain HTTP");
  });
  server.on("connect", (request: IncomingMessage, socket: Socket) => {
    recordRefusal(request);
    refuseRaw(socket, "invalid_request", "CONNECT is not relayed; send the request itself");
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === "ECONNRESET" || !socket.writable) return socket.destroy();
    counters.count("malformed");
    if (error.code === "HPE_HEADER_OVERFLOW")
      return refuseRaw(socket, "header_too_large", `the head of the request is larger than ${MAX_HEAD_BYTES} bytes`);
    refuseRaw(socket, "invalid_request", `the request is not HTTP/1.1 as this gateway reads it (${error.code ?? error.message})`);
  });

  function generation(settings: GatewaySettings): Generation {
    const { gateway: options } = settings;
    const timeouts = { connectMs: options.connect_timeout_ms, firstByteMs: options.first_byte_timeout_ms, idleMs: options.idle_timeout_ms };
    const upstreams = new Map(
      Object.entries(settings.upstreams).map(([name, each]) => [name, upstream(name, each, timeouts, context.proxy)]),
    );
    const steps: Relay = {
      accept: (arrival) => {
        if (draining) throw new GatewayError("draining", "this gateway is stopping and takes no more calls; try again");
        return accept(arrival, options.max_body_bytes);
      },
      authorise: authorise({ clients: settings.clients, origins: options.origins }),
      route: route({ upstreams, defaultUpstream: settings.default_upstream }),
      readBody: (call) => readBody(call, { maxBodyBytes: options.max_body_bytes, buffers }),
      capture: capture({
        recorder,
        counters,
        durability: settings.durability,
        audit: settings.audit,
        tier: settings.capture,
        traceContext: options.trace_context,
      }),
      forward: forward({
        terminalMarkers: MARKERS,
        counters,
        firstByteMs: options.first_byte_timeout_ms,
        stallMs: options.stall_timeout_ms,
      }),
      onError,
    };
    return { steps, upstreams: [...upstreams.values()], calls: 0 };
  }

  /** Connections of settings that were replaced stay until the last call that began under them is over. */
  function leave(old: Generation): void {
    if (old === current || old.calls > 0) return;
    generations.delete(old);
    for (const { dispatcher } of old.upstreams) dispatcher.close().catch(onError);
  }

  /** Ends what still runs upstream; clients that wait for it are told. */
  async function breakOff(): Promise<void> {
    const error = Object.assign(new Error("the gateway stopped"), { code: "draining" });
    const upstreams = [...generations].flatMap((each) => each.upstreams);
    await Promise.all(upstreams.map(({ dispatcher }) => dispatcher.destroy(error)));
  }

  function recordRefusal(request: IncomingMessage): void {
    const { recording } = current.steps.capture.refusal(arrive(request));
    void recording.end({ ending: "rejected", rejection: "invalid_request", status: 400, attempts: [], overheadUs: 0 });
  }

  function serve(request: IncomingMessage, response: ServerResponse, asksToContinue: boolean): void {
    if (isEnding(request.socket)) return;
    if (request.url === "/healthz" || request.url === "/readyz") {
      const ready = !draining || request.url === "/healthz";
      response.writeHead(ready ? 200 : 503, { "content-type": "text/plain" }).end(ready ? "ok\n" : "draining\n");
      return;
    }
    // Writing to a client that has just gone is no failure: `close` tells of it.
    response.on("error", ignore);
    const mine = current;
    mine.calls++;
    counters.counts.open++;
    void relay(request, response, mine.steps, asksToContinue).finally(() => {
      counters.counts.open--;
      mine.calls--;
      leave(mine);
    });
  }

  return {
    listen: (host, port, shared) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen({ host, port, reusePort: shared, backlog: 4096 }, () => {
          server.off("error", reject).on("error", onError);
          const address = server.address();
          resolve(typeof address === "object" && address !== null ? address.port : port);
        });
      }),
    apply(settings) {
      const before = current;
      current = generation(settings);
      generations.add(current);
      leave(before);
    },
    async drain(timeoutMs) {
      draining = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      let last: NodeJS.Timeout | undefined;
      const timer = setTimeout(() => {
        void breakOff();
        last = setTimeout(() => server.closeAllConnections(), LAST_WORDS_MS);
      }, timeoutMs);
      await closed;
      clearInterval(idle);
      vanishing[Symbol.dispose]();
      clearTimeout(timer);
      clearTimeout(last);
      await breakOff();
    },
  };
}

const ignore = (): void => {};

/** An answer on a connection that has no request to answer. */
function refuseRaw(socket: Socket, code: ErrorCode, message: string): void {
  const error = new GatewayError(code, message);
  const body = JSON.stringify(envelope(error));
  const reason = STATUS_BY_CODE[code] === 431 ? "Request Header Fields Too Large" : "Bad Request";
  socket.end(
    `HTTP/1.1 ${error.status} ${reason}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
  // A client that neither reads nor closes holds no place.
  setTimeout(() => socket.destroy(), DISCARD_MS).unref();
}
