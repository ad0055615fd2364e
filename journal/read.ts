import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { open, stat, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { KIND, type JournalRecord, type Sequence } from "./record.ts";
import { scanRecords } from "./scan.ts";
import { KeyMissing, openSeal, type Masters, type Seal, type WrappedKey } from "./seal.ts";
import { decodeHead, listSegments, segmentName } from "./segment.ts";

export interface ReadOptions {
  readonly folder: string;
  /** Records up to and including this one are passed over. */
  readonly after: Sequence;
  /** Name of the segment to begin with, where it is known; else the one that `after` points to. */
  readonly segment?: Sequence;
  /** Keys that segments may be sealed with. */
  readonly masters?: Masters;
  /** Told of each stretch that could not be read; reading goes on behind it. */
  readonly onDamage: (damage: Damage) => void;
  /** Told of numbers that no record has although records behind them are there: what was in them is lost. */
  readonly onMissing?: (missing: Missing) => void;
  /** Numbers up to this one are not missed: their records were done with before. `after` unless it is given. */
  readonly missedAfter?: Sequence;
  /** Segments behind this one are not read. */
  readonly upTo?: Sequence;
}

export interface Damage {
  readonly segment: string;
  readonly offset: number;
  readonly reason: string;
}

/** Records `from` to `to`, both included. */
export interface Missing {
  readonly from: Sequence;
  readonly to: Sequence;
}

/** Follows a journal from a place on, also while it is being written. */
export interface JournalReader extends AsyncDisposable {
  /**
   * The next records in order, about `maxBytes` of them; empty when there is nothing new yet. Rejects when the disk or the keys cannot be
   * read, with `KeyMissing` when the key is not among them: nothing is passed over by that, and the next call tries again.
   */
  read(maxBytes?: number): Promise<JournalRecord[]>;
  /** What `read` held back because its end might still come. For a journal that nobody writes any more. Throws like `read`. */
  end(): JournalRecord[];
  /** First sequence of the segment the last record came from. */
  readonly segment: Sequence | undefined;
  /** Bytes on the disk that no `read` has answered with yet: one that is under way has not. */
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
  /** The first record it was made for; its name may be later. */
  let headFirst: Sequence = 1;
  /** The next segment begins at or before where this one has a gap: its writer appended again what was not safe here. */
  let superseded = false;
  /** Every number up to this one was seen, or reported as missing. */
  let accounted = options.missedAfter ?? options.after;
  /** Where the last `read` ended. */
  let answered: { readonly segment: Sequence | undefined; readonly offset: number } = { segment: undefined, offset: 0 };
  /** Sizes of segments that will not grow any more. */
  const sizes = new Map<Sequence, number>();

  /** The segment to read after the current one, or the first one of all. */
  async function following(): Promise<Sequence | undefined> {
    const { upTo = Infinity } = options;
    const segments = (await listSegments(options.folder)).filter((each) => each <= upTo);
    const current = first;
    if (current !== undefined) return segments.find((each) => each > current);
    if (options.segment !== undefined) return segments.find((each) => each >= (options.segment ?? 0));
    // Of the segments before `after`, only the last one can hold something behind it.
    return segments.findLast((each) => each <= options.after + 1) ?? segments[0];
  }

  async function openSegment(next: Sequence): Promise<void> {
    const opened = await open(join(options.folder, segmentName(next)), "r").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined; // deleted since it was listed: the next one shows what is missing
      throw error;
    });
    const before = file;
    file = opened;
    first = next;
    offset = 0;
    rest = Buffer.alloc(0);
    headRead = false;
    seal = undefined;
    superseded = false;
    await before?.close();
  }

  const damagedAt = (at: number): { segment: string; offset: number } => ({ segment: segmentName(first ?? 0), offset: offset + at });

  /** Gives up on what is left of this segment. */
  function skipSegment(reason: string): void {
    options.onDamage({ ...damagedAt(0), reason });
    leave();
  }

  async function fill(bytes: number): Promise<boolean> {
    if (file === undefined || offset === Infinity) return false;
    const more = Buffer.allocUnsafe(bytes);
    const { bytesRead } = await file.read(more, 0, bytes, offset + rest.length);
    if (bytesRead === 0) return false;
    rest = rest.length === 0 ? more.subarray(0, bytesRead) : Buffer.concat([rest, more.subarray(0, bytesRead)]);
    return true;
  }

  function readHead(final: boolean): void {
    const decoded = orDamage(() => decodeHead(rest, final));
    if (decoded === undefined) return;
    const { head, length, mended } = decoded;
    superseded = isTakenUpAgain(head.first);
    if (superseded) return leave();
    account(head.first, head.first - 1);
    if (head.key && !unseal(head.key, head.first)) return;
    if (mended) options.onDamage({ ...damagedAt(0), reason: "a bit of its head was flipped, and is put right" });
    headFirst = head.first;
    headRead = true;
    rest = rest.subarray(length);
    offset += length;
  }

  /** Whether the segment can be opened. Keys that are not at hand are no damage: they may be, the next time. */
  function unseal(key: WrappedKey, first: Sequence): boolean {
    const { masters = [] } = options;
    const keys = typeof masters === "function" ? masters() : masters;
    seal = orDamage(() => openSeal(keys, key, first));
    return seal !== undefined;
  }

  /** Undefined when it fails: what is left of the segment is given up then. */
  function orDamage<Value>(decode: () => Value): Value | undefined {
    try {
      return decode();
    } catch (error) {
      if (error instanceof KeyMissing) throw error;
      skipSegment((error as Error).message);
      return undefined;
    }
  }

  /** `from` is the number of the next record there is, and all up to `to` are accounted for. */
  function account(from: Sequence, to: Sequence): void {
    if (from > accounted + 1) options.onMissing?.({ from: accounted + 1, to: from - 1 });
    accounted = Math.max(accounted, to);
  }

  /** Takes the whole records off the front of `rest`. `final`: this segment will not grow any more. */
  function take(into: JournalRecord[], final: boolean): void {
    const { records, consumed, damage } = scanRecords(rest, headFirst, final);
    for (const record of records) {
      if (record.kind === KIND.sealed) openGroup(record, into);
      else pass(record, into);
    }
    if (superseded) return leave();
    for (const each of damage) {
      if (each.torn && isLeftForLater()) continue;
      options.onDamage({ ...damagedAt(each.offset), reason: `${each.length} bytes are no record` });
    }
    rest = rest.subarray(consumed);
    offset += consumed;
  }

  /** What is left when another segment has begun behind this one. */
  function endSegment(into: JournalRecord[]): void {
    if (offset === Infinity) return;
    if (!headRead) readHead(true);
    if (headRead) take(into, true);
    else if (offset !== Infinity && isLeftForLater()) leave();
    else if (offset !== Infinity) skipSegment("its head is torn");
  }

  function openGroup({ sequence, payload }: JournalRecord, into: JournalRecord[]): void {
    let group: Buffer;
    try {
      if (seal === undefined) throw new Error("a sealed group in a segment without a key");
      group = seal.open(sequence, payload);
    } catch (error) {
      options.onDamage({ ...damagedAt(0), reason: `the group of record ${sequence} does not open: ${(error as Error).message}` });
      return;
    }
    for (const record of scanRecords(group, sequence, true).records) pass(record, into);
  }

  /** Each sequence number is passed on once, whatever stands in the file. */
  function pass(record: JournalRecord, into: JournalRecord[]): void {
    superseded ||= isTakenUpAgain(record.sequence);
    if (superseded) return;
    account(record.sequence, record.sequence);
    if (record.sequence <= last) return;
    last = record.sequence;
    into.push(record);
  }

  /** Whether there is a gap before `sequence` that a later segment fills, or a part of it. */
  function isTakenUpAgain(sequence: Sequence): boolean {
    return sequence > last + 1 && laterBegin() < sequence;
  }

  /** Whether a later segment goes on where this one ends: what is torn here was never said to be written, or stands there. */
  function isLeftForLater(): boolean {
    return laterBegin() <= last + 1;
  }

  /** Nothing more is wanted of this segment. */
  function leave(): void {
    rest = Buffer.alloc(0);
    offset = Infinity;
  }

  /** The least first record of the segments behind this one: its writer may have begun others before it learned of the failure. */
  function laterBegin(): Sequence {
    const here = segmentName(first ?? 0);
    const later = readdirSync(options.folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".seg") && entry.name > here)
      .map(({ name }) => name);
    return later.reduce((least, name) => Math.min(least, firstOf(name)), Infinity);
  }

  function firstOf(name: string): Sequence {
    const bytes = beginning(join(options.folder, name));
    try {
      return decodeHead(bytes, true)?.head.first ?? Infinity;
    } catch {
      return Infinity; // what is wrong with it is said when it is read
    }
  }

  async function readInto(records: JournalRecord[], maxBytes: number): Promise<void> {
    let taken = 0;
    let next = file === undefined ? await following() : undefined;
    // What is only passed over does not count: an empty answer says that there is nothing more.
    while (taken < maxBytes || records.length === 0) {
      if (await fill(READ_BYTES)) {
        const before = offset;
        if (!headRead) readHead(false);
        if (headRead) take(records, false);
        taken += offset === Infinity ? 0 : offset - before;
        continue;
      }
      if (next !== undefined && rest.length > 0) endSegment(records);
      if (records.length > 0) return; // so that `segment` is the one all of them came from
      if (next !== undefined) {
        await openSegment(next);
        next = undefined;
        continue;
      }
      // The writer may have filled this segment up and begun another since the read above: read once more before leaving it.
      next = await following();
      if (next === undefined) return;
    }
  }

  /** What was not taken is read again the next time; what was taken must be returned, so that then is soon enough to say what failed. */
  function interrupted(error: unknown, records: readonly JournalRecord[]): void {
    rest = Buffer.alloc(0);
    if (records.length === 0) throw error;
  }

  function remember(): void {
    answered = { segment: first, offset };
  }

  return {
    async read(maxBytes = 4 * READ_BYTES) {
      const records: JournalRecord[] = [];
      try {
        await readInto(records, maxBytes);
      } catch (error) {
        interrupted(error, records);
      } finally {
        remember(); // in one step with the answer
      }
      return records;
    },
    end() {
      const records: JournalRecord[] = [];
      try {
        if (rest.length > 0 && offset !== Infinity) endSegment(records);
      } catch (error) {
        interrupted(error, records);
      }
      remember();
      return records;
    },
    get segment() {
      return first;
    },
    async backlogBytes() {
      const segments = await listSegments(options.folder);
      const newest = segments.at(-1);
      let bytes = 0;
      for (const each of segments) {
        const { segment, offset } = answered;
        if (segment !== undefined && each < segment) {
          sizes.delete(each);
          continue;
        }
        const size = sizes.get(each) ?? (await sizeOf(join(options.folder, segmentName(each))));
        if (each !== newest) sizes.set(each, size);
        bytes += each === segment ? Math.max(0, size - offset) : size;
      }
      return bytes;
    },
    async [Symbol.asyncDispose]() {
      await file?.close();
      file = undefined;
    },
  };
}

/** Of a segment: longer than its head. Empty when it was deleted meanwhile. */
function beginning(path: string): Buffer {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
  try {
    const bytes = Buffer.alloc(1024);
    return bytes.subarray(0, readSync(fd, bytes));
  } finally {
    closeSync(fd);
  }
}

async function sizeOf(file: string): Promise<number> {
  return await stat(file).then(
    ({ size }) => size,
    () => 0,
  );
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
