import { open, stat, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { KIND, readRecord, RECORD_HEAD, type JournalRecord, type Sequence } from "./record.ts";
import { openSeal, type MasterKey, type Seal } from "./seal.ts";
import { decodeHead, listSegments, segmentName } from "./segment.ts";

export interface ReadOptions {
  readonly folder: string;
  /** Records up to and including this one are passed over. */
  readonly after: Sequence;
  /** Keys that segments may be sealed with. */
  readonly masters?: readonly MasterKey[];
  /** Told of each stretch that could not be read; reading goes on behind it. */
  readonly onDamage: (damage: { readonly segment: string; readonly offset: number; readonly reason: string }) => void;
}

/** Follows a journal from a place on, also while it is being written. */
export interface JournalReader extends AsyncDisposable {
  /** The next records in order, about `maxBytes` of them; empty when there is nothing new yet. */
  read(maxBytes?: number): Promise<JournalRecord[]>;
  /** First sequence of the segment the last record came from. */
  readonly segment: Sequence | undefined;
  /** Bytes on the disk that were not read yet. */
  backlogBytes(): Promise<number>;
}

const READ_BYTES = 1024 * 1024;
/** A segment holds 64 MiB, or one group that is larger; no group comes near this. */
const MAX_RECORD = 1024 * 1024 * 1024;

export function journalReader(options: ReadOptions): JournalReader {
  let first: Sequence | undefined;
  let file: FileHandle | undefined;
  let seal: Seal | undefined;
  /** Where in the file `rest` begins. */
  let offset = 0;
  let rest: Buffer = Buffer.alloc(0);
  let headRead = false;
  let last = options.after;

  /** The segment to read after the current one, or the first one of all. */
  async function following(): Promise<Sequence | undefined> {
    const segments = await listSegments(options.folder);
    const current = first;
    if (current !== undefined) return segments.find((each) => each > current);
    // Of the segments before `after`, only the last one can hold something behind it.
    return segments.findLast((each) => each <= options.after + 1) ?? segments[0];
  }

  async function openSegment(next: Sequence): Promise<void> {
    if (file !== undefined && rest.length > 0) damaged("the record at its end is torn");
    await file?.close();
    file = await open(join(options.folder, segmentName(next)), "r");
    first = next;
    offset = 0;
    rest = Buffer.alloc(0);
    headRead = false;
    seal = undefined;
  }

  function damaged(reason: string): void {
    options.onDamage({ segment: segmentName(first ?? 0), offset, reason });
  }

  /** Gives up on what is left of this segment. */
  function skipSegment(reason: string): void {
    damaged(reason);
    rest = Buffer.alloc(0);
    offset = Infinity;
  }

  async function fill(bytes: number): Promise<boolean> {
    if (file === undefined || offset === Infinity) return false;
    const more = Buffer.allocUnsafe(bytes);
    const { bytesRead } = await file.read(more, 0, bytes, offset + rest.length);
    if (bytesRead === 0) return false;
    rest = rest.length === 0 ? more.subarray(0, bytesRead) : Buffer.concat([rest, more.subarray(0, bytesRead)]);
    return true;
  }

  function readHead(): void {
    try {
      const decoded = decodeHead(rest);
      if (decoded === undefined) return;
      if (decoded.head.key) seal = openSeal(options.masters ?? [], decoded.head.key, decoded.head.first);
      headRead = true;
      rest = rest.subarray(decoded.length);
      offset += decoded.length;
    } catch (error) {
      skipSegment((error as Error).message);
    }
  }

  /** Each sequence number is passed on once, whatever stands in the file. */
  function pass(record: JournalRecord, into: JournalRecord[]): void {
    if (record.sequence <= last) return;
    last = record.sequence;
    into.push(record);
  }

  /** Takes the whole records off the front of `rest`. */
  function take(into: JournalRecord[]): void {
    let at = 0;
    for (;;) {
      const record = readRecord(rest, at);
      if (record === undefined) break;
      if (record === "damaged") {
        rest = rest.subarray(at);
        offset += at;
        return skipSegment("checksum does not match");
      }
      at += RECORD_HEAD + record.payload.length;
      if (record.kind !== KIND.sealed) {
        pass(record, into);
        continue;
      }
      try {
        if (seal === undefined) throw new Error("a sealed group in a segment without a key");
        const group = seal.open(record.sequence, record.payload);
        for (let inner = 0; inner < group.length;) {
          const each = readRecord(group, inner);
          if (each === undefined || each === "damaged") throw new Error("a record inside a sealed group is damaged");
          pass(each, into);
          inner += RECORD_HEAD + each.payload.length;
        }
      } catch (error) {
        damaged((error as Error).message);
      }
    }
    rest = rest.subarray(at);
    offset += at;
  }

  return {
    async read(maxBytes = 4 * READ_BYTES) {
      const records: JournalRecord[] = [];
      let taken = 0;
      let next = file === undefined ? await following() : undefined;
      while (taken < maxBytes) {
        const needed = rest.length >= 4 && headRead ? RECORD_HEAD + rest.readUInt32LE(0) - rest.length : 0;
        if (needed > MAX_RECORD) skipSegment("a record claims to be larger than any can be");
        if (await fill(Math.max(needed, READ_BYTES))) {
          const before = offset;
          if (!headRead) readHead();
          if (headRead) take(records);
          taken += offset === Infinity ? 0 : offset - before;
          continue;
        }
        if (records.length > 0) break; // so that `segment` is the one all of them came from
        if (next !== undefined) {
          await openSegment(next);
          next = undefined;
          continue;
        }
        // The writer may have filled this segment up and begun another since the read above: read once more before leaving it.
        next = await following();
        if (next === undefined) break;
      }
      return records;
    },
    get segment() {
      return first;
    },
    async backlogBytes() {
      let bytes = 0;
      for (const each of await listSegments(options.folder)) {
        if (first !== undefined && each < first) continue;
        const size = await stat(join(options.folder, segmentName(each))).then(
          (found) => found.size,
          () => 0,
        );
        bytes += each === first ? Math.max(0, size - offset) : size;
      }
      return bytes;
    },
    async [Symbol.asyncDispose]() {
      await file?.close();
      file = undefined;
    },
  };
}

/** Deletes the segments that hold nothing from `keep` on; the newest always stays. Returns how many went. */
export async function trim(folder: string, keep: Sequence): Promise<number> {
  const segments = await listSegments(folder);
  let deleted = 0;
  for (let i = 0; i + 1 < segments.length; i++) {
    const [segment, next] = [segments[i], segments[i + 1]];
    if (segment === undefined || next === undefined || next > keep) break;
    await unlink(join(folder, segmentName(segment)));
    deleted++;
  }
  return deleted;
}
