import { readdir } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { Sequence } from "./record.ts";
import type { WrappedKey } from "./seal.ts";

/** Version of the segment format; every version ever written can be read, only this one is written. */
const VERSION = 1;
const MAGIC = Buffer.from("SPANGATE");
const VERSION_AT = MAGIC.length;
const FIXED = VERSION_AT + 2 + 4 + 4;
/** Heads are some 250 bytes; what is longer is none of ours, and not worth mending. */
const LONGEST_HEAD = 1024;

/** What stands at the beginning of a segment, before its first record. */
export interface SegmentHead {
  readonly first: Sequence;
  readonly createdAt: string;
  /** Present when its records are sealed. */
  readonly key?: WrappedKey;
}

/** `SPANGATE | u16 version | u32 length | u32 crc32 | head, JSON` */
export function encodeHead(head: SegmentHead): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  const bytes = Buffer.alloc(FIXED + json.length);
  MAGIC.copy(bytes);
  bytes.writeUInt16LE(VERSION, 8);
  bytes.writeUInt32LE(json.length, 10);
  bytes.writeUInt32LE(crc32(json), 14);
  json.copy(bytes, FIXED);
  return bytes;
}

export interface DecodedHead {
  readonly head: SegmentHead;
  /** Where the first record begins. */
  readonly length: number;
  /** A flipped bit was put right. */
  readonly mended?: true;
}

/**
 * The head at the beginning of `bytes`; undefined when they end before it does. Without its head a sealed segment is lost as a whole, so one
 * flipped bit in it is put right. `final`: no bytes will come behind these. Throws when this is no segment.
 */
export function decodeHead(bytes: Buffer, final = false): DecodedHead | undefined {
  try {
    const decoded = decode(bytes);
    return decoded ?? (final ? mend(bytes) : undefined);
  } catch (error) {
    const mended = mend(bytes);
    if (mended === undefined) throw error;
    return mended;
  }
}

/** Tries every single bit: the checksum tells the right one, for it finds all errors of up to three bits in texts this short. */
function mend(bytes: Buffer): DecodedHead | undefined {
  const draft = Buffer.from(bytes.subarray(0, LONGEST_HEAD));
  for (let bit = 0; bit < draft.length * 8; bit++) {
    const at = bit >> 3;
    if (at === VERSION_AT || at === VERSION_AT + 1) continue; // the checksum does not cover it: another version must not be taken for this one
    draft[at] = (draft[at] ?? 0) ^ (1 << (bit & 7));
    try {
      const decoded = decode(draft);
      if (decoded !== undefined && decoded.length > at) return { ...decoded, mended: true };
    } catch {
      // Not this bit.
    }
    draft[at] = (draft[at] ?? 0) ^ (1 << (bit & 7));
  }
  return undefined;
}

function decode(bytes: Buffer): DecodedHead | undefined {
  if (bytes.length < FIXED) return undefined;
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error("not a journal segment: it does not begin with SPANGATE");
  const version = bytes.readUInt16LE(8);
  if (version > VERSION) throw new Error(`written by a newer Spangate: segment format ${version}, this one reads up to ${VERSION}`);
  const end = FIXED + bytes.readUInt32LE(10);
  if (bytes.length < end) return undefined;
  const json = bytes.subarray(FIXED, end);
  if (crc32(json) !== bytes.readUInt32LE(14)) throw new Error("its head is damaged: checksum does not match");
  return { head: JSON.parse(json.toString()) as SegmentHead, length: end };
}

export function segmentName(first: Sequence): string {
  return `${String(first).padStart(16, "0")}.seg`;
}

/** First sequence numbers of the segments in a folder, ascending; empty when there is no such folder. */
export async function listSegments(folder: string): Promise<Sequence[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isFile() && /^\d{16}\.seg$/.test(entry.name))
    .map(({ name }) => Number(name.slice(0, 16)))
    .sort((a, b) => a - b);
}
