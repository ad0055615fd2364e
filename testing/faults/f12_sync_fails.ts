import { copyFile, mkdtemp, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { DISK, type Files } from "../../journal/files.ts";
import { loadOrCreateKey } from "../../journal/seal.ts";
import { journalEntries, startDataPlane } from "../data_plane.ts";
import { ledgerClient } from "../ledger.ts";
import { scriptedUpstream } from "../scripted_upstream.ts";
import type { Fault, Random } from "./fault.ts";

/** Calls that are made at once. */
const TOGETHER = 8;

export const syncFails: Fault = {
  id: "F12",
  title: "`fdatasync` of the intake fails with EIO, and the disk forgets what it was to make durable",
  holds:
    "the segment is left, what was in it is written again to another, and each `strict` call whose reply was released without a word is durable",
  fast: 10,
  long: 300,
  async run({ count, random, injected, measured }) {
    await using upstream = await scriptedUpstream();
    const disk = forgettingDisk(random);
    await using plane = await startDataPlane({ upstreams: { up: upstream.url }, durability: "strict", files: disk.files });
    using client = ledgerClient(() => plane.url);
    let promised = 0;
    for (let calls = 0; disk.forgotten() < count; calls += TOGETHER) {
      const early = plane.counts.released_before_written;
      const together = await Promise.all(
        Array.from({ length: TOGETHER }, (_, i) => client.call({ id: `f12-${calls + i}`, stream: false, words: 20, everyMs: 0 })),
      );
      const durable = await disk.durable();
      const missing = together.filter(({ exchangeId }) => exchangeId === undefined || !durable.has(exchangeId));
      const excused = plane.counts.released_before_written - early;
      if (missing.length > excused) throw new Error(`${missing.length} replies are not durable, and ${excused} were counted as such`);
      promised += TOGETHER - missing.length;
    }
    injected(disk.forgotten());
    const unfinished = client.ledger.filter(({ ending }) => ending !== "completed");
    if (unfinished.length > 0) throw new Error(`${unfinished.length} calls noticed: ${JSON.stringify(unfinished[0])}`);
    const entries = await plane.ended();
    const recorded = new Set(entries.filter(({ closed }) => closed?.ending === "completed").map(({ opened }) => opened.exchangeId));
    const lost = client.ledger.filter(({ exchangeId }) => exchangeId === undefined || !recorded.has(exchangeId));
    if (lost.length > 0) throw new Error(`${lost.length} of ${client.ledger.length} calls are not in the journal`);
    if (entries.length !== client.ledger.length) throw new Error(`${entries.length} exchanges for ${client.ledger.length} calls`);
    measured("calls", client.ledger.length);
    measured("durable at once", promised);
    measured("lost", lost.length);
  },
};

/** The real disk, but for a sync now and then that fails, whose file then says nothing of what was written to it last. */
function forgettingDisk(random: Random): { readonly files: Files; forgotten(): number; durable(): Promise<ReadonlySet<string>> } {
  let forgotten = 0;
  const syncedBytes = new Map<string, number>();
  return {
    forgotten: () => forgotten,
    /** Exchanges that would be found after a power cut now. */
    async durable() {
      const [path = ""] = syncedBytes.keys();
      const folder = await mkdtemp(join(tmpdir(), "spangate-fault-"));
      for (const [from, bytes] of syncedBytes) {
        await copyFile(from, join(folder, basename(from)));
        await truncate(join(folder, basename(from)), bytes);
      }
      const entries = await journalEntries(folder, [loadOrCreateKey(join(dirname(dirname(path)), "intake.key"))]);
      await rm(folder, { recursive: true });
      return new Set(entries.map(({ opened }) => opened.exchangeId));
    },
    files: {
      ...DISK,
      async create(path) {
        const file = await DISK.create(path);
        let size = 0;
        let synced = 0;
        return {
          ...file,
          async write(buffers) {
            const count = await file.write(buffers);
            size += count;
            return count;
          },
          async datasync() {
            const through = size;
            if (synced > 0 && random.whole(0, 2) === 0) {
              forgotten++;
              await truncate(path, synced);
              throw Object.assign(new Error(`EIO: fdatasync '${path}'`), { code: "EIO" });
            }
            await file.datasync();
            synced = through;
            syncedBytes.set(path, through);
          },
        };
      },
    },
  };
}
