import { STATUS_CODES, type ServerResponse } from "node:http";
import { errors, type Dispatcher } from "undici";
import type { Attempt } from "../genai/recorded.ts";
import type { Call } from "./accept.ts";
import { askUsage } from "./ask_usage.ts";
import { ClientLeft, type Body } from "./body.ts";
import type { Captured } from "./capture.ts";
import { noteConnection, watchConnections, type Written } from "./connection.ts";
import type { Counters } from "./counters.ts";
import { envelope, GatewayError } from "./error.ts";
import { replyHeaders, requestHeaders, withoutLength } from "./headers.ts";
import { NOT_RECORDED, type Ended } from "./recording.ts";
import { sendError } from "./refuse.ts";
import type { Route } from "./route.ts";
import { limitStall, reset } from "./stall.ts";
import { terminalWatch, type TerminalWatch } from "./terminal.ts";
import { codeOf, errorType, unreachable } from "./upstream_error.ts";
import { withoutUsageEvent, type UsageEvent } from "./usage_event.ts";

export interface ForwardOptions {
  /** Beginnings of the lines that announce the last event of a stream, of all dialects. */
  readonly terminalMarkers: readonly Buffer[];
  readonly counters: Counters;
  /** Longest wait for the head of a reply. undici begins it anew with each interim response, of which there may be any number. */
  readonly firstByteMs: number;
  /** Longest time that a client may take nothing of what waits for it. */
  readonly stallMs: number;
}

/** Relays one call and notes it as it passes. Resolves when the exchange is over; never rejects. */
export function forward(options: ForwardOptions) {
  watchConnections();
  return (call: Call, route: Route, body: Body, { recording, traceId }: Captured, response: ServerResponse): Promise<void> =>
    new Promise((resolve) => {
      new Forwarding(options, call, route, body, recording, traceId, response, resolve).start();
    });
}

/** A kept-alive connection that closes this soon after a request was written was closed before it arrived. */
const STALE_MS = 50;

class Forwarding implements Dispatcher.DispatchHandler {
  readonly #options: ForwardOptions;
  readonly #call: Call;
  readonly #route: Route;
  readonly #body: Body;
  readonly #recording: Captured["recording"];
  readonly #traceId: string;
  readonly #response: ServerResponse;
  readonly #resolve: () => void;

  /** The client's body with usage asked for, where the gateway asks. */
  #asking: Buffer | undefined;
  /** Takes what the gateway asked for out of the reply. */
  #usageEvent: UsageEvent | undefined;

  written: Written | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  readonly #attempts: Attempt[] = [];
  #bodyReadMs = 0;
  #sentMs = 0;
  /** When the request was out; never, while the client still sends it. */
  #askedMs = 0;
  /** From the request's last byte to its first sending. */
  #overheadMs: number | undefined;
  #firstByteMs: number | undefined;
  /** Runs from the first interim response on. */
  #headTimer: NodeJS.Timeout | undefined;
  #status: number | undefined;
  /** Bytes of the body that are still to come; undefined when only its end will tell. */
  #missing: number | undefined;
  #watch: TerminalWatch | undefined;
  #delimited = false;
  #encoded = false;
  /** Chunks held back until the record of the end is written. */
  #held: Buffer[] | undefined;
  /** The client has, or is about to get, all that makes the reply whole; so says the record. */
  #complete = false;
  #upstreamEnded = false;
  /** The client is being told that there is no reply, or no more of it. */
  #broken = false;
  #sentHead = false;
  #left = false;
  #over = false;

  constructor(
    options: ForwardOptions,
    call: Call,
    route: Route,
    body: Body,
    recording: Captured["recording"],
    traceId: string,
    response: ServerResponse,
    resolve: () => void,
  ) {
    this.#options = options;
    this.#call = call;
    this.#route = route;
    this.#body = body;
    this.#recording = recording;
    this.#traceId = traceId;
    this.#response = response;
    this.#resolve = resolve;
  }

