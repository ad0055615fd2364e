import { crc32 } from "node:zlib";

/**
 * What a record holds. Numbers are part of the format: never reuse one.
 * `sealed` is a write group of other records, encrypted together.
 */
export const KIND = { begin: 1, part: 2, end: 3, otlp: 4, event: 5, batch: 6, sealed: 16 } as const;
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

/** One record as buffers to be written one after another; `payload` is not copied. */
export function frameRecord(sequence: Sequence, kind: Kind, payload: readonly Buffer[]): Buffer[] {
  const head = Buffer.allocUnsafe(RECORD_HEAD);
  let length = 0;
  for (const bytes of payload) length += bytes.length;
  head.writeUInt32LE(length, 0);
  head.writeUInt32LE(sequence % 0x1_0000_0000, 8);
  head.writeUInt32LE(Math.floor(sequence / 0x1_0000_0000), 12);
  head.writeUInt8(kind, 16);
  let sum = crc32(head.subarray(8));
  for (const bytes of payload) sum = crc32(bytes, sum);
  head.writeUInt32LE(sum, 4);
  return [head, ...payload];
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
