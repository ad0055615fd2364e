import { createHmac } from "node:crypto";

/** RFC 4648's base32 in lower case: five bits a character. */
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";
/** 50 bits: a million values of one kind meet with a chance of 1 in 2,000. */
const LENGTH = 10;

/**
 * Names for values that must not be told: the same value has the same name within a tenant and kind, an unrelated one in another, and nobody
 * can find the value from the name by trying them all without the key.
 */
export function pseudonyms(key: Uint8Array): (tenant: string, kind: string, value: string) => string {
  const keys = new Map<string, Buffer>();
  return (tenant, kind, value) => {
    const scope = `${kind}/${tenant}`; // a kind has no slash in it
    let scoped = keys.get(scope);
    if (scoped === undefined) keys.set(scope, (scoped = createHmac("sha256", key).update(scope).digest()));
    const digest = createHmac("sha256", scoped).update(value).digest();
    let name = "";
    for (let i = 0; i < LENGTH; i++) name += BASE32.charAt(fiveBits(digest, i * 5));
    return name;
  };
}

function fiveBits(bytes: Buffer, at: number): number {
  return (bytes.readUInt16BE(at >> 3) >> (11 - (at & 7))) & 31;
}
