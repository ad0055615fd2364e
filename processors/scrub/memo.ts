import { hash, randomBytes } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Scrubbed } from "./scan.ts";

/**
 * Remembers what was scrubbed before: an agent sends its whole history with each call. Knows what it has seen only by a hash under a key
 * that is drawn anew with each start and never leaves the memory, so that nobody can ask it for a text.
 */
export class Memo<Value> {
  readonly #key = randomBytes(32).toString("base64");
  readonly #known: LRUCache<string, Scrubbed<Value>>;

  constructor(maxBytes: number) {
    this.#known = new LRUCache({ maxSize: maxBytes });
  }

  /** `text` and `scope` together decide what `scrub` answers; a value that was not scanned is asked for again. */
  get(scope: string, text: string, scrub: () => Scrubbed<Value>): Scrubbed<Value> {
    const name = hash("sha256", `${this.#key}${scope}\0${text}`, "base64");
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const scrubbed = scrub();
    // Two bytes a character at most; the rest is what an entry takes by itself.
    if (!scrubbed.counts.has("UNSCANNED")) this.#known.set(name, scrubbed, { size: text.length * 2 + 512 });
    return scrubbed;
  }
}
