import { crc32 } from "node:zlib";

/**
 * What a record holds. Numbers are part of the format: never reuse one.
 * `sealed` is a write group of other records, encrypted together.
 */
export const KIND = { begin: 1, part: 2, end: 3, otlp: 4, event: 5, batch: 6, letter: 7, sealed: 16 } as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

/** Place of a record in its journal: counts from 1, without gaps as long as nothing was lost. Doubles as the cursor of a consumer. */
export type Sequence = number;

export interface JournalRecord {
  readonly sequence: Sequence;
  readonly kind: number;
  readonly payload: Buffer;
}

/** `u32 payload length | u32 crc32 of the rest | u64 sequence | u8 kind | payload`, little-endian. */
export const RECORD_HEAD = 17;

/** Bytes that `writeRecord` needs for this payload. */
export function recordLength(payload: readonly Buffer[]): number {
  let length = RECORD_HEAD;
  for (const bytes of payload) length += bytes.length;
  return length;
}

/** Writes one record to `target` at `at`, where there is room for it; returns where it ends. */
export function writeRecord(target: Buffer, at: number, sequence: Sequence, kind: Kind, payload: readonly Buffer[]): number {
  let end = at + RECORD_HEAD;
  for (const bytes of payload) {
    target.set(bytes, end);
    end += bytes.length;
  }
  writeHead(target, at, end - at - RECORD_HEAD, sequence, kind);
  target.writeUInt32LE(crc32(target.subarray(at + 8, end)), at + 4);
  return end;
}

/** The head of a record whose payload, of which `payload` are the parts in order, is written behind it. */
export function recordHead(sequence: Sequence, kind: Kind, payload: readonly Buffer[]): Buffer {
  const head = Buffer.allocUnsafe(RECORD_HEAD);
  writeHead(head, 0, recordLength(payload) - RECORD_HEAD, sequence, kind);
  let sum = crc32(head.subarray(8));
  for (const bytes of payload) sum = crc32(bytes, sum);
  head.writeUInt32LE(sum, 4);
  return head;
}

/** All but the checksum. */
function writeHead(target: Buffer, at: number, length: number, sequence: Sequence, kind: Kind): void {
  target.writeUInt32LE(length, at);
  target.writeUInt32LE(sequence % 0x1_0000_0000, at + 8);
  target.writeUInt32LE(Math.floor(sequence / 0x1_0000_0000), at + 12);
  target.writeUInt8(kind, at + 16);
}

/** The record at `at`; `undefined` when the bytes end before it does, `"damaged"` when its checksum does not match. */
export function readRecord(bytes: Buffer, at: number): JournalRecord | undefined | "damaged" {
  if (at + RECORD_HEAD > bytes.length) return undefined;
  const length = bytes.readUInt32LE(at);
  const end = at + RECORD_HEAD + length;
  if (end > bytes.length) return undefined;
  if (crc32(bytes.subarray(at + 8, end)) !== bytes.readUInt32LE(at + 4)) return "damaged";
  return {
    sequence: bytes.readUInt32LE(at + 8) + bytes.readUInt32LE(at + 12) * 0x1_0000_0000,
    kind: bytes.readUInt8(at + 16),
    payload: bytes.subarray(at + RECORD_HEAD, end),
  };
}
