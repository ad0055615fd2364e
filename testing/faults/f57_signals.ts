import { setTimeout } from "node:timers/promises";
import { assertNone, settled, type Kill } from "../conservation.ts";
import { eventually } from "../eventually.ts";
import { childrenOf, isRunning } from "../process_tree.ts";
import type { Fault, Random } from "./fault.ts";
import type { LedgerCall } from "../ledger.ts";
import { rig, type Rig } from "./rig.ts";

const STREAMS = 20;
/** Each stream takes about a second. */
const WORDS = 20;
const EVERY_MS = 50;
const DRAIN_MS = 3000;
/** A busy machine may need longer than the second that is meant. */
const MARGIN_MS = 4000;
/** A second signal within this time is the same one, passed on. */
const SAME_SIGNAL_MS = 2000;

const WAYS = ["SIGTERM", "SIGTERM twice", "SIGHUP", "SIGINT", "SIGTERM too late"] as const;
type Way = (typeof WAYS)[number];

export const signals: Fault = {
  id: "F57",
  title: "SIGTERM, SIGINT, SIGHUP, and a second SIGTERM, while streams run",
  holds:
    "streams are finished, or closed visibly when the drain time is over; all are stored as they ended; the server ends within that time and 1 s; SIGHUP ends nothing",
  fast: 3,
  long: 25,
  async run({ count, random, injected, measured }) {
    const exits: number[] = [];
    for (let round = 0; round < count; round++) {
      await using all = await rig();
      const way = WAYS[round % WAYS.length] ?? "SIGTERM";
      const exitMs = await oneSignal(all, way, `f57-${round}-`, random);
      if (exitMs !== undefined) exits.push(exitMs);
      injected();
    }
    measured("streams", count * STREAMS);
    measured("ended within, slowest", Math.max(...exits), "ms");
  },
};

/** Gives how long the server took to end, where it was to. */
async function oneSignal(all: Rig, way: Way, prefix: string, random: Random): Promise<number | undefined> {
  const { client, upstream, start } = all;
  const config = { gateway: { drain_timeout_ms: DRAIN_MS } };
  const cutShort = way === "SIGTERM too late" || way === "SIGTERM twice";
  const words = cutShort ? 40 * WORDS : WORDS;
  const calls = (): Promise<readonly LedgerCall[]> =>
    Promise.all(Array.from({ length: STREAMS }, (_, i) => client.call({ id: `${prefix}${i}`, stream: true, words, everyMs: EVERY_MS })));
  let exitMs: number | undefined;
  const kills: Kill[] = [];
  {
    await using gateway = await start(config);
    const pids = [gateway.pid, ...childrenOf(gateway.pid)];
    const streams = calls();
    await eventually(
      () => upstream.log.filter(({ sentBytes }) => sentBytes > 0).length,
      (begun) => begun === STREAMS,
      10_000,
    );
    await setTimeout(random.whole(0, 300));

    const since = performance.now();
    if (way === "SIGHUP") process.kill(gateway.pid, "SIGHUP");
    else {
      const stopping = gateway.stop(way === "SIGINT" ? "SIGINT" : "SIGTERM");
      if (way === "SIGTERM twice") {
        await setTimeout(SAME_SIGNAL_MS + 200);
        if (isRunning(gateway.pid)) process.kill(gateway.pid, "SIGTERM");
      }
      const code = await stopping;
      exitMs = performance.now() - since;
      kills.push({ fromMs: since, toMs: since + exitMs });
      if (code !== (way === "SIGTERM twice" ? 1 : 0)) throw new Error(`${way}: the server ended with ${code}\n${gateway.stderr()}`);
      if (exitMs > DRAIN_MS + MARGIN_MS) throw new Error(`${way}: the server took ${exitMs.toFixed(0)} ms to end`);
      await eventually(
        () => pids.filter(isRunning),
        ({ length }) => length === 0,
      );
    }
    const ended = await streams;
    const whole = ended.filter(({ ending }) => ending === "completed").length;
    if (whole !== (cutShort ? 0 : STREAMS)) throw new Error(`${way}: ${whole} of ${STREAMS} streams were finished`);
    if (way === "SIGHUP") {
      assertNone((await settled(gateway, prefix, { ledger: client.ledger, upstream: upstream.log })).differences);
      return undefined;
    }
  }
  await using again = await start(config);
  const { stored, differences } = await settled(again, prefix, {
    ledger: client.ledger,
    upstream: upstream.log,
    ...(cutShort && { kills }),
  });
  // The gateway itself broke these off: it knows that it did, unless it was killed.
  assertNone(differences.filter(({ what }) => !(cutShort && what.startsWith("stored as cut"))));
  if (stored.length !== STREAMS) throw new Error(`${way}: ${stored.length} of ${STREAMS} streams are stored`);
  return exitMs;
}
