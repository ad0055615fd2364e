import { IDEOGRAPH, kindOf, lowered, UPPER, WORD, UNDERSCORE, LOWER } from "./characters.ts";

/** Seed and step of the rolling hash over the lower-cased characters of a word; the one pass rolls it as it goes. */
export const SEED = 5381;
export function roll(hash: number, code: number): number {
  return (Math.imul(hash, 33) + lowered(code)) | 0;
}

/**
 * Words by hash, and phrases of up to a few words as a tree over them. A word of a text costs one look into an array; two words with
 * the same 32-bit hash would be taken for each other, which at worst makes a label out of an ordinary word.
 */
export class Vocabulary {
  #hashes = new Int32Array(1 << 13);
  #ids = new Int16Array(1 << 13);
  #count = 0;
  /** (node, word) → node; node 0 is the root. */
  readonly #steps = new Map<number, number>();
  readonly #families: number[] = [0];
  readonly #terminal: boolean[] = [false];

  /** Adds the families to what the phrase already means; 0 makes a phrase that only keeps a shorter one from being read. */
  add(phrase: string, families: number): void {
    for (const spelling of new Set([phrase, phrase.normalize("NFD").replace(/\p{M}/gu, "")])) {
      let node = 0;
      for (const word of wordsOf(spelling)) {
        const key = node * 32768 + this.#learn(word);
        let next = this.#steps.get(key);
        if (next === undefined) {
          next = this.#families.push(0) - 1;
          this.#terminal.push(false);
          this.#steps.set(key, next);
        }
        node = next;
      }
      this.#families[node] = (this.#families[node] ?? 0) | families;
      this.#terminal[node] = true;
    }
  }

  /** The word's number, or 0 for one that is in no phrase. */
  lookUp(hash: number): number {
    let slot = (hash ^ (hash >>> 15)) & 8191;
    for (;;) {
      const id = this.#ids[slot] ?? 0;
      if (id === 0 || this.#hashes[slot] === hash) return id;
      slot = (slot + 1) & 8191;
    }
  }

  /** The node after this word, or -1. */
  step(node: number, word: number): number {
    return this.#steps.get(node * 32768 + word) ?? -1;
  }

  /** The families of the phrase that ends here, or -1 when none does. */
  meaning(node: number): number {
    return this.#terminal[node] === true ? (this.#families[node] ?? -1) : -1;
  }

  #learn(word: string): number {
    let hash = SEED;
    for (let index = 0; index < word.length; index++) hash = roll(hash, word.charCodeAt(index));
    const known = this.lookUp(hash);
    if (known !== 0) return known;
    this.#count += 1;
    if (this.#count > 6000) throw new Error("the vocabulary is full: 6000 words");
    let slot = (hash ^ (hash >>> 15)) & 8191;
    while (this.#ids[slot] !== 0) slot = (slot + 1) & 8191;
    this.#ids[slot] = this.#count;
    this.#hashes[slot] = hash;
    return this.#count;
  }
}

/** A phrase cut the way the one pass cuts a text. */
function wordsOf(phrase: string): string[] {
  const words: string[] = [];
  let word = "";
  let before = 0;
  for (let index = 0; index < phrase.length; index++) {
    const kind = kindOf(phrase.charCodeAt(index));
    const cut = (kind & WORD) === 0 || kind === UNDERSCORE || (kind === UPPER && before === LOWER);
    if (cut && word !== "") {
      words.push(word);
      word = "";
    }
    if (kind === IDEOGRAPH) words.push(phrase.charAt(index));
    else if ((kind & WORD) !== 0 && kind !== UNDERSCORE) word += phrase.charAt(index);
    before = kind;
  }
  if (word !== "") words.push(word);
  return words;
}
