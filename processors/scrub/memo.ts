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

  /** What a text is known by; all that decides what becomes of it beside the text is its scope. */
  nameOf(scope: string, text: string): string {
    return hash("sha256", `${this.#key}${scope}\0${text}`, "base64");
  }

  /** A value that was not scanned is asked for again. `bytes` is about what it takes in memory. */
  get(name: string, bytes: number, scrub: () => Scrubbed<Value>): Scrubbed<Value> {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const scrubbed = scrub();
    if (!scrubbed.counts.has("UNSCANNED")) this.#known.set(name, scrubbed, { size: bytes + OF_ENTRY });
    return scrubbed;
  }
}

/** What an entry takes by itself. */
const OF_ENTRY = 512;
