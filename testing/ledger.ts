import { Agent, request, type IncomingMessage } from "node:http";
import { setTimeout } from "node:timers/promises";
import { sha256, type CallScript } from "./scripted_upstream.ts";

/**
 * How a call ended, as its client saw it: all of the reply was there; the client left; the connection broke off; the gateway answered with an
 * error or could not be reached.
 */
export type ClientEnding = "completed" | "aborted" | "broken" | "refused";

/** A call, as its client saw it. */
export interface LedgerCall {
  readonly script: CallScript;
  readonly asked: string;
  readonly askedSha256: string;
  readonly ending: ClientEnding;
  readonly status: number | undefined;
  /** The code of the error, or what the gateway said. */
  readonly said: string | undefined;
  readonly exchangeId: string | undefined;
  readonly bytes: number;
  readonly sha256: string;
  /** What was said in the reply, as far as it came. */
  readonly text: string;
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number } | undefined;
  /** On the clock of `performance.now`. */
  readonly startedMs: number;
  readonly firstByteMs: number | undefined;
  readonly endedMs: number;
}

/** A client that writes down what it asked and what it got. */
export interface LedgerClient extends Disposable {
  readonly ledger: readonly LedgerCall[];
  /** Makes one call and writes it down. Never rejects. `leaveAfterMs`: the client leaves then, whatever has come. */
  readonly call: (script: CallScript, leaveAfterMs?: number) => Promise<LedgerCall>;
  /** Starts `perSecond` calls a second until the signal, and fewer where more than two seconds' worth is open; resolves when all have ended. */
  readonly load: (perSecond: number, next: () => Planned, signal: AbortSignal) => Promise<void>;
}

export interface Planned {
  readonly script: CallScript;
  readonly leaveAfterMs?: number;
}

const TICK_MS = 5;
const DONE = "data: [DONE]\n\n";
/** No call of a script takes this long. */
const TIMEOUT_MS = 30_000;

/** `url` is asked before each call: a server that was started again may be elsewhere. Without a path. */
export function ledgerClient(url: () => string): LedgerClient {
  const ledger: LedgerCall[] = [];
  const agent = new Agent({ keepAlive: true });

  async function call(script: CallScript, leaveAfterMs?: number): Promise<LedgerCall> {
    const asked = `What is ${script.id}?`;
    const body = JSON.stringify({
      model: "scripted",
      messages: [{ role: "user", content: asked }],
      ...(script.stream && { stream: true, stream_options: { include_usage: true } }),
    });
    const startedMs = performance.now();
    const seen = await exchange(`${url()}/v1/chat/completions`, agent, script, body, leaveAfterMs);
    const written: LedgerCall = {
      script,
      asked,
      askedSha256: sha256(body),
      ending: seen.ending,
      status: seen.status,
      said: seen.said,
      exchangeId: seen.exchangeId,
      bytes: seen.body.length,
      sha256: sha256(seen.body),
      ...readReply(script, seen.body),
      startedMs,
      firstByteMs: seen.firstByteMs,
      endedMs: performance.now(),
    };
    ledger.push(written);
    return written;
  }

  return {
    ledger,
    call,
    async load(perSecond, next, signal) {
      const since = performance.now();
      const running = new Set<Promise<unknown>>();
      for (let started = 0; !signal.aborted;) {
        for (const due = ((performance.now() - since) / 1000) * perSecond; started < due; started++) {
          if (running.size >= 2 * perSecond) continue; // a machine that does not keep up is given no more
          const { script, leaveAfterMs } = next();
          const one: Promise<unknown> = call(script, leaveAfterMs).finally(() => running.delete(one));
          running.add(one);
        }
        await setTimeout(TICK_MS);
      }
      await Promise.all(running);
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}

interface Seen {
  readonly ending: ClientEnding;
  readonly status: number | undefined;
  readonly said: string | undefined;
  readonly exchangeId: string | undefined;
  readonly body: Buffer;
  readonly firstByteMs: number | undefined;
}

async function exchange(url: string, agent: Agent, script: CallScript, body: string, leaveAfterMs: number | undefined): Promise<Seen> {
  const chunks: Buffer[] = [];
  let response: IncomingMessage | undefined;
  let firstByteMs: number | undefined;
  let error: NodeJS.ErrnoException | undefined;
  let left = false;
  const sent = request(url, {
    agent,
    method: "POST",
    timeout: TIMEOUT_MS,
    headers: {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
      "x-script": JSON.stringify(script),
      "x-spangate-conversation": script.id,
    },
  });
  await new Promise<void>((resolve) => {
    const leaving = leaveAfterMs === undefined ? undefined : globalThis.setTimeout(leave, leaveAfterMs);
    function leave(): void {
      if (response?.complete) return;
      left = true;
      sent.destroy();
    }
    sent.on("timeout", () => sent.destroy(new Error(`no end within ${TIMEOUT_MS} ms`)));
    sent.on("error", (failure) => (error ??= failure));
    sent.on("close", () => {
      clearTimeout(leaving);
      resolve();
    });
    sent.on("response", (incoming) => {
      response = incoming;
      incoming.on("error", (failure) => (error ??= failure));
      incoming.on("data", (chunk: Buffer) => {
        firstByteMs ??= performance.now();
        chunks.push(chunk);
      });
    });
    sent.end(body);
  });
  const bytes = Buffer.concat(chunks);
  const status = response?.statusCode;
  const exchangeId = response?.headers["x-spangate-exchange-id"];
  return {
    ending: endingOf(),
    status,
    said: status !== undefined && status !== 200 ? String(bytes).slice(0, 200) : error && (error.code ?? error.message),
    exchangeId: typeof exchangeId === "string" ? exchangeId : undefined,
    body: bytes,
    firstByteMs,
  };

  function endingOf(): ClientEnding {
    // Clients stop reading at the terminal event; a stream without one is not complete, however it ended.
    const whole = script.stream ? bytes.subarray(-DONE.length).equals(Buffer.from(DONE)) : response?.complete;
    if (status === 200 && whole) return "completed";
    if (left) return "aborted";
    if (status !== undefined ? status !== 200 : error?.code === "ECONNREFUSED") return "refused";
    return "broken";
  }
}

interface ChatReply {
  readonly choices?: readonly { readonly message?: { readonly content?: string }; readonly delta?: { readonly content?: string } }[];
  readonly usage?: LedgerCall["usage"];
}

/** What a reply says, as far as it is whole. */
function readReply({ stream }: CallScript, body: Buffer): Pick<LedgerCall, "text" | "usage"> {
  const events = stream
    ? String(body)
        .split("\n\n")
        .slice(0, -1)
        .map((event) => event.slice("data: ".length))
    : [String(body)];
  let text = "";
  let usage: LedgerCall["usage"];
  for (const event of events) {
    const read = parse(event);
    text += read?.choices?.[0]?.message?.content ?? read?.choices?.[0]?.delta?.content ?? "";
    usage = read?.usage ?? usage;
  }
  return { text, usage };
}

function parse(json: string): ChatReply | undefined {
  try {
    return JSON.parse(json) as ChatReply;
  } catch {
    return undefined; // cut off, or `[DONE]`
  }
}
