import { setTimeout } from "node:timers/promises";
import { DISK, type Files } from "../../journal/files.ts";
import { startDataPlane } from "../data_plane.ts";
import { ledgerClient } from "../ledger.ts";
import { eventually } from "../eventually.ts";
import { percentile } from "../many.ts";
import { scriptedUpstream } from "../scripted_upstream.ts";
import type { Fault } from "./fault.ts";

const SLOW_MS = 200;
/** So many that the slowest two are not among 99 of 100. */
const CALLS = 200;
/** Longest that a reply is held back. */
const HOLD_MS = 5;
/** What the timers of half of all calls may add, */
const TOLERANCE_MS = 3;
/** and a busy machine to one of 100. A call that waited for the disk would take all of it longer. */
const MOST_MS = SLOW_MS / 2;

export const slowDisk: Fault = {
  id: "F15",
  title: `each write and each \`fdatasync\` of the intake takes ${SLOW_MS} ms longer`,
  holds: `\`balanced\` calls are held back for ${HOLD_MS} ms, which is counted: half of them end no more than ${HOLD_MS + TOLERANCE_MS} ms later than on a healthy disk, and 99 of 100 less than ${MOST_MS} ms later; all are recorded in the end`,
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
      return client.ledger.map(({ startedMs, endedMs }) => endedMs - startedMs);
    };
    const healthy = (): Promise<readonly number[]> => latency(DISK, () => true);
    const before = await healthy();
    let slowed = 0;
    const slow = await latency(
      slowFiles(() => void slowed++),
      () => slowed >= count,
    );
    injected(slowed);
    // The machine may have become busier meanwhile.
    const after = await healthy();
    const usual = (part: number): number => Math.max(percentile(before, part), percentile(after, part));
    const p50More = percentile(slow, 0.5) - usual(0.5);
    const p99More = percentile(slow, 0.99) - usual(0.99);
    measured("p50 on a healthy disk", usual(0.5), "ms");
    measured("p50 more", p50More, "ms");
    measured("p99 more", p99More, "ms");
    if (p50More > HOLD_MS + TOLERANCE_MS) throw new Error(`half of the calls took ${p50More.toFixed(1)} ms longer, or more`);
    if (p99More >= MOST_MS) throw new Error(`one of 100 calls took ${p99More.toFixed(1)} ms longer, or more`);
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
