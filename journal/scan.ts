import { KIND, readRecord, RECORD_HEAD, type JournalRecord, type Sequence } from "./record.ts";

/** Bytes between two records that are no record. */
export interface Damage {
  readonly offset: number;
  readonly length: number;
  /** They are the beginning of a record whose writing was cut short. */
  readonly torn?: true;
}

export interface Scanned {
  readonly records: readonly JournalRecord[];
  /** Bytes that are done with; what follows is a record whose end is still to come. */
  readonly consumed: number;
  readonly damage: readonly Damage[];
}

const KINDS: ReadonlySet<number> = new Set(Object.values(KIND));

/** More records than a segment can hold: what claims a place beyond is none of its records. */
const MOST_RECORDS = 2 ** 24;

/**
 * Takes the whole records off the front of `bytes`. Behind a damaged one it goes on with the next that is whole, so that a flipped bit
 * costs one record. `first`: no record here has a smaller sequence. `final`: nothing will be appended any more, so what is not whole now
 * never will be.
 */
export function scanRecords(bytes: Buffer, first: Sequence, final: boolean): Scanned {
  const records: JournalRecord[] = [];
  const damage: Damage[] = [];
  let at = 0;
  while (at < bytes.length) {
    const record = readRecord(bytes, at);
    if (record === undefined && !final) break;
    if (record !== undefined && record !== "damaged") {
      records.push(record);
      at += RECORD_HEAD + record.payload.length;
      continue;
    }
    const next = nextRecord(bytes, at + 1, first);
    if (next === undefined && !final) break;
    const end = next ?? bytes.length;
    // A file system that lost power may leave zeros where the end of a file was to be: that is an end like any other.
    const torn = record === undefined && next === undefined && beginsRecord(bytes, at, first);
    if (next !== undefined || !isZero(bytes.subarray(at))) damage.push({ offset: at, length: end - at, ...(torn && { torn }) });
    at = end;
  }
  return { records, consumed: at, damage };
}

/** Where the next whole record begins, from `at` on. The cheap signs come first: the checksum is worked out for hardly any place. */
function nextRecord(bytes: Buffer, at: number, first: Sequence): number | undefined {
  for (let candidate = at; candidate + RECORD_HEAD <= bytes.length; candidate++) {
    if (!beginsRecord(bytes, candidate, first)) continue;
    const record = readRecord(bytes, candidate);
    if (record !== undefined && record !== "damaged") return candidate;
  }
  return undefined;
}

/** Whether what stands here looks like the head of a record of this segment, or is too short to tell. */
function beginsRecord(bytes: Buffer, at: number, first: Sequence): boolean {
  if (at + RECORD_HEAD > bytes.length) return true;
  if (!KINDS.has(bytes[at + 16] ?? 0)) return false;
  const sequence = bytes.readUInt32LE(at + 8) + bytes.readUInt32LE(at + 12) * 0x1_0000_0000;
  return sequence >= first && sequence <= first + MOST_RECORDS;
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0);
}
