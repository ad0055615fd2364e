import { createHash } from "node:crypto";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OpenAI } from "openai";
import { z } from "zod";
import { parseConversations, type Conversation } from "./library.ts";
import type { Message } from "./message.ts";
import { OWNER } from "./models.ts";

export interface ReplayOptions {
  /** A file of conversations, one JSON object a line, or a folder with such a `conversations.jsonl`. */
  readonly path: string;
  /** Base URL of the gateway, or of an upstream, ending in `/v1`. */
  readonly url: string;
  /** Conversations at the same time; the turns of one follow each other. */
  readonly concurrency?: number;
  readonly apiKey?: string;
  readonly signal?: AbortSignal;
  readonly print?: (line: string) => void;
  /** Where each call is written, one JSON object a line. */
  readonly ledger?: string;
}

/** One call, as the client saw it. */
export interface ReplayedCall {
  readonly conversation: string;
  /** From 0, among the assistant's messages. */
  readonly turn: number;
  readonly user?: string;
  readonly status?: number;
  readonly responseId?: string;
  readonly exchangeId?: string;
  /** Of the content; of the empty text, when there is none. */
  readonly contentSha256?: string;
  readonly toolCalls: number;
  readonly retries: number;
  readonly matches: boolean;
  readonly error?: string;
}

export interface ReplaySummary {
  readonly calls: number;
  readonly toolCalls: number;
  readonly conversations: number;
  readonly users: number;
  readonly mismatches: number;
  readonly errors: number;
  readonly retries: number;
  readonly seconds: number;
  /** 1 when a call failed, was answered otherwise than in the file, or was not made. */
  readonly exitCode: 0 | 1;
  readonly ledger: readonly ReplayedCall[];
}

/** Long enough to outlast the restart of a gateway: about a minute. */
const MAX_RETRIES = 12;

/** Teaching the demo is no call of the application, so the gateway is asked not to record it. */
const UNRECORDED = { "x-spangate-record": "false" };

/**
 * Makes every call of recorded conversations again: each assistant message is one, its request all messages before it.
 * Only what was not answered is sent again; an answer that cannot be read is an error.
 */
export async function replay(options: ReplayOptions): Promise<ReplaySummary> {
  const { url, print = () => {}, concurrency = 16 } = options;
  const file = (await stat(options.path)).isDirectory() ? join(options.path, "conversations.jsonl") : options.path;
  const lines = await readFile(file, "utf8");
  const conversations = parseConversations(lines, file);
  const client = await clientFor(options);
  const started = performance.now();
  await teachDemo(client, lines, print);

  const ledger: ReplayedCall[] = [];
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(options.signal ? [options.signal] : [])]);
  const waiting = conversations.values();
  const worker = async (): Promise<void> => {
    for (const conversation of waiting) {
      for await (const call of replayOne(client, conversation, signal)) {
        ledger.push(call);
        if (call.error === undefined || call.status !== undefined || signal.aborted) continue;
        stop.abort();
        print(`cannot reach ${url} any more: ${call.error}; start it and replay again`);
      }
      if (signal.aborted) return;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));

  if (options.ledger !== undefined) await writeFile(options.ledger, ledger.map((call) => `${JSON.stringify(call)}\n`).join(""));
  const summary = summarise(ledger, conversations, (performance.now() - started) / 1000);
  print(describe(summary));
  for (const call of ledger.filter(({ matches }) => !matches).slice(0, 10)) {
    print(`  ${call.conversation}, turn ${call.turn}: ${call.error ?? "the answer is not the file's"}`);
  }
  return summary;
}

async function clientFor({ url, apiKey }: ReplayOptions): Promise<OpenAI> {
  const { OpenAI: Client } = await import("openai");
  // Nothing is taken from the environment: a key or an organisation meant for another API must not come along.
  return new Client({
    baseURL: url,
    apiKey: apiKey ?? "demo",
    adminAPIKey: null,
    organization: null,
    project: null,
    maxRetries: MAX_RETRIES,
    timeout: 120_000,
  });
}

