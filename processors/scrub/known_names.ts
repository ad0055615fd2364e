import type { Detector } from "./detector.ts";
import type { Finding } from "./finding.ts";
import { wordHash } from "./names/characters.ts";
import { shippedModel } from "./names/find_names.ts";
import { CALENDAR, COMPANY, lookUp, ORDINARY, PARTICLE, STREET, TITLE } from "./names/lexicon.ts";

/** A word as it stands in a name: a capital first. Bounded, and led by it. */
const WORD = /(?<![\p{L}\p{N}_])\p{Lu}[\p{L}'’-]{1,39}(?![\p{L}\p{N}_])/gu;
/** Shorter ones stand for too much else. */
const SHORTEST = 3;

/**
 * The words of names that were found in one message and may stand alone in another: "Mia" of "Mia Li" in "Thanks, Mia!". A word that is an ordinary one as
 * well, as "Will" and "Mark" are, is none.
 */
export function wordsOf(names: Iterable<string>): ReadonlySet<string> {
  const words = new Set<string>();
  for (const name of names) {
    for (const [word] of name.matchAll(WORD)) if (word.length >= SHORTEST && !isOrdinary(word)) words.add(word);
  }
  return words;
}

const ELSE = CALENDAR | COMPANY | ORDINARY | PARTICLE | STREET | TITLE;

function isOrdinary(word: string): boolean {
  return (lookUp(shippedModel().lexicon, wordHash(word)) & ELSE) !== 0;
}

/** Finds these words, wherever they stand whole and as they were written. */
export function knownNames(words: ReadonlySet<string>): Detector {
  return {
    find(text) {
      const found: Finding[] = [];
      for (const { 0: word, index } of text.matchAll(WORD)) {
        if (words.has(word)) found.push({ start: index, end: index + word.length, type: "PERSON" });
      }
      return found;
    },
  };
}
