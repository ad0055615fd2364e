import assert from "node:assert/strict";
import { assertConserved, assertNone, settled } from "../conservation.ts";
import { eventually } from "../eventually.ts";
import { ledgerClient, type LedgerCall } from "../ledger.ts";
import { many } from "../many.ts";
import { scriptedUpstream, type ScriptedUpstream } from "../scripted_upstream.ts";
import type { Fault } from "./fault.ts";
import { observedGateway, type ObservedGateway } from "./observed.ts";

const AT_ONCE = 50;
/** What the first storm costs a process is no leak, if the next one costs it no more. */
const warmUp = (count: number): number => Math.max(200, count / 2);
const MOST_FILES = 5;
const MOST_BYTES = 32 * 2 ** 20;
const UNUSED_WITHIN_MS = 5000;

/** Clients leave within this; a stream takes a second and more. */
const LEAVES_WITHIN_MS = 30;
const STREAM = { stream: true, words: 250, everyMs: 5 } as const;

export const abortStorm: Fault = {
  id: "F30",
  title: "a storm of clients that leave, at any moment of their calls",
  holds:
    "no connection, file or memory stays behind, and no connection to the upstream that never carried a request; each call that the upstream saw ends there and is stored once, as `abandoned`",
  fast: 300,
  long: 5000,
  async run(round) {
    await using upstream = await scriptedUpstream();
    await using running = await observedGateway(upstream.url);
    using client = ledgerClient(() => running.url);
    const storm = (name: string, count: number): Promise<readonly LedgerCall[]> =>
      many(count, AT_ONCE, (i) => client.call({ id: `f30-${name}-${i}`, ...STREAM }, round.random.whole(0, LEAVES_WITHIN_MS)));
    await storm("before", warmUp(round.count));
    await quiet(upstream);
    const before = await running.observe();
    const files = running.openFiles();

    const calls = await storm("storm", round.count);
    round.injected(calls.filter(({ ending }) => ending === "aborted").length);
    await eventually(
      () => upstream.connections.filter((socket) => !socket.destroyed && socket.bytesRead === 0).length,
      (unused) => unused === 0,
      UNUSED_WITHIN_MS,
    );
    await quiet(upstream);
    const more = await eventually(
      () => running.openFiles() - files,
      (count) => Math.abs(count) <= MOST_FILES,
    );
    const after = await running.observe();
    const grown = after.usedBytes - before.usedBytes;
    round.measured("open files more", more);
    round.measured("memory in use more", grown / 2 ** 20, "MiB");
    round.measured("resident more", (after.residentBytes - before.residentBytes) / 2 ** 20, "MiB");
    assert.ok(grown <= MOST_BYTES, `${grown} bytes more than before the storm`);
    const { ending } = await client.call({ ...STREAM, id: "f30-after", words: 3 });
    assert.equal(ending, "completed");
    round.measured("of them seen by the upstream", await assertAbandoned(running, calls, upstream));
  },
};

/** Throws unless the store has each call that the upstream saw, as one that its client left, and none that nobody made. Gives how many the upstream saw. */
async function assertAbandoned(running: ObservedGateway, ledger: readonly LedgerCall[], upstream: ScriptedUpstream): Promise<number> {
  const prefix = "f30-storm-";
  const { stored, differences } = await settled(running, prefix, { ledger, upstream: upstream.log });
  assertNone(differences);
  const seen = upstream.log.filter(({ script }) => script.id.startsWith(prefix));
  const going = seen.filter(({ left }) => !left).length;
  assert.equal(going, 0, `${going} calls go on at the upstream though their clients left`);
  const endings = new Map(stored.map(({ id, ending }) => [id, ending]));
  const others = seen.filter(({ script }) => endings.get(script.id) !== "abandoned");
  assert.equal(
    others.length,
    0,
    `${others.length} calls that the upstream saw are not stored as abandoned, the first: ${others[0]?.script.id}`,
  );
  await assertConserved(running);
  return seen.length;
}

/** Waits until no call runs any more. */
async function quiet({ connections }: ScriptedUpstream): Promise<void> {
  await eventually(
    () => connections.filter(({ destroyed }) => !destroyed).length,
    (open) => open === 0,
    10_000,
  );
}
