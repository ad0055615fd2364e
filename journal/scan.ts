import { KIND, readRecord, RECORD_HEAD, type JournalRecord, type Sequence } from "./record.ts";

/** Bytes between two records that are no record. */
export interface Damage {
  readonly offset: number;
  readonly length: number;
}

export interface Scanned {
  readonly records: readonly JournalRecord[];
  /** Bytes that are done with; what follows is a record whose end is still to come. */
  readonly consumed: number;
  readonly damage: readonly Damage[];
}

const KINDS: ReadonlySet<number> = new Set(Object.values(KIND));

/**
 * Takes the whole records off the front of `bytes`. Behind a damaged one it goes on with the next that is whole, so that a flipped bit
 * costs one record. `final`: nothing will be appended any more, so what is not whole now never will be.
 */
export function scanRecords(bytes: Buffer, after: Sequence, final: boolean): Scanned {
  const records: JournalRecord[] = [];
  const damage: Damage[] = [];
  let last = after;
  let at = 0;
  while (at < bytes.length) {
    const record = readRecord(bytes, at);
    if (record === undefined && !final) break;
    if (record !== undefined && record !== "damaged") {
      // A sequence number that stands twice is passed on once.
      if (record.sequence > last) records.push(record);
      last = Math.max(last, record.sequence);
      at += RECORD_HEAD + record.payload.length;
      continue;
    }
    const next = nextRecord(bytes, at);
    if (next === undefined && !final) break;
    const end = next ?? bytes.length;
    // A file system that lost power may leave zeros where the end of a file was to be: that is an end like any other.
    if (next !== undefined || !isZero(bytes.subarray(at))) damage.push({ offset: at, length: end - at });
    at = end;
  }
  return { records, consumed: at, damage };
}

/** Where the next whole record begins behind the damaged one at `at`. */
function nextRecord(bytes: Buffer, at: number): number | undefined {
  if (at + RECORD_HEAD <= bytes.length) {
    const behind = at + RECORD_HEAD + bytes.readUInt32LE(at);
    if (isRecord(bytes, behind)) return behind; // its length was not what was damaged
  }
  for (let candidate = at + 1; candidate + RECORD_HEAD <= bytes.length; candidate++) if (isRecord(bytes, candidate)) return candidate;
  return undefined;
}

function isRecord(bytes: Buffer, at: number): boolean {
  if (at + RECORD_HEAD > bytes.length || !KINDS.has(bytes[at + 16] ?? 0)) return false;
  const record = readRecord(bytes, at);
  return record !== undefined && record !== "damaged";
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}
