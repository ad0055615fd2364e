import { createHash } from "node:crypto";

/** Numbers that look random and follow from a seed alone, so that the same seed makes the same reply. */
export interface Random {
  /** An integer from 0 up to, and without, `bound`. */
  below(bound: number): number;
  hex(digits: number): string;
  /** Letters and digits, as in OpenAI's ids. */
  id(prefix: string): string;
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export function randomFrom(seed: string): Random {
  let state = createHash("sha256").update(seed).digest().readUInt32LE();
  // Mulberry32 (public domain, Tommy Ettinger).
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  const text = (alphabet: string, length: number): string => Array.from({ length }, () => alphabet.charAt(below(alphabet.length))).join("");
  return {
    below,
    hex: (digits) => text("0123456789abcdef", digits),
    id: (prefix) => prefix + text(LETTERS, 24),
  };
}
