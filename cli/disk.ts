import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { folderBytes, usage } from "../journal/room.ts";

/** Room on the disk of the data folder, and who takes it; bytes. */
export type Disk = {
  readonly free: number;
  readonly total: number;
  readonly intake: number;
  readonly spans: number;
  readonly parquet: number;
  readonly dead_letters: number;
  /** What the journals may take together. */
  readonly quota: number;
};

/** Sums are as old as this at most: a folder may hold many files. */
const FRESH_MS = 5000;

/** Asked as often as one likes. `quotaBytes`: what is set. */
export function diskOf(dataDir: string, quotaBytes?: number): () => Promise<Disk> {
  let asked = -Infinity;
  let answer: Promise<Disk> | undefined;
  return () => {
    if (answer === undefined || performance.now() - asked > FRESH_MS) {
      asked = performance.now();
      answer = measure(dataDir, quotaBytes);
    }
    return answer;
  };
}

async function measure(dataDir: string, quotaBytes: number | undefined): Promise<Disk> {
  const disk = await statfs(dataDir);
  const { quota } = await usage(join(dataDir, "journal"), quotaBytes);
  const [intake, spans, parquet, deadLetters] = await Promise.all(
    ["journal/intake", "journal/spans", "parquet", "dead-letters"].map((folder) => folderBytes(join(dataDir, folder))),
  );
  return {
    free: disk.bavail * disk.bsize,
    total: disk.blocks * disk.bsize,
    intake: intake ?? 0,
    spans: spans ?? 0,
    parquet: parquet ?? 0,
    dead_letters: deadLetters ?? 0,
    quota,
  };
}
