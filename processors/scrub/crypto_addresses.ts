import { FAMILY } from "./families.ts";
import { createHash } from "node:crypto";
import { kindAt, WORD } from "./characters.ts";
import type { Sweep } from "./sweep.ts";

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const RIPPLE = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz";

/** An address of a chain that the run from `start` to `end` is; its checksum says so, or a label where the chain has none. */
export function cryptoAddress(sweep: Sweep, start: number, end: number): boolean {
  const { text } = sweep;
  const length = end - start;
  if (length < 25 || length > 110 || (kindAt(text, start - 1) & WORD) !== 0) return false;
  const value = text.slice(start, end);
  if (!isAddress(value, sweep.near(FAMILY.crypto, start, 64))) return false;
  sweep.take("CRYPTO_ADDRESS", start, end, 0.9);
  return true;
}

function isAddress(value: string, labelled: boolean): boolean {
  if (value.startsWith("0x"))
    return (/^0x[0-9a-fA-F]{40}$/.test(value) || (labelled && /^0x[0-9a-fA-F]{36,44}$/.test(value))) && !/^0x(.)\1{39}$/.test(value);
  if (/^(?:bc1|tb1|ltc1|addr1|cosmos1|osmo1|bech1|terra1|inj1|bnb1|stake1)[02-9ac-hj-np-z]{20,100}$/i.test(value))
    return isBech32(value.toLowerCase());
  if (value.length <= 36 && /^[13LMDTXt29A]/.test(value) && isBase58Check(value, BASE58)) return true;
  if (value.startsWith("r") && value.length <= 36 && isBase58Check(value, RIPPLE)) return true;
  if (/^[48][1-9A-HJ-NP-Za-km-z]{94}$/.test(value)) return true;
  if (/^G[A-Z2-7]{55}$/.test(value)) return labelled;
  return labelled && /^[1-9A-HJ-NP-Za-km-z]{26,48}$/.test(value) && /\d/.test(value) && /[a-z]/.test(value) && /[A-Z]/.test(value);
}

/** Bech32 and bech32m: a polynomial over the letters of the prefix and the data. */
function isBech32(value: string): boolean {
  const split = value.lastIndexOf("1");
  const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  let check = 1;
  const feed = (number: number): void => {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ number;
    for (const [bit, generator] of generators.entries()) if (((top >>> bit) & 1) === 1) check ^= generator;
  };
  for (let index = 0; index < split; index++) feed(value.charCodeAt(index) >> 5);
  feed(0);
  for (let index = 0; index < split; index++) feed(value.charCodeAt(index) & 31);
  for (let index = split + 1; index < value.length; index++) feed("qpzry9x8gf2tvdw0s3jn54khce6mua7l".indexOf(value.charAt(index)));
  return check === 1 || check === 0x2bc830a3;
}

function isBase58Check(value: string, alphabet: string): boolean {
  let number = 0n;
  for (const symbol of value) {
    const digit = alphabet.indexOf(symbol);
    if (digit < 0) return false;
    number = number * 58n + BigInt(digit);
  }
  const hex = number.toString(16);
  if (hex.length > 50) return false;
  const bytes = Buffer.from(hex.padStart(50, "0"), "hex");
  const once = createHash("sha256").update(bytes.subarray(0, 21)).digest();
  return createHash("sha256").update(once).digest().subarray(0, 4).equals(bytes.subarray(21));
}
