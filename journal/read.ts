import { open, stat, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { KIND, type JournalRecord, type Sequence } from "./record.ts";
import { scanRecords } from "./scan.ts";
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
  /** What `read` held back because its end might still come. For a journal that nobody writes any more. */
  end(): JournalRecord[];
  /** First sequence of the segment the last record came from. */
  readonly segment: Sequence | undefined;
  /** Bytes on the disk that were not read yet. */
  backlogBytes(): Promise<number>;
}

const READ_BYTES = 1024 * 1024;

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
    await file?.close();
    file = await open(join(options.folder, segmentName(next)), "r");
    first = next;
    offset = 0;
    rest = Buffer.alloc(0);
    headRead = false;
    seal = undefined;
  }

  const damagedAt = (at: number): { segment: string; offset: number } => ({ segment: segmentName(first ?? 0), offset: offset + at });

  /** Gives up on what is left of this segment. */
  function skipSegment(reason: string): void {
    options.onDamage({ ...damagedAt(0), reason });
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

  /** Takes the whole records off the front of `rest`. `final`: this segment will not grow any more. */
  function take(into: JournalRecord[], final: boolean): void {
    const { records, consumed, damage } = scanRecords(rest, first ?? 1, final);
    for (const each of damage) options.onDamage({ ...damagedAt(each.offset), reason: `${each.length} bytes are no record` });
    for (const record of records) {
      if (record.kind === KIND.sealed) openGroup(record, into);
      else pass(record, into);
    }
    rest = rest.subarray(consumed);
    offset += consumed;
  }

  /** What is left when another segment has begun behind this one. */
  function endSegment(into: JournalRecord[]): void {
    if (headRead) take(into, true);
    else skipSegment("its head is torn");
  }

  function openGroup({ sequence, payload }: JournalRecord, into: JournalRecord[]): void {
    try {
      if (seal === undefined) throw new Error("a sealed group in a segment without a key");
      for (const record of scanRecords(seal.open(sequence, payload), sequence, true).records) pass(record, into);
    } catch (error) {
      options.onDamage({ ...damagedAt(0), reason: `the group of record ${sequence} does not open: ${(error as Error).message}` });
    }
  }

  /** Each sequence number is passed on once, whatever stands in the file. */
  function pass(record: JournalRecord, into: JournalRecord[]): void {
    if (record.sequence <= last) return;
    last = record.sequence;
    into.push(record);
  }

  return {
    async read(maxBytes = 4 * READ_BYTES) {
      const records: JournalRecord[] = [];
      let taken = 0;
      let next = file === undefined ? await following() : undefined;
      while (taken < maxBytes) {
        if (await fill(READ_BYTES)) {
          const before = offset;
          if (!headRead) readHead();
          if (headRead) take(records, false);
          taken += offset === Infinity ? 0 : offset - before;
          continue;
        }
        if (next !== undefined && rest.length > 0) endSegment(records);
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
    end() {
      const records: JournalRecord[] = [];
      if (rest.length > 0 && offset !== Infinity) endSegment(records);
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
