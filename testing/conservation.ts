import { z } from "zod";
import { eventually } from "./eventually.ts";
import type { Gateway, Row } from "./gateway.ts";
import type { LedgerCall } from "./ledger.ts";
import { responseId, usageOf, wordsOf, type CallScript, type UpstreamCall } from "./scripted_upstream.ts";

export interface Accounts {
  readonly ledger: readonly LedgerCall[];
  /** What the upstream says of the same calls. */
  readonly upstream: readonly UpstreamCall[];
  /** Without any, every call has exactly one place to be. */
  readonly kills?: readonly Kill[];
}

/** From just before the signal until the process was gone, on the clock of `performance.now`. */
export interface Kill {
  readonly fromMs: number;
  readonly toMs: number;
}

/** One call on which the accounts do not agree. */
export interface Difference {
  readonly id: string;
  /** `lost`: its client had all of it, and the store has not. */
  readonly kind: "lost" | "twice" | "wrong" | "uninvited" | "unexplained";
  readonly what: string;
}

/** What the store says of one call to a model. */
export interface Stored {
  readonly id: string;
  readonly ending: string;
  readonly responseId: string | null;
  readonly tokensIn: number | null;
  readonly tokensOut: number | null;
  readonly asked: string;
  readonly answered: string;
}

/** A kill reaches what a call had in memory: what came within one tick of the recorder, and a margin for a busy machine. */
const KILL_REACH_MS = 1000;
/** A killed process takes this long to let go of its connections, and of its port. */
const DYING_MS = 200;
/** Longest that it may take until all that ended is readable. */
const SETTLED_WITHIN_MS = 20_000;

/** Compares three accounts of the same calls, none of which is a counter of ours: the client's, the upstream's and the store's. */
export function differences(stored: readonly Stored[], { ledger, upstream, kills = [] }: Accounts): readonly Difference[] {
  const found: Difference[] = [];
  const rows = Map.groupBy(stored, ({ id }) => id);
  const served = new Map(upstream.map((call) => [call.script.id, call]));
  for (const call of ledger) {
    const { id } = call.script;
    const mine = rows.get(id) ?? [];
    rows.delete(id);
    const tell = (kind: Difference["kind"], what: string): void =>
      void found.push({ id, kind, what: `${what}; the client: ${told(call)}` });
    const [row] = mine;
    if (mine.length > 1) tell("twice", `stored ${mine.length} times: ${mine.map(({ ending }) => ending).join(", ")}`);

    const killed = kills.some(({ fromMs, toMs }) => toMs >= call.startedMs - DYING_MS && fromMs <= call.endedMs + KILL_REACH_MS);
    const allowed = endingsOf(call, served.get(id), killed);
    if (row === undefined) {
      if (!allowed.includes("none")) tell(call.ending === "completed" ? "lost" : "wrong", `not stored, expected ${allowed.join(" or ")}`);
    } else if (!allowed.includes(row.ending)) {
      tell(call.ending === "completed" ? "lost" : "wrong", `stored as ${row.ending}, expected ${allowed.join(" or ")}`);
    } else {
      for (const what of contradictions(row, call.script)) tell("wrong", what);
    }
    if (call.ending === "broken" && !killed && call.script.cutAfter === undefined)
      tell("unexplained", "broke off though nobody was killed");
    if (call.ending === "refused" && kills.length === 0) tell("unexplained", "was refused though nobody was killed");
    const asked = served.get(id)?.askedSha256;
    if (asked !== undefined && asked !== call.askedSha256) tell("wrong", "the upstream was asked something else");
    if (call.ending === "completed" && call.text !== wordsOf(call.script).join("")) tell("wrong", "the reply is not the upstream's");
  }
  for (const [id, uninvited] of rows) {
    found.push({ id, kind: "uninvited", what: `stored ${uninvited.length} times as ${uninvited[0]?.ending}, and nobody asked for it` });
  }
  return found;
}

/** How the store may say that this call ended; `none` where it may know nothing of it. */
function endingsOf(
  { ending, script, startedMs, firstByteMs, endedMs }: LedgerCall,
  served: UpstreamCall | undefined,
  killed: boolean,
): readonly string[] {
  if (ending === "completed") return ["completed"];
  if (ending === "refused") return ["none"];
  if (!killed) {
    if (ending === "broken") return ["cut"];
    // A client may leave when the whole reply is on its way to it, or before its request has arrived.
    return ["abandoned", ...(served?.whole ? ["completed"] : []), ...(served === undefined || endedMs - startedMs < 50 ? ["none"] : [])];
  }
  const endings = [
    "incomplete",
    "completed",
    ...(ending === "aborted" ? ["abandoned"] : []),
    ...(script.cutAfter !== undefined ? ["cut"] : []),
  ];
  // What its client had for this long was written before the recorder was killed.
  const long = firstByteMs !== undefined && endedMs - firstByteMs > KILL_REACH_MS;
  return long ? endings : [...endings, "none"];
}

/** What is stored of a call and was not said in it. */
export function* contradictions(row: Stored, script: CallScript): Iterable<string> {
  const answer = wordsOf(script).join("");
  if (row.asked !== "" && row.asked !== `What is ${script.id}?`) yield `stored with the question ${JSON.stringify(row.asked)}`;
  if (row.ending !== "completed") {
    if (!answer.startsWith(row.answered)) yield `stored with the answer ${JSON.stringify(row.answered)}, which is no beginning of its own`;
    return;
  }
  if (row.asked === "") yield "stored without its question";
  if (row.answered !== answer) yield `stored with the answer ${JSON.stringify(row.answered.slice(0, 200))}`;
  if (row.responseId !== responseId(script)) yield `stored with the response id ${row.responseId}`;
  const { prompt_tokens, completion_tokens } = usageOf(script);
  if (row.tokensIn !== prompt_tokens || row.tokensOut !== completion_tokens) {
    yield `stored with ${row.tokensIn} and ${row.tokensOut} tokens instead of ${prompt_tokens} and ${completion_tokens}`;
  }
}

