import type { AppendFile } from "./files.ts";
import type { Group } from "./group.ts";
import { KIND, recordHead, type Sequence } from "./record.ts";
import { newSeal, type MasterKey, type Seal } from "./seal.ts";
import { encodeHead } from "./segment.ts";

/** A segment that is being written. */
export interface SegmentFile {
  readonly openedAt: number;
  /** Bytes. */
  readonly size: number;
  readonly records: number;
  /** Nothing may be written behind what stands there: a write or its `fdatasync` failed. */
  readonly broken: boolean;
  /** Its `fdatasync` failed: what of it the disk has is uncertain. */
  readonly uncertain: boolean;
  /** Records in it that are neither durable nor in memory any more. */
  letGo: number;
  /** Resolves with the group as it was sealed; undefined when it stands there as it is. Half a group may stand at the end when it rejects. */
  write(group: Group): Promise<readonly Buffer[] | undefined>;
  /** The records that `write` sealed. */
  unseal(first: Sequence, sealed: readonly Buffer[]): Buffer;
  /** Makes it durable; resolves with whether there was something. Once that failed it means nothing any more, and is not done again. */
  datasync(): Promise<boolean>;
  /** Something failed: it is left behind. */
  giveUp(): void;
  close(): Promise<void>;
}

/** Begins a segment in a new file. `first`: the first record it will hold; `master` encrypts each write group. */
export async function beginSegment(file: AppendFile, first: Sequence, master: MasterKey | undefined): Promise<SegmentFile> {
  const sealed = master && newSeal(master, first);
  const head = encodeHead({ first, createdAt: new Date().toISOString(), ...(sealed && { key: sealed.key }) });
  await writeAll(file, [head]);
  return segmentFile(file, sealed?.seal, head.length);
}

/** Stands in for a segment that could not be opened. */
export function noSegment(): SegmentFile {
  const segment = segmentFile(NO_FILE, undefined, 0);
  segment.giveUp();
  return segment;
}

const NO_FILE: AppendFile = {
  write: () => Promise.reject(new Error("there is no segment")),
  datasync: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

function segmentFile(file: AppendFile, seal: Seal | undefined, headBytes: number): SegmentFile {
  const openedAt = performance.now();
  let size = headBytes;
  let records = 0;
  let dirty = headBytes > 0;
  let broken = false;
  let uncertain = false;
  const segment: SegmentFile = {
    openedAt,
    letGo: 0,
    get size() {
      return size;
    },
    get records() {
      return records;
    },
    get broken() {
      return broken;
    },
    get uncertain() {
      return uncertain;
    },
    async write({ first, count, buffer, bytes }) {
      const group = buffer.subarray(0, bytes);
      const sealed = seal?.seal(first, group);
      size += await writeAll(file, sealed === undefined ? [group] : [recordHead(first, KIND.sealed, sealed), ...sealed]);
      records += count;
      dirty = true;
      return sealed;
    },
    unseal(first, sealed) {
      if (seal === undefined) throw new Error("this segment is not sealed");
      return seal.open(first, Buffer.concat(sealed));
    },
    async datasync() {
      if (!dirty || uncertain) return false;
      dirty = false;
      const { letGo } = segment;
      try {
        await file.datasync();
        segment.letGo -= letGo;
        return true;
      } catch (error) {
        broken = uncertain = true;
        throw error;
      }
    },
    giveUp() {
      broken = true;
    },
    close: () => file.close(),
  };
  return segment;
}

/** One write, or as many as the file takes to swallow it all. */
async function writeAll(file: AppendFile, buffers: readonly Buffer[]): Promise<number> {
  let total = 0;
  for (let rest = buffers; rest.length > 0;) {
    const count = await file.write(rest);
    if (count <= 0) throw new Error("the file takes no more bytes");
    total += count;
    rest = withoutFirst(rest, count);
  }
  return total;
}

function withoutFirst(buffers: readonly Buffer[], count: number): readonly Buffer[] {
  const rest: Buffer[] = [];
  for (const bytes of buffers) {
    if (count < bytes.length) rest.push(bytes.subarray(count));
    count = Math.max(0, count - bytes.length);
  }
  return rest;
}