/** The demo learns the file by heart first; any other upstream answers as it will. */
async function teachDemo(client: OpenAI, lines: string, print: (line: string) => void): Promise<void> {
  const models = await client.models.list({ headers: UNRECORDED, maxRetries: 3 }).catch((cause: unknown) => {
    throw new Error(`cannot list the models of ${client.baseURL}: ${String(cause)}; is it running, and does its URL end in /v1?`, {
      cause,
    });
  });
  if (!models.data.some((model) => model.owned_by === OWNER)) return;
  const body = Buffer.from(lines);
  const taught = await client.post("/conversations", { body, headers: { ...UNRECORDED, "content-type": "application/x-ndjson" } });
  const { conversations, answers } = z.object({ conversations: z.number(), answers: z.number() }).parse(taught);
  print(`taught the demo upstream ${conversations} conversations with ${answers} answers`);
}

async function* replayOne(
  client: OpenAI,
  { conversation_id, user_id, model, messages }: Conversation,
  signal: AbortSignal,
): AsyncIterable<ReplayedCall> {
  let turn = 0;
  for (const [index, expected] of messages.entries()) {
    if (expected.role !== "assistant") continue;
    if (signal.aborted) return;
    const headers = { "x-spangate-conversation": conversation_id, ...(user_id === undefined ? {} : { "x-spangate-user": user_id }) };
    const about = { conversation: conversation_id, turn, ...(user_id === undefined ? {} : { user: user_id }) };
    const body = { model: model ?? "demo", messages: messages.slice(0, index) };
    yield { ...about, ...(await call(client, body, expected, headers, signal)) };
    turn += 1;
  }
}

const reply = z.object({
  id: z.string(),
  choices: z.tuple([z.object({ message: z.object({ content: z.string().nullish(), tool_calls: z.array(z.unknown()).nullish() }) })]),
});

type Outcome = Omit<ReplayedCall, "conversation" | "turn" | "user">;

/** Makes one call and compares the answer with the expected one. Never rejects. */
async function call(
  client: OpenAI,
  body: object,
  expected: Message,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Outcome> {
  let retries = 0;
  let response: Response | undefined;
  const counted = client.withOptions({
    fetch: async (...request) => {
      retries = Number(new Headers(request[1]?.headers).get("x-stainless-retry-count") ?? 0);
      response = undefined;
      return (response = await fetch(...request));
    },
  });
  const seen = (): object => ({
    ...(response ? { status: response.status } : {}),
    ...(response?.headers.has("x-spangate-exchange-id") ? { exchangeId: response.headers.get("x-spangate-exchange-id") } : {}),
  });
  try {
    const { id, choices } = reply.parse(await counted.post("/chat/completions", { body, headers, signal }));
    const { content, tool_calls } = choices[0].message;
    const contentSha256 = createHash("sha256")
      .update(content ?? "")
      .digest("hex");
    const matches = comparable(content, tool_calls) === comparable(expected.content, expected.tool_calls);
    return { ...seen(), responseId: id, contentSha256, toolCalls: tool_calls?.length ?? 0, retries, matches };
  } catch (error) {
    return { ...seen(), toolCalls: 0, retries, matches: false, error: String(error) };
  }
}

/** An answer as one text, whatever order its keys have. */
function comparable(content: unknown, toolCalls: unknown): string {
  return JSON.stringify([content ?? null, toolCalls ?? []], (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  );
}

function summarise(ledger: readonly ReplayedCall[], conversations: readonly Conversation[], seconds: number): ReplaySummary {
  const due = conversations.reduce((sum, { messages }) => sum + messages.filter(({ role }) => role === "assistant").length, 0);
  const errors = ledger.filter(({ error }) => error !== undefined).length;
  const mismatches = ledger.filter(({ error, matches }) => error === undefined && !matches).length;
  return {
    calls: ledger.length,
    toolCalls: ledger.reduce((sum, each) => sum + each.toolCalls, 0),
    conversations: new Set(ledger.map((each) => each.conversation)).size,
    users: new Set(ledger.flatMap((each) => each.user ?? [])).size,
    mismatches,
    errors,
    retries: ledger.reduce((sum, each) => sum + each.retries, 0),
    seconds,
    exitCode: errors + mismatches > 0 || ledger.length < due ? 1 : 0,
    ledger,
  };
}

function describe({ calls, toolCalls, conversations, users, mismatches, errors, retries, seconds }: ReplaySummary): string {
  return (
    `${calls} calls, ${toolCalls} tool calls, ${conversations} conversations, ${users} users; ` +
    `${mismatches} mismatches, ${errors} errors, ${retries} retries; ${seconds.toFixed(1)} s`
  );
}
