import { createHmac } from "node:crypto";

/**
 * Hashes that stand for values which must not be told: the same value has the same one within a tenant and purpose, an unrelated one in another,
 * and without the key nobody finds the value by trying them all.
 */
export function keyedHashes(key: Uint8Array): (tenant: string, purpose: string, value: string) => Buffer {
  const keys = new Map<string, Buffer>();
  return (tenant, purpose, value) => {
    const scope = JSON.stringify([purpose, tenant]);
    let scoped = keys.get(scope);
    if (scoped === undefined) keys.set(scope, (scoped = createHmac("sha256", key).update(scope).digest()));
    return createHmac("sha256", scoped).update(value).digest();
  };
}

/** RFC 4648's base32 in lower case: five bits a character. */
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
/** 50 bits: among a million values of one kind, two meet with a chance of 1 in 2,000. */
const LENGTH = 10;

/** A hash as a word of ten letters and digits. */
export function asWord(hash: Buffer): string {
  let word = "";
  for (let i = 0; i < LENGTH; i++) word += BASE32.charAt(fiveBits(hash, i * 5));
  return word;
}

function fiveBits(bytes: Buffer, at: number): number {
  return (bytes.readUInt16BE(at >> 3) >> (11 - (at & 7))) & 31;
}
