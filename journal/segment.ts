import { readdir } from "node:fs/promises";
import { crc32 } from "node:zlib";
import type { Sequence } from "./record.ts";
import type { WrappedKey } from "./seal.ts";

/** Version of the segment format; every version ever written can be read, only this one is written. */
const VERSION = 1;
const MAGIC = Buffer.from("SPANGATE");
const FIXED = MAGIC.length + 2 + 4 + 4;

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

/** The head and where the first record begins; undefined when the bytes end before it does. Throws when this is no segment. */
export function decodeHead(bytes: Buffer): { head: SegmentHead; length: number } | undefined {
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
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names
    .filter((name) => /^\d{16}\.seg$/.test(name))
    .map((name) => Number(name.slice(0, 16)))
    .sort((a, b) => a - b);
}