function told({ ending, status, said, bytes, startedMs, endedMs }: LedgerCall): string {
  return `${ending}${status === undefined ? "" : ` ${status}`}${said === undefined ? "" : ` ${said}`}, ${bytes} bytes, from ${startedMs.toFixed(0)} to ${endedMs.toFixed(0)} ms`;
}

/** Reads the calls whose ids begin with `prefix`; up to 10,000. */
export async function storedCalls(gateway: Pick<Gateway, "sql">, prefix: string): Promise<readonly Stored[]> {
  const rows = await gateway.sql(
    `SELECT conversation_id, ending, response_id, tokens_in_uncached::INTEGER AS tokens_in, tokens_out_text::INTEGER AS tokens_out, input_messages, output_messages ` +
      `FROM spans WHERE operation = 'chat' AND conversation_id LIKE '${prefix}%'`,
  );
  return rows.map((row) => ({
    id: String(row["conversation_id"]),
    ending: String(row["ending"]),
    responseId: z.string().nullable().parse(row["response_id"]),
    tokensIn: z.number().nullable().parse(row["tokens_in"]),
    tokensOut: z.number().nullable().parse(row["tokens_out"]),
    asked: textOf(row, "input_messages"),
    answered: textOf(row, "output_messages"),
  }));
}

const messages = z.array(z.object({ parts: z.array(z.looseObject({ type: z.string(), content: z.unknown().optional() })) }));

function textOf(row: Row, column: string): string {
  const value = row[column];
  if (value === null || value === undefined) return "";
  return messages
    .parse(typeof value === "string" ? JSON.parse(value) : value)
    .flatMap(({ parts }) => parts.map(({ content }) => (typeof content === "string" ? content : "")))
    .join("");
}

/** Reads until the accounts agree, or gives the differences that stay. */
export async function settled(
  gateway: Pick<Gateway, "sql">,
  prefix: string,
  accounts: Accounts,
  withinMs = SETTLED_WITHIN_MS,
): Promise<{ readonly stored: readonly Stored[]; readonly differences: readonly Difference[] }> {
  let last: { stored: readonly Stored[]; differences: readonly Difference[] } | undefined;
  try {
    return await eventually(
      async () => {
        const stored = await storedCalls(gateway, prefix);
        return (last = { stored, differences: differences(stored, accounts) });
      },
      (read) => read.differences.length === 0,
      withinMs,
    );
  } catch (error) {
    if (last === undefined) throw error;
    return last;
  }
}

const doctorText = z.looseObject({
  appended: z.number(),
  stored: z.number(),
  dead_lettered: z.number(),
  /** Those of the stage `store` were appended before. */
  dead_letters: z.looseObject({ store: z.number() }),
  dropped: z.record(z.string(), z.number()),
  backlog: z.number(),
  damaged: z.number(),
  /** Records that are not on a journal although later ones are. */
  missing: z.number(),
  released_before_written: z.number(),
});
export type Counts = z.infer<typeof doctorText>;

/** What `spangate doctor --json` says. */
export async function counted(gateway: Pick<Gateway, "doctor">): Promise<Counts> {
  return doctorText.parse(await gateway.doctor());
}

/** Throws when spans that were appended are neither stored, nor dead letters, nor counted as lost; or when one stands in the store twice. */
export async function assertConserved(gateway: Pick<Gateway, "doctor" | "sql">): Promise<Counts> {
  const [spans] = await gateway.sql(
    "SELECT (count(*) - count(DISTINCT (tenant, trace_id, span_id)))::INTEGER AS twice, " +
      "(SELECT count(*)::INTEGER FROM (SELECT exchange_id FROM spans WHERE ending <> 'rejected' GROUP BY exchange_id HAVING count(*) FILTER (kind = 'server') <> 1 OR count(*) FILTER (operation = 'chat') <> 1)) AS uneven FROM spans",
  );
  if (spans?.["twice"] !== 0 || spans["uneven"] !== 0) {
    throw new Error(
      `${String(spans?.["twice"])} spans stand in the store twice, and ${String(spans?.["uneven"])} exchanges are not one call with one model span`,
    );
  }
  return await eventually(
    () => counted(gateway),
    ({ appended, stored, dead_letters, dropped, backlog }) => {
      // What the gateway drops for want of room never was a span.
      const onPurpose = Object.entries(dropped).reduce((sum, [reason, count]) => sum + (reason.startsWith("by_") ? count : 0), 0);
      const unaccounted = appended - stored - dead_letters.store - onPurpose;
      return unaccounted >= 0 && unaccounted <= (dropped["dead_letter_write"] ?? 0) && backlog === 0;
    },
    SETTLED_WITHIN_MS,
  );
}

/** Throws with the differences, call by call, unless there is none. */
export function assertNone(found: readonly Difference[]): void {
  if (found.length === 0) return;
  const kinds = [...Map.groupBy(found, ({ kind }) => kind)].map(([kind, each]) => `${each.length} ${kind}`).join(", ");
  const lines = found.slice(0, 20).map(({ id, kind, what }) => `  ${id} ${kind}: ${what}`);
  throw new Error(`the accounts differ on ${found.length} calls: ${kinds}\n${lines.join("\n")}${found.length > 20 ? "\n  …" : ""}`);
}
