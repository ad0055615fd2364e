import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout } from "node:timers/promises";
import { listen, type Listening } from "./listen.ts";

/** How one call is answered. It travels with the call, in the header `x-script`. */
export interface CallScript {
  /** The call's own id, which the client, this upstream and the store know it by. */
  readonly id: string;
  readonly stream: boolean;
  /** The answer is this many words, each of them an event of a stream. */
  readonly words: number;
  /** Milliseconds before each word; a reply that is no stream waits for all of them at once. */
  readonly everyMs: number;
  /** The connection is reset behind this many words, or inside the body of a reply that is no stream. */
  readonly cutAfter?: number;
}

/** A call, as this upstream saw it. */
export interface UpstreamCall {
  readonly script: CallScript;
  readonly askedSha256: string;
  /** Bytes of the body it has sent so far. */
  sentBytes: number;
  /** Whether all of the reply was handed to the connection. */
  whole: boolean;
  /** Whether the other side left before that. */
  left: boolean;
}

export interface ScriptedUpstream extends AsyncDisposable {
  /** Base URL, ending in `/v1`. */
  readonly url: string;
  readonly port: number;
  readonly log: readonly UpstreamCall[];
  readonly connections: Listening["connections"];
}

/** What is answered to a call, word by word. */
export function wordsOf({ id, words }: CallScript): readonly string[] {
  return Array.from({ length: words }, (_, i) => `${id}/${i} `);
}

export function usageOf({ words }: CallScript): { readonly prompt_tokens: number; readonly completion_tokens: number } {
  return { prompt_tokens: words + 7, completion_tokens: words };
}

export const sha256 = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");

/** The reply to a call that does not stream. */
export function replyBody(script: CallScript): string {
  const message = { role: "assistant", content: wordsOf(script).join("") };
  return JSON.stringify({
    id: responseId(script),
    object: "chat.completion",
    created: 1,
    model: "scripted",
    choices: [{ index: 0, message, finish_reason: "stop" }],
    usage: usage(script),
  });
}

/** A real server that answers each call as its script says, and keeps its own account of it. */
export async function scriptedUpstream(): Promise<ScriptedUpstream> {
  const log: UpstreamCall[] = [];
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => void serve(request, response, log));
  const listening = await listen(server);
  return {
    url: `http://127.0.0.1:${listening.port}/v1`,
    port: listening.port,
    log,
    connections: listening.connections,
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, log: UpstreamCall[]): Promise<void> {
  response.on("error", () => {});
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    return; // it left before it had asked
  }
  const script = JSON.parse(String(request.headers["x-script"])) as CallScript;
  const call: UpstreamCall = { script, askedSha256: sha256(Buffer.concat(chunks)), sentBytes: 0, whole: false, left: false };
  log.push(call);
  response.once("close", () => (call.left = !response.writableFinished));
  const send = (bytes: string): void => {
    call.sentBytes += Buffer.byteLength(bytes);
    response.write(bytes);
  };
  if (script.stream) await stream(script, response, send);
  else await reply(script, response, send);
  if (response.destroyed || script.cutAfter !== undefined) return;
  call.whole = true;
  response.end();
}

type Send = (bytes: string) => void;

async function stream(script: CallScript, response: ServerResponse, send: Send): Promise<void> {
  const chunk = (more: object): string =>
    `data: ${JSON.stringify({ id: responseId(script), object: "chat.completion.chunk", created: 1, model: "scripted", ...more })}\n\n`;
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const [index, word] of wordsOf(script).entries()) {
    if (script.everyMs > 0) await setTimeout(script.everyMs);
    if (response.destroyed) return;
    if (script.cutAfter === index) return await reset(response);
    send(chunk({ choices: [{ index: 0, delta: { ...(index === 0 && { role: "assistant" }), content: word }, finish_reason: null }] }));
  }
  send(chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }));
  send(chunk({ choices: [], usage: usage(script) }));
  send("data: [DONE]\n\n");
}

async function reply(script: CallScript, response: ServerResponse, send: Send): Promise<void> {
  const body = replyBody(script);
  await setTimeout(script.everyMs * script.words);
  if (response.destroyed) return;
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  if (script.cutAfter !== undefined) {
    send(body.slice(0, body.length / 2));
    return await reset(response);
  }
  send(body);
}

/** What was written before arrives first: a reset overtakes what is still on the way. */
async function reset(response: ServerResponse): Promise<void> {
  await setTimeout(30);
  response.socket?.resetAndDestroy();
}

export function responseId({ id }: CallScript): string {
  return `chatcmpl-${id}`;
}

function usage(script: CallScript): object {
  const { prompt_tokens, completion_tokens } = usageOf(script);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}
