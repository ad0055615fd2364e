import { stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Sequence } from "../journal/record.ts";
import { listSegments, segmentName } from "../journal/segment.ts";

/** Published batches stay this long, in case their files do not last. */
const KEEP_MS = 10 * 60_000;
const KEEP_BYTES = 512 * 1024 * 1024;
/** Of the quota of all journals: what is published must not keep calls from being recorded. */
const KEEP_PART = 8;
/** Of the disk that is free: where it runs short, what stands there twice goes first. */
const KEEP_SHARE = 1 / 10;

export interface KeepOptions {
  readonly keepMs?: number;
  readonly keepBytes?: number;
}

export const keepWithin = (quota: number): KeepOptions => ({ keepBytes: Math.min(KEEP_BYTES, Math.floor(quota / KEEP_PART)) });

/** The first batch that stays although it is published: of the newest segments those written to lately, within a size. */
export async function keptFrom(folder: string, { keepMs = KEEP_MS, keepBytes = KEEP_BYTES }: KeepOptions = {}): Promise<Sequence> {
  const segments = await listSegments(folder);
  let kept = segments.at(-1) ?? 0;
  if (segments.length < 2) return kept;
  const { bavail, bsize } = await statfs(folder);
  let room = Math.min(keepBytes, bavail * bsize * KEEP_SHARE);
  for (const first of segments.toReversed().slice(1)) {
    const { size, mtimeMs } = await stat(join(folder, segmentName(first)));
    room -= size;
    if (room < 0 || Date.now() - mtimeMs > keepMs) break;
    kept = first;
  }
  return kept;
}
