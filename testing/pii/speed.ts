import { readFileSync } from "node:fs";
import type { Finding } from "../../processors/scrub/finding.ts";

export type Detect = (text: string) => readonly Finding[];

const PLAIN: readonly (readonly [Finding["type"], RegExp])[] = [
  ["EMAIL", /[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}/g],
  ["PHONE", /(?:\+?\d{1,3}[-.\s]?)?\(?\d{3}\)?[-.\s]?\d{3}[-.\s]?\d{4}\b/g],
  ["SSN", /\b\d{3}-\d{2}-\d{4}\b/g],
  ["CREDIT_CARD", /\b(?:\d[ -]*?){13,16}\b/g],
  ["IP_ADDRESS", /\b(?:\d{1,3}\.){3}\d{1,3}\b/g],
  ["IBAN", /\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b/g],
  [
    "SECRET",
    /\b(?:sk-[A-Za-z0-9_-]{20,}|ghp_[A-Za-z0-9]{36}|AKIA[0-9A-Z]{16}|xox[baprs]-[A-Za-z0-9-]+|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)/g,
  ],
  ["PRIVATE_KEY", /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g],
  ["SECRET", /https?:\/\/\S+/g],
  ["MAC_ADDRESS", /\b(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}\b/g],
  ["PERSON", /\b(?:Mr|Mrs|Ms|Dr|Prof)\.? [A-Z][a-z]+(?: [A-Z][a-z]+)?/g],
];

/** The eleven patterns that everybody writes first: the measure of speed, since machines differ. */
export function plainPatterns(text: string): readonly Finding[] {
  return PLAIN.flatMap(([type, pattern]) =>
    Array.from(text.matchAll(pattern), ({ index, 0: match }) => ({ start: index, end: index + match.length, type })),
  );
}

/**
 * Megabytes a second of each detector over `texts`: the best of its runs, for what slows a run down is something else on the machine. They
 * run in turn, so that what comes and goes meets them all.
 */
export function throughputs<Name extends string>(
  detectors: Readonly<Record<Name, Detect>>,
  texts: readonly string[],
  runs = 9,
): Record<Name, number> {
  const names = Object.keys(detectors) as Name[];
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const best = Object.fromEntries(names.map((name) => [name, Infinity])) as Record<Name, number>;
  for (let run = 0; run < runs; run++) {
    for (const name of names) {
      const start = performance.now();
      for (const text of texts) detectors[name](text);
      best[name] = Math.min(best[name], performance.now() - start);
    }
  }
  return Object.fromEntries(names.map((name) => [name, bytes / 1e3 / best[name]])) as Record<Name, number>;
}

/** Cuts into documents of this many characters. */
export function documents(text: string, characters = 16_384): readonly string[] {
  return Array.from({ length: Math.ceil(text.length / characters) }, (_, at) => text.slice(at * characters, (at + 1) * characters));
}

/** A stretch of base64 that no cache has seen. */
export function base64(length: number): string {
  const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  let state = 12345;
  let text = "";
  while (text.length < length) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    text += ALPHABET.charAt((state >> 8) % 64);
  }
  return text;
}

/** Inputs made to be slow: one megabyte of each. */
export const HOSTILE: readonly string[] = [
  "a",
  "0",
  "a.",
  "0-",
  "@a",
  " ",
  '"\\"',
  "A1",
  "{",
  "A.",
  "Anna ",
  "12 Main St, ",
  "[PERSON",
  "a'",
];

/** This folder's code, as code. */
export function someCode(): string {
  return readFileSync(new URL("scoring.ts", import.meta.url), "utf8").repeat(12);
}
