import { setTimeout } from "node:timers/promises";
import { DISK, type Files } from "../../journal/files.ts";
import { startDataPlane } from "../data_plane.ts";
import { ledgerClient } from "../ledger.ts";
import { scriptedUpstream } from "../scripted_upstream.ts";
import { eventually } from "../eventually.ts";
import type { Fault } from "./fault.ts";

const SLOW_MS = 200;
const CALLS = 40;
/** What a machine that is busy with other things may add. */
const SLACK_MS = 60;

export const slowDisk: Fault = {
  id: "F15",
  title: `each write and each \`fdatasync\` of the intake takes ${SLOW_MS} ms longer`,
  holds: "`balanced` calls are held back for 5 ms at most, which is counted, and all are recorded in the end",
  fast: 5,
  long: 200,
  async run({ count, injected, measured }) {
    await using upstream = await scriptedUpstream();
    const latency = async (files: Files, until: () => boolean): Promise<readonly number[]> => {
      await using plane = await startDataPlane({ upstreams: { up: upstream.url }, files });
      using client = ledgerClient(() => plane.url);
      do {
        const from = client.ledger.length;
        for (let i = 0; i < CALLS; i++) {
          await client.call({ id: `f15-${from + i}`, stream: i % 2 === 1, words: 10, everyMs: 0 });
        }
      } while (!until());
      const entries = await eventually(
        plane.entries,
        (all) => all.length >= client.ledger.length && all.every(({ closed }) => closed),
        30_000,
      );
      if (entries.length !== client.ledger.length) throw new Error(`${entries.length} records of ${client.ledger.length} calls`);
      const released = plane.counts.released_before_written;
      if (files !== DISK && released === 0) throw new Error("replies that were not waited for are not counted");
      if (plane.counts.completed !== client.ledger.length) throw new Error("a call did not complete");
      return client.ledger.map(({ startedMs, endedMs }) => endedMs - startedMs).sort((a, b) => a - b);
    };
    const usual = await latency(DISK, () => true);
    let slowed = 0;
    const slow = await latency(
      slowFiles(() => void slowed++),
      () => slowed >= count,
    );
    injected(slowed);
    // Of so few calls a higher percentile is the slowest one: what the machine did to a single call.
    const p90 = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length * 0.9)] ?? Infinity;
    measured("p50 more", Math.max(0, (slow[slow.length >> 1] ?? 0) - (usual[usual.length >> 1] ?? 0)), "ms");
    measured("p90 more", Math.max(0, p90(slow) - p90(usual)), "ms");
    if (p90(slow) - p90(usual) > 5 + SLACK_MS) throw new Error(`p90 grew from ${p90(usual)} to ${p90(slow)} ms`);
  },
};

function slowFiles(tell: () => void): Files {
  const slowly = async <Value>(operation: () => Promise<Value>): Promise<Value> => {
    tell();
    await setTimeout(SLOW_MS);
    return await operation();
  };
  return {
    ...DISK,
    async create(path) {
      const file = await DISK.create(path);
      return {
        write: (buffers) => slowly(() => file.write(buffers)),
        datasync: () => slowly(() => file.datasync()),
        close: () => file.close(),
      };
    },
  };
}
