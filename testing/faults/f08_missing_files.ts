import { readdir, rm, truncate, unlink } from "node:fs/promises";
import { join } from "node:path";
import { assertNone, counted, settled } from "../conservation.ts";
import type { Fault } from "./fault.ts";
import { rig } from "./rig.ts";
import { expectStored, writeLane } from "./written_lane.ts";

const EXCHANGES = 30;
/** A few records fit into one of these. */
const SEGMENT_BYTES = 6000;
const READY_WITHIN_MS = 3000;

export const missingFiles: Fault = {
  id: "F08",
  title: "a segment of the intake is missing, the span journal is gone, a cursor file is empty",
  holds: "the server is ready within 3 s, stores what is there once, and counts the records that are not",
  fast: 6,
  long: 60,
  async run({ count, random, injected, measured }) {
    const emptyMs = await emptyStart();
    await using all = await rig();
    const expected = new Map<string, string>();
    let gone = 0;
    for (let index = 0; index < count - 1; index++) {
      const ids = Array.from({ length: EXCHANGES }, (_, i) => `f08-${index}-${String(i).padStart(2, "0")}`);
      const records = ids.map((id) => ({ id, is: "whole" as const }));
      const lane = await writeLane({ dataDir: all.dataDir, name: `gone-${index}`, records, segmentBytes: SEGMENT_BYTES });
      const files = [...new Set(lane.records.map(({ file }) => file))];
      const file = random.pick(files.slice(0, -1)); // that the newest is missing, nothing tells
      await unlink(file);
      injected();
      for (const record of lane.records) {
        if (record.file === file) gone++;
        else expected.set(record.id, "completed");
      }
    }
    const readyMs: number[] = [];
    const timed = async (): ReturnType<typeof all.start> => {
      const since = performance.now();
      const gateway = await all.start();
      readyMs.push(performance.now() - since);
      return gateway;
    };
    {
      await using gateway = await timed();
      await expectStored(gateway, "f08-", expected);
      const { missing } = await counted(gateway);
      if (missing !== gone) throw new Error(`${gone} records are missing, but ${missing} are counted`);
      measured("records missing", gone);
      measured("counted", missing);
    }
    // The cursor of the intake goes with the span journal; what it had finished is stored, and must not be stored again.
    await rm(join(all.dataDir, "journal", "spans"), { recursive: true });
    for (const file of await filesBelow(join(all.dataDir, "journal", "cursors"))) await truncate(file, 0);
    injected();
    await using gateway = await timed();
    for (let i = 0; i < EXCHANGES; i++) await all.client.call({ id: `after-${i}`, stream: false, words: 3, everyMs: 0 });
    assertNone((await settled(gateway, "after-", { ledger: all.client.ledger, upstream: all.upstream.log })).differences);
    await expectStored(gateway, "f08-", expected);
    const slowest = Math.max(...readyMs);
    measured("ready, slowest", slowest, "ms");
    measured("ready with an empty folder", emptyMs, "ms");
    // Other work on this machine slows every start down.
    if (slowest > Math.max(READY_WITHIN_MS, 3 * emptyMs)) throw new Error(`it took ${slowest.toFixed(0)} ms until the server was ready`);
  },
};

async function emptyStart(): Promise<number> {
  await using all = await rig();
  const since = performance.now();
  await using gateway = await all.start();
  void gateway;
  return performance.now() - since;
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}
