import { characters, HASH_STEP, HASH_START } from "./characters.ts";

/** What is known of a word, as bits. A word may be several things: "May" is a first name, a month and an ordinary word. */
export const FIRST_NAME = 1;
export const LAST_NAME = 2;
/** Written in lower case more often than not: an ordinary word of some language. */
export const ORDINARY = 4;
/** Written with a capital more often than not: a name of something, not always of somebody. */
export const PROPER = 8;
export const PLACE = 16;
/** "street", "rue", "calle", "ulica": next to the name of a street. */
export const STREET = 32;
/** "apt", "suite", "box": inside an address, before a number. */
export const UNIT = 64;
/** "mr", "dr", "frau": before a name, no part of it. */
export const TITLE = 128;
/** "inc", "gmbh": ends the name of a company. */
export const COMPANY = 256;
/** Months and days. */
export const CALENDAR = 512;
/** "de", "van", "bin": inside a name, in lower case. */
export const PARTICLE = 1024;
/** A name often comes next, even in lower case: "name", "by", "dear", "signed". */
export const CUE = 2048;
/** What people are: "engineer", "manager", "mother". */
export const ROLE = 4096;
/** Products, tools, protocols, companies: capitalised, and nobody. */
export const THING = 8192;

/** Words by their hash, in an open table: the upper half of a slot is the upper half of the hash, the lower half the flags. 0 is empty. */
export interface Lexicon {
  readonly mask: number;
  readonly slots: Int32Array;
}

/** How full the table may be, at most: it is read for each word, and the smaller it is, the nearer it stays. */
const FULL = 0.7;

export function lexiconOf(hashes: Int32Array, flags: Uint16Array): Lexicon {
  let size = 1024;
  while (size * FULL < hashes.length) size *= 2;
  const lexicon = { mask: size - 1, slots: new Int32Array(size) };
  hashes.forEach((hash, at) => {
    let slot = hash & lexicon.mask;
    while (lexicon.slots[slot] !== 0) slot = (slot + 1) & lexicon.mask;
    lexicon.slots[slot] = (hash & ~0xffff) | (flags[at] ?? 0);
  });
  return lexicon;
}

/** What is known of the word with this hash; 0 when it was never seen. */
export function lookUp({ mask, slots }: Lexicon, hash: number): number {
  let slot = hash & mask;
  for (;;) {
    const held = slots[slot] as number;
    if (held === 0) return 0;
    if (((held ^ hash) & ~0xffff) === 0) return held & 0xffff;
    slot = (slot + 1) & mask;
  }
}

/** Endings are hashed from the back, apart from words. */
const ENDING_START = HASH_START ^ 0x5bd1e995;
export const SHORTEST_ENDING = 3;
export const LONGEST_ENDING = 8;

/** The hash under which "straße" stands as the ending of "Goethestraße". */
export function endingHash(ending: string): number {
  const { folded } = characters();
  let hash = ENDING_START;
  for (let at = ending.length - 1; at >= 0; at--) hash = Math.imul(hash ^ (folded[ending.charCodeAt(at)] ?? 0), HASH_STEP);
  return hash;
}

/** What is known of the endings of `text[start..end)`. */
export function endingFlags(lexicon: Lexicon, folded: Uint16Array, text: string, start: number, end: number): number {
  let hash = ENDING_START;
  let known = 0;
  const last = Math.max(start + 2, end - LONGEST_ENDING);
  for (let at = end - 1; at >= last; at--) {
    hash = Math.imul(hash ^ (folded[text.charCodeAt(at)] ?? 0), HASH_STEP);
    if (end - at >= SHORTEST_ENDING) known |= lookUp(lexicon, hash);
  }
  return known;
}
