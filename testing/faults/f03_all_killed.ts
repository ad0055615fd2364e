import { setTimeout } from "node:timers/promises";
import { assertConserved, assertNone, settled, type Kill } from "../conservation.ts";
import { childrenOf, kill } from "../process_tree.ts";
import type { Fault, Round } from "./fault.ts";
import { mixedCalls, rig } from "./rig.ts";

const PER_SECOND = 200;

interface Tally {
  calls: number;
  completed: number;
  differing: number;
  readyMs: number;
}

export const allKilled: Fault = {
  id: "F03",
  title: "`kill -9` of all processes at once, under 200 requests a second",
  holds:
    "the next server on the folder has each reply that its client had whole, once, beside what broke off; `balanced` in memory, `strict` on the disk",
  fast: 2,
  long: 50,
  async run(round) {
    const tally = { calls: 0, completed: 0, differing: 0, readyMs: 0 };
    await killAgain("balanced", Math.ceil(round.count / 2), round, tally);
    await killAgain("strict", Math.floor(round.count / 2), round, tally);
    round.measured("calls", tally.calls);
    round.measured("completed", tally.completed);
    round.measured("lost, twice, or otherwise", tally.differing);
    round.measured("ready again, slowest", tally.readyMs, "ms");
  },
};

async function killAgain(durability: "balanced" | "strict", count: number, { random, injected }: Round, tally: Tally): Promise<void> {
  // `balanced` waits for no disk longer than 5 ms. In memory there is nothing to wait for, so a kill takes nothing at all.
  await using all = await rig({ inMemory: durability === "balanced" });
  const { client, upstream, start } = all;
  let killed: Kill | undefined;
  for (let round = 0; round <= count; round++) {
    const since = performance.now();
    await using gateway = await start({ durability });
    if (killed !== undefined) {
      tally.readyMs = Math.max(tally.readyMs, performance.now() - since);
      const prefix = `f03-${round - 1}-`;
      const ledger = client.ledger.filter(({ script }) => script.id.startsWith(prefix));
      const { differences } = await settled(gateway, prefix, { ledger, upstream: upstream.log, kills: [killed] });
      tally.differing += differences.length;
      assertNone(differences);
      await assertConserved(gateway);
    }
    if (round === count) break;

    const stop = new AbortController();
    const loading = client.load(PER_SECOND, mixedCalls(random, `f03-${round}-`), stop.signal);
    await setTimeout(random.whole(100, 1500));
    killed = await kill(gateway.pid, ...childrenOf(gateway.pid));
    injected(killed === undefined ? 0 : 1);
    stop.abort();
    await loading;
  }
  tally.calls += client.ledger.length;
  tally.completed += client.ledger.filter(({ ending }) => ending === "completed").length;
}
