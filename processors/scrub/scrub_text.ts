import { randomBytes } from "node:crypto";
import { asWord, keyedHashes } from "../keyed_hash.ts";
import { detector } from "./detector.ts";
import { operate } from "./operate.ts";
import { ofDetector, type ScrubOptions } from "./options.ts";
import { scan } from "./scan.ts";
import { walk } from "./walk.ts";

/** A text as it would be stored; JSON in it stays JSON. Pseudonyms are drawn under a key of this call alone. */
export function scrubText(text: string, options: ScrubOptions): string {
  const hash = keyedHashes(randomBytes(32));
  const hand = {
    detector: detector(ofDetector(options)),
    operate: operate(options, (type, canonical) => asWord(hash("", type, canonical))),
  };
  return scan(text, hand, walk, () => false).value as string;
}