  start(): void {
    this.#bodyReadMs = performance.now();
    this.#response.once("close", this.#onClose);
    if (this.#body.beginning.length > 0) this.#recording.request(this.#body.beginning);
    if (this.#route.upstream.addUsage && this.#recording !== NOT_RECORDED) this.#asking = askUsage(this.#call, this.#route, this.#body);
    this.#dispatch();
  }

  #dispatch(): void {
    const { upstream, target } = this.#route;
    let headers = requestHeaders(this.#call.forward, upstream.authorization, this.#asking !== undefined);
    const { beginning, rest } = this.#body;
    let body: Dispatcher.DispatchOptions["body"] = null;
    if (rest !== undefined) {
      body = this.#upload(rest) as unknown as Dispatcher.DispatchOptions["body"];
      if (this.#call.contentLength !== undefined) headers = [...headers, "content-length", String(this.#call.contentLength)];
    } else if (beginning.length > 0 || this.#call.contentLength === undefined) body = this.#asking ?? beginning;
    this.#askedMs = this.#sentMs = performance.now();
    this.#overheadMs ??= this.#sentMs - this.#bodyReadMs;
    this.written = undefined;
    try {
      upstream.dispatcher.dispatch(
        { origin: upstream.origin, method: this.#call.method, path: target, headers, body } as Dispatcher.DispatchOptions,
        this,
      );
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  async *#upload(rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    this.#askedMs = Infinity;
    yield this.#body.beginning;
    try {
      for await (const chunk of rest) {
        this.#recording.request(chunk);
        yield chunk;
      }
      this.#askedMs = performance.now();
    } catch (error) {
      throw error instanceof GatewayError ? error : new ClientLeft(error);
    } finally {
      this.#discardRest();
    }
  }

  /** Clients that send all they have before they look at a reply must be able to, also when the reply came early. */
  #discardRest(): void {
    const { request } = this.#call;
    if (this.#over && !request.complete && !request.destroyed) request.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#left) return controller.abort(new ClientLeft(undefined));
    this.#controller = controller;
    noteConnection(this);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _headers: unknown, statusText?: string): void {
    if (status < 200) {
      if (this.#headTimer === undefined) this.#limitHead(controller);
      return;
    }
    clearTimeout(this.#headTimer);
    this.#firstByteMs = performance.now();
    this.#status = status;
    const { forward, kept, named } = replyHeaders(controller.rawHeaders as Buffer[]);
    // They are views of all that was read with them, up to 64 KiB, and would keep it until the reply is over.
    controller.rawHeaders = null;
    this.#recording.head(status, kept);
    const length = named.get("content-length");
    this.#delimited = length !== undefined || named.has("transfer-encoding");
    this.#encoded = (named.get("content-encoding") ?? "identity") !== "identity";
    const bodyFollows = hasBody(this.#call.method, status) && length !== "0";
    if (bodyFollows) {
      const type = named.get("content-type") ?? "";
      const streams = (): boolean => !this.#encoded && EVENT_STREAM.test(type);
      if (length !== undefined) this.#missing = Number(length);
      else if (streams()) this.#watch = terminalWatch(this.#options.terminalMarkers);
      if (this.#asking !== undefined && (streams() || (!this.#encoded && length === undefined && ANY_TEXT.test(type)))) {
        this.#usageEvent = withoutUsageEvent();
      }
    }
    if (this.#left) return;
    const headers = this.#usageEvent === undefined ? forward : withoutLength(forward);
    headers.push("x-spangate-trace-id", this.#traceId, "x-spangate-exchange-id", this.#call.exchangeId);
    // A reason that HTTP does not allow, as some upstreams send in their own alphabet, gives way to the usual one.
    this.#response.writeHead(status, REASON.test(statusText ?? "") ? statusText : STATUS_CODES[status], headers);
    this.#sentHead = true;
    // A stream's head goes out at once; that of a reply whose body came along goes with it in one write. A head that is all there is
    // is the end of the reply, and held as such.
    if (bodyFollows) process.nextTick(this.#flushHead);
  }

  #limitHead(controller: Dispatcher.DispatchController): void {
    const leftMs = this.#askedMs + this.#options.firstByteMs - performance.now();
    if (leftMs <= 0) return controller.abort(new errors.HeadersTimeoutError());
    this.#headTimer = setTimeout(() => this.#limitHead(controller), Math.min(leftMs, this.#options.firstByteMs));
  }

  readonly #flushHead = (): void => {
    if (this.#held === undefined && !this.#over && !this.#left) this.#response.flushHeaders();
  };

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#broken) return;
    this.#recording.chunk(chunk);
    if (this.#held !== undefined) {
      this.#held.push(chunk);
      return;
    }
    const bytes = this.#usageEvent === undefined ? chunk : this.#usageEvent.pass(chunk);
    if (this.#isLast(chunk)) {
      this.#held = [bytes, this.#usageRest()].filter((each) => each !== undefined);
      this.#complete = true;
      void this.#recording.end(this.#ended("completed")).then(this.#releaseHeld);
      return;
    }
    if (bytes === undefined || this.#left || this.#response.write(bytes)) return;
    controller.pause();
    limitStall(this.#response, this.#options.stallMs);
    this.#response.once("drain", () => {
      limitStall(this.#response, 0);
      controller.resume();
    });
  }

  /** What was held back in search of the event with the usage; from here on everything goes on as it comes. */
  #usageRest(): Buffer | undefined {
    const rest = this.#usageEvent?.rest();
    this.#usageEvent = undefined;
    return rest;
  }

  /** Whether the client will take the reply for whole once it has these bytes. */
  #isLast(chunk: Buffer): boolean {
    if (this.#missing !== undefined) return (this.#missing -= chunk.length) <= 0;
    return this.#watch?.seen(chunk) ?? false;
  }

  readonly #releaseHeld = (): void => {
    const held = this.#held ?? [];
    this.#held = undefined;
    if (this.#left) return;
    const [only] = held;
    if (this.#upstreamEnded && only !== undefined && held.length === 1) {
      // A text goes out with the head in one piece, which is cheaper than two pieces in one write; in latin1 each byte is a character.
      if (only.length <= SMALL_BYTES) this.#response.end(only.toString("latin1"), "latin1");
      else this.#response.end(only);
      return this.#finish();
    }
    for (const bytes of held) this.#response.write(bytes);
    if (this.#upstreamEnded) {
      this.#response.end();
      this.#finish();
    }
  };

  onResponseEnd(): void {
    if (this.#broken) return;
    this.#upstreamEnded = true;
    this.#attempt();
    if (this.#held !== undefined) return; // the end is on its way
    // A stream that only the end of the connection delimits looks the same whole and cut: without its terminal event it was cut.
    const broke = !this.#delimited && this.written?.socket.errored;
    const whole = this.#delimited || this.#watch === undefined || !hasBody(this.#call.method, this.#status ?? 200);
    if (broke || !whole) {
      this.#cut(Object.assign(new Error("the upstream closed the stream before its end"), { code: "stream_interrupted" }));
      return;
    }
    void this.#recording.end(this.#ended("completed")).then(() => {
      if (!this.#left) this.#response.end(this.#usageRest());
      this.#finish();
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#fail(error);
  }

  #fail(error: Error): void {
    if (this.#over || this.#broken || this.#upstreamEnded) return;
    clearTimeout(this.#headTimer);
    if (this.#complete && !this.#left) return this.#endAfterTerminal();
    this.#attempt(error);
    if (this.#left || error instanceof ClientLeft) {
      void this.#recording.end(this.#ended("abandoned"));
      this.#response.destroy();
      return this.#finish();
    }
    if (this.#mayRetry(error)) {
      this.#options.counters.count("retried");
      return this.#dispatch();
    }
    this.#cut(error);
  }

  /** The upstream broke off behind its terminal event: nobody waits for more, so the reply ends here. */
  #endAfterTerminal(): void {
    this.#upstreamEnded = true;
    if (this.#held !== undefined) return; // the end is on its way
    this.#response.end();
    this.#finish();
  }

  /**
   * Only a request that never reached its reader may be sent twice: one written to a kept-alive connection that the upstream was
   * closing at that moment. It shows by the connection's age, by not one byte of a reply, and by how soon the close came.
   */
  #mayRetry(error: Error): boolean {
    const { written } = this;
    return (
      written !== undefined &&
      written.reused &&
      written.socket.bytesRead === written.bytesRead &&
      this.#attempts.length === 1 &&
      this.#body.rest === undefined &&
      performance.now() - this.#sentMs < STALE_MS &&
      /^(UND_ERR_SOCKET|ECONNRESET|EPIPE)$/.test(codeOf(error))
    );
  }

  /** The upstream broke off, never answered, or the request must not go on. */
  #cut(error: Error): void {
    this.#broken = true;
    const refusal = error instanceof GatewayError ? error : undefined;
    const reply = refusal ?? unreachable(error, this.#route, this.#status !== undefined);
    const started = this.#sentHead;
    const rest = this.#usageRest();
    if (rest !== undefined && !this.#left) this.#response.write(rest);
    void this.#recording
      .end({
        ...this.#ended(refusal ? "rejected" : "cut"),
        ...(refusal ? { rejection: refusal.code } : { error: errorType(error) }),
        ...(!started && { status: reply.status }),
      })
      .then(() => {
        if (!this.#left) this.#sayBroken(reply, started);
      })
      .catch(() => reset(this.#response))
      .finally(() => this.#finish());
  }

  /** The client must not take a broken reply for a whole one. */
  #sayBroken(error: GatewayError, started: boolean): void {
    const body = JSON.stringify(envelope(error));
    if (!started) {
      sendError(this.#response, error, { traceId: this.#traceId, exchangeId: this.#call.exchangeId });
      return;
    }
    // An event may only follow a blank line; anywhere else it would become part of the one that broke off.
    if (this.#watch?.betweenEvents && !this.#encoded) this.#response.end(`data: ${body}\n\n`);
    else reset(this.#response);
  }

  readonly #onClose = (): void => {
    if (this.#over || this.#response.writableFinished) return;
    this.#left = true;
    this.#controller?.abort(new ClientLeft(undefined));
    if (this.#held !== undefined || this.#upstreamEnded) return this.#finish();
    if (this.#controller === undefined) {
      // Still waiting for a connection: `onRequestStart` will find that nobody is there any more.
      void this.#recording.end(this.#ended("abandoned"));
      this.#finish();
    }
  };

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#response.off("close", this.#onClose);
    clearTimeout(this.#headTimer);
    if ((this.#response.socket?.writableLength ?? 0) > 0) limitStall(this.#response, this.#options.stallMs);
    this.#body.release();
    this.#discardRest();
    this.#resolve();
  }

  #attempt(error?: Error): void {
    this.#attempts.push({
      startedUs: this.#sinceUs(this.#sentMs),
      endedUs: this.#sinceUs(performance.now()),
      ...(this.#status !== undefined && { status: this.#status }),
      ...(error && { error: error instanceof ClientLeft ? "client_left" : errorType(error) }),
    });
  }

  #ended(ending: Ended["ending"]): Ended {
    // The end of a reply is recorded before the connection says that it is over: its one attempt is not in the list yet.
    if (ending === "completed" && !this.#upstreamEnded) this.#attempt();
    return {
      ending,
      sentUs: this.#sinceUs(this.#sentMs),
      ...(this.#firstByteMs !== undefined && { firstByteUs: this.#sinceUs(this.#firstByteMs) }),
      attempts: this.#attempts,
      overheadUs: Math.round((this.#overheadMs ?? 0) * 1000),
      ...(this.#asking && { usageAsked: true }),
    };
  }

  #sinceUs(ms: number): number {
    return Math.round((ms - this.#call.startedMs) * 1000);
  }
}

/** Up to this size Node writes a text without asking for memory first. */
const SMALL_BYTES = 8 * 1024;

const EVENT_STREAM = /^text\/event-stream/i;
/** What a stream of events says of itself that does not say so; clients read it all the same. */
const ANY_TEXT = /^(text\/plain|$)/i;

/** Source: RFC 9112 section 4, but for bytes beyond ASCII, whose meaning nobody knows. */
const REASON = /^[\t\x20-\x7e]+$/;

function hasBody(method: string, status: number): boolean {
  return method !== "HEAD" && status !== 204 && status !== 304;
}
