import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { AIRLINE_12 } from "../../demo/library.ts";
import { replay, type ReplayedCall } from "../../demo/replay.ts";
import { demoUpstream } from "../../demo/upstream.ts";
import { assertConserved } from "../conservation.ts";
import { eventually } from "../eventually.ts";
import { startGateway, type Gateway, type Row } from "../gateway.ts";
import { childrenOf, kill } from "../process_tree.ts";
import type { Fault, Random } from "./fault.ts";
import { pipelineReady } from "./rig.ts";

/** All hundred conversations, where they lie beside the clone; their excerpt is in it. */
const WHOLE = new URL("../../../shared/datasets/airline-agent", import.meta.url);
/** The supervisor waits longer before each restart: so often the pipeline is killed before the server is started anew. */
const KILLS_EACH = 4;

export const replayKilled: Fault = {
  id: "F02R",
  title: "`kill -9` of the pipeline at random instants while the airline conversations are replayed",
  holds: "every call is stored once, with the answer, the tools and the conversation it had",
  fast: 0,
  long: 20,
  async run({ count, random, injected, measured }) {
    await using demo = await demoUpstream({ conversations: [] });
    const config = { default_upstream: "up", upstreams: { up: { base_url: demo.url } }, capture: "full" };
    let calls = 0;
    for (let killed = 0; killed < count; killed += KILLS_EACH) {
      await using gateway = await startGateway({ config });
      const over = new AbortController();
      const killing = killAtRandom(gateway, Math.min(KILLS_EACH, count - killed), random, over.signal);
      const path = fileURLToPath(existsSync(WHOLE) ? WHOLE : AIRLINE_12);
      const ledger: ReplayedCall[] = [];
      do {
        const summary = await replay({ path, url: `${gateway.dataUrl}/v1` });
        if (summary.mismatches + summary.errors > 0)
          throw new Error(`${summary.mismatches} answers differ, ${summary.errors} calls failed`);
        ledger.push(...summary.ledger);
      } while (killing.left() > 0);
      over.abort();
      injected(await killing.done);
      await pipelineReady(gateway);
      await assertReplayed(gateway, ledger);
      await assertConserved(gateway);
      calls += ledger.length;
    }
    measured("calls", calls);
  },
};

function killAtRandom(
  gateway: Gateway,
  count: number,
  random: Random,
  signal: AbortSignal,
): { readonly left: () => number; readonly done: Promise<number> } {
  let killed = 0;
  const run = async (): Promise<number> => {
    while (killed < count && !signal.aborted) {
      await setTimeout(random.whole(100, 900));
      const [pid] = childrenOf(gateway.pid, "pipeline_process.ts");
      if (pid !== undefined && (await kill(pid))) killed++;
    }
    return killed;
  };
  return { left: () => count - killed, done: run() };
}

const messages = z.array(z.object({ parts: z.array(z.looseObject({ type: z.string(), content: z.unknown().optional() })) }));

/** Throws when the store does not have each call once, as the client had it. */
async function assertReplayed(gateway: Gateway, ledger: readonly ReplayedCall[]): Promise<void> {
  const account = (calls: readonly string[]): string => calls.toSorted().join("\n");
  const expected = account(
    ledger.map((call) => [call.exchangeId, call.responseId, call.conversation, "completed", call.toolCalls, call.contentSha256].join(" ")),
  );
  const rows = await eventually(
    () => gateway.sql("SELECT exchange_id, response_id, conversation_id, ending, output_messages FROM spans WHERE operation = 'chat'"),
    ({ length }) => length >= ledger.length,
    60_000,
  );
  if (account(rows.map(told)) !== expected)
    throw new Error(`the store has ${rows.length} calls, other ones than the ${ledger.length} that were made`);
}

function told(row: Row): string {
  const output = row["output_messages"];
  const parts = messages.parse(typeof output === "string" ? JSON.parse(output) : output).flatMap((message) => message.parts);
  const text = parts.filter(({ type }) => type === "text").map(({ content }) => String(content));
  const sha256 = createHash("sha256").update(text.join("")).digest("hex");
  const tools = parts.filter(({ type }) => type === "tool_call").length;
  return [row["exchange_id"], row["response_id"], row["conversation_id"], row["ending"], tools, sha256].map(String).join(" ");
}
