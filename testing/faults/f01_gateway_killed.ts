import { setTimeout } from "node:timers/promises";
import { assertConserved, assertNone, counted, settled, type Kill } from "../conservation.ts";
import { eventually } from "../eventually.ts";
import type { Gateway } from "../gateway.ts";
import type { LedgerCall } from "../ledger.ts";
import { childrenOf, kill } from "../process_tree.ts";
import type { Fault, Round } from "./fault.ts";
import { mixedCalls, rig, type Rig } from "./rig.ts";

const PROCESSES = 4;
/** The supervisor waits longer before each restart of the same process: so often each is killed before the server is started anew. */
const KILLS_EACH = 2;
const PER_SECOND = 200;
/** Longest that a record which nobody waited for may need until it is in the file, on a busy machine. */
const WRITTEN_WITHIN_MS = 100;
/** Longest that bytes of a process that was killed may be on their way to their client. */
const DELIVERED_WITHIN_MS = 100;

export const gatewayKilled: Fault = {
  id: "F01",
  title: "`kill -9` of a gateway process at random instants, under 200 requests a second",
  holds:
    "each reply that its client had whole is stored, once and as it was; what broke off is `incomplete`; `strict` on the disk, and `balanced` in memory, where a reply may be lost that was let go before its record was written, which is counted, and ended less than 100 ms before a kill",
  fast: 4,
  long: 200,
  async run(round) {
    const tally = { calls: 0, completed: 0, incomplete: 0, early: 0, lost: 0 };
    for (const durability of ["balanced", "strict"] as const) {
      // `balanced` waits for no disk longer than 5 ms. In memory there is next to nothing to wait for, so a kill takes next to nothing.
      await using all = await rig({ inMemory: durability === "balanced" });
      const count = durability === "balanced" ? Math.ceil(round.count / 2) : Math.floor(round.count / 2);
      const perServer = PROCESSES * KILLS_EACH;
      for (let killed = 0; killed < count; killed += perServer) {
        await oneServer(all, round, { count: Math.min(perServer, count - killed), prefix: `f01-${killed}-`, durability, tally });
      }
    }
    round.measured("calls", tally.calls);
    round.measured("completed", tally.completed);
    round.measured("completed and lost", tally.lost);
    round.measured("stored as incomplete", tally.incomplete);
    round.measured("released before written", tally.early);
  },
};

interface Kills {
  readonly count: number;
  readonly prefix: string;
  readonly durability: "balanced" | "strict";
  readonly tally: { calls: number; completed: number; incomplete: number; early: number; lost: number };
}

async function oneServer(
  { client, upstream, start }: Rig,
  { random, injected }: Round,
  { count, prefix, durability, tally }: Kills,
): Promise<void> {
  await using gateway = await start({ durability, gateway: { processes: PROCESSES } });
  const stop = new AbortController();
  const loading = client.load(PER_SECOND, mixedCalls(random, prefix), stop.signal);
  const kills: Kill[] = [];
  while (kills.length < count) {
    await setTimeout(random.whole(20, 600));
    const killed = await killOne(gateway, random.pick);
    if (killed === undefined) continue;
    kills.push(killed);
    injected();
  }
  await setTimeout(300);
  stop.abort();
  await loading;
  await eventually(
    () => childrenOf(gateway.pid, "gateway_process.ts"),
    ({ length }) => length === PROCESSES,
    40_000,
  );

  const ledger = client.ledger.filter(({ script }) => script.id.startsWith(prefix));
  const { stored, differences } = await settled(gateway, prefix, { ledger, upstream: upstream.log, kills });
  const { released_before_written: early } = await counted(gateway);
  const lost = differences.filter(({ kind }) => kind === "lost");
  // `balanced` waits for no write longer than 5 ms. What it lets go then is counted and is written soon after: only a kill in between takes it.
  const excused = durability === "balanced" && lost.length <= early ? lost.filter(({ id }) => endedJustBefore(id, ledger, kills)) : [];
  assertNone(differences.filter((each) => !excused.includes(each)));
  await assertConserved(gateway);
  tally.calls += ledger.length;
  tally.completed += ledger.filter(({ ending }) => ending === "completed").length;
  tally.incomplete += stored.filter(({ ending }) => ending === "incomplete").length;
  tally.early += early;
  tally.lost += lost.length;
}

function endedJustBefore(id: string, ledger: readonly LedgerCall[], kills: readonly Kill[]): boolean {
  const endedMs = ledger.find(({ script }) => script.id === id)?.endedMs ?? 0;
  return kills.some(({ fromMs, toMs }) => fromMs - WRITTEN_WITHIN_MS <= endedMs && endedMs <= toMs + DELIVERED_WITHIN_MS);
}

async function killOne(gateway: Gateway, pick: Round["random"]["pick"]): Promise<Kill | undefined> {
  const running = childrenOf(gateway.pid, "gateway_process.ts");
  return running.length === 0 ? undefined : await kill(pick(running));
}
