import { readdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { DISK } from "./files.ts";

/** What the disk still takes: everything, records without content, or nothing. */
export type Room = "enough" | "scarce" | "none";

/** Where its two borders lie, as parts of the quota. */
const SCARCE_FROM = 0.8;
const NONE_FROM = 0.95;

const GIB = 1024 ** 3;
const MOST_BYTES = 10 * GIB;
/** Part of the free disk that the journals may take when nothing is set. */
const FREE_PART = 5;

/** How much the journals take, and how much they may. Bytes. */
export interface Usage {
  readonly used: number;
  readonly quota: number;
}

/** Sums the segments below `folder`, those of all lanes. `quota`: what is set; without it the smaller of 10 GiB and a fifth of what is free without them. */
export async function usage(folder: string, quota: number | undefined): Promise<Usage> {
  const used = await folderBytes(folder);
  if (quota !== undefined) return { used, quota };
  await DISK.makeFolder(folder);
  const { bavail, bsize } = await statfs(folder);
  return { used, quota: Math.min(MOST_BYTES, Math.floor((bavail * bsize + used) / FREE_PART)) };
}

export function roomOf({ used, quota }: Usage): Room {
  if (used >= quota * NONE_FROM) return "none";
  return used >= quota * SCARCE_FROM ? "scarce" : "enough";
}

/** Small enough that segments which are done with make room well before the quota is reached. */
export function segmentBytesWithin({ quota }: Usage, wanted: number): number {
  return Math.min(wanted, Math.max(64 * 1024, Math.floor(quota / 16)));
}

/** Of all files below it; 0 when there is no such folder. What vanishes meanwhile counts for nothing. */
export async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    bytes += await stat(join(entry.parentPath, entry.name)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  return bytes;
}
