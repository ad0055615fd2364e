import { readdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { usage } from "../journal/room.ts";

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

/** Of all files below it; 0 when there is no such folder. What vanishes meanwhile counts for nothing. */
export async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    const path = join(folder, entry.name);
    bytes += entry.isDirectory()
      ? await folderBytes(path)
      : await stat(path).then(
          ({ size }) => size,
          () => 0,
        );
  }
  return bytes;
}
