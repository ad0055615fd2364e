import { existsSync } from "node:fs";
import { cp, readdir, rm, truncate, unlink } from "node:fs/promises";
import { join } from "node:path";
import { segmentName } from "../../journal/segment.ts";
import { assertNone, counted, settled } from "../conservation.ts";
import type { LedgerCall } from "../ledger.ts";
import type { Fault } from "./fault.ts";
import { newestBatch } from "./newest_batch.ts";
import { rig } from "./rig.ts";
import { expectStored, writeLane } from "./written_lane.ts";

const EXCHANGES = 30;
/** A few records fit into one of these. */
const SEGMENT_BYTES = 6000;
const READY_WITHIN_MS = 3000;

export const missingFiles: Fault = {
  id: "F08",
  title: "a segment of the intake is missing; the span journal is gone; its newest segment, where the intake's cursor stands, is empty",
  holds: "the server is ready within 3 s, stores what is there once, and counts the records that are not",
  fast: 6,
  long: 60,
  async run({ count, random, injected, measured }) {
    const emptyMs = await emptyStart();
    await using all = await rig();
    const { client, upstream } = all;
    const expected = new Map<string, string>();
    let gone = 0;
    for (let index = 0; index < Math.max(1, count - 2); index++) {
      const lane = await writeLane({
        dataDir: all.dataDir,
        name: `gone-${index}`,
        records: records(`f08-${index}-`),
        segmentBytes: SEGMENT_BYTES,
      });
      const files = [...new Set(lane.records.map(({ file }) => file))];
      const file = random.pick(files.slice(0, -1)); // that the newest is missing, nothing tells
      await unlink(file);
      injected();
      for (const record of lane.records) {
        if (record.file === file) gone++;
        else expected.set(record.id, "completed");
      }
    }
    const again = await laneTwice(all.dataDir, expected);
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
    const spans = join(all.dataDir, "journal", "spans");
    const losses = [
      { name: "gone", lose: () => rm(spans, { recursive: true }) },
      { name: "emptied", lose: () => emptyNewest(all.dataDir) },
    ];
    for (const { name, lose } of losses) {
      await lose();
      injected();
      // The cursor went with it; what is on the intake as before a kill is stored, and must not be stored again.
      await again();
      await using gateway = await timed();
      const prefix = `after-${name}-`;
      for (let i = 0; i < EXCHANGES; i++) await client.call({ id: `${prefix}${i}`, stream: false, words: 3, everyMs: 0 });
      assertNone((await settled(gateway, prefix, { ledger: callsOf(client.ledger, prefix), upstream: upstream.log })).differences);
      await expectStored(gateway, "f08-", expected);
    }
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

const records = (prefix: string): readonly { readonly id: string; readonly is: "whole" }[] =>
  Array.from({ length: EXCHANGES }, (_, i) => ({ id: `${prefix}${String(i).padStart(2, "0")}`, is: "whole" }));

const callsOf = (ledger: readonly LedgerCall[], prefix: string): readonly LedgerCall[] =>
  ledger.filter(({ script }) => script.id.startsWith(prefix));

/** Writes a lane, and gives what puts it on the intake again as it was. */
async function laneTwice(dataDir: string, expected: Map<string, string>): Promise<() => Promise<void>> {
  const { folder, records: written } = await writeLane({
    dataDir,
    name: "again",
    records: records("f08-again-"),
    segmentBytes: SEGMENT_BYTES,
  });
  for (const { id } of written) expected.set(id, "completed");
  const kept = join(dataDir, "again");
  await cp(folder, kept, { recursive: true });
  return async () => {
    if (existsSync(folder)) throw new Error(`${folder} is still there: what is in it was not done with`);
    await cp(kept, folder, { recursive: true });
  };
}

/** Empties the newest segment of the span journal, and the file of each other cursor. */
async function emptyNewest(dataDir: string): Promise<void> {
  const { segment, sequence } = await newestBatch(dataDir);
  await truncate(join(dataDir, "journal", "spans", segmentName(segment)), 0);
  if ((await newestBatch(dataDir)).sequence >= sequence)
    throw new Error(`segment ${segment} of the span journal did not hold its newest batch`);
  for (const file of await filesBelow(join(dataDir, "journal", "cursors"))) await truncate(file, 0);
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}
