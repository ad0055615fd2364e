import { randomBytes } from "node:crypto";
import { asWord, keyedHashes } from "../keyed_hash.ts";
import { detector } from "./detector.ts";
import { knownNames, wordsOf } from "./known_names.ts";
import { operate } from "./operate.ts";
import { ofDetector, scrubOptions, type ScrubOptions } from "./options.ts";
import { scan } from "./scan.ts";
import { walk } from "./walk.ts";

/** A text after scrubbing, and how much was found in it. */
export interface ScrubbedText {
  readonly text: string;
  readonly found: number;
}

/**
 * A text as it would be stored; JSON in it stays JSON. Pseudonyms are drawn under a key of this call alone. Throws `ZodError` for options that
 * are none.
 */
export function scrubText(text: string, options: Partial<ScrubOptions> = {}): ScrubbedText {
  const parsed = scrubOptions.parse({ ...options, use: "scrub" });
  const hash = keyedHashes(randomBytes(32));
  const hand = { operate: operate(parsed, (type, canonical) => asWord(hash("", type, canonical))) };
  const once = scan(text, { ...hand, detector: detector(ofDetector(parsed)) }, walk, never);
  const again = scan(once.value as string, { ...hand, detector: knownNames(wordsOf(once.people)) }, walk, never);
  return { text: again.value as string, found: sum(once.counts) + sum(again.counts) };
}

const never = (): boolean => false;

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}
