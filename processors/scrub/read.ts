import { DIGIT, IDEOGRAPH, kindOf, LOWER, UNDERSCORE, UPPER, WORD } from "./characters.ts";
import { roll, SEED } from "./vocabulary.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** A word of the vocabulary; its fact is the word's number. */
export const KNOWN = 1;
/** A stretch of letters, digits and `_` that has a digit or is long; its fact is the bits of its characters. */
export const RUN = 2;
/** `@` */
export const AT = 3;
/** `://` */
export const SCHEME = 4;
/** `-----` */
export const DASHES = 5;
/** ` -u`, ` -p` or ` -a`: options that name a user, or a password */
export const OPTION = 6;

/** From here on a run is worth a look even without a digit: keys may have none. */
const LONG = 20;
/** A stretch of base64 or hex from this length on is data, not text. */
const OPAQUE = 160;

/** The places of a text that detectors look at, in order of their ends. Reused from text to text. */
export class Marks {
  kinds = new Uint8Array(1024);
  starts = new Int32Array(1024);
  ends = new Int32Array(1024);
  facts = new Int32Array(1024);
  count = 0;
  /** Whether the text has characters that stand for others, see `unmask.ts`. */
  disguised = false;

  put(kind: number, start: number, end: number, fact: number): void {
    const index = this.count++;
    if (index === this.kinds.length) this.#grow();
    this.kinds[index] = kind;
    this.starts[index] = start;
    this.ends[index] = end;
    this.facts[index] = fact;
  }

  #grow(): void {
    const kinds = new Uint8Array(this.kinds.length * 2);
    kinds.set(this.kinds);
    this.kinds = kinds;
    this.starts = grown(this.starts);
    this.ends = grown(this.ends);
    this.facts = grown(this.facts);
  }
}

function grown(numbers: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}

/** Fills the marks in one pass over the characters. Long stretches of base64 or hex, data URIs and the like leave none. */
export function read(text: string, vocabulary: Vocabulary, marks: Marks): void {
  marks.count = 0;
  marks.disguised = false;
  const length = text.length;
  let index = 0;
  while (index < length) {
    const code = text.charCodeAt(index);
    const kind = kindOf(code);
    if (kind === 0) {
      if (code === 64) marks.put(AT, index, index + 1, 0);
      else if (code === 92) index = afterEscape(text, index);
      else if (code === 47) {
        if (text.charCodeAt(index - 1) === 58 && text.charCodeAt(index + 1) === 47) marks.put(SCHEME, index - 1, index + 2, 0);
      } else if (code === 45) {
        if (text.startsWith("-----", index)) {
          marks.put(DASHES, index, index + 5, 0);
          index += 4;
        } else if (text.charCodeAt(index - 1) === 32 && isOption(text.charCodeAt(index + 1))) marks.put(OPTION, index, index + 2, 0);
      } else if (
        (code === 37 && isEscapedAt(text, index)) ||
        (code === 91 && text.charCodeAt(index + 2) === 93 && isDefanged(text, index + 1))
      )
        marks.disguised = true;
      index += 1;
    } else if ((kind & WORD) !== 0) {
      const end = readRun(text, index, vocabulary, marks);
      index = end - index >= LONG ? afterOpaque(text, index, end, marks) : end;
    } else if (kind === IDEOGRAPH) {
      const word = vocabulary.lookUp(roll(SEED, code));
      if (word !== 0) marks.put(KNOWN, index, index + 1, word);
      index += 1;
    } else {
      marks.disguised = true;
      index += 1;
    }
  }
}

function isOption(code: number): boolean {
  return code === 117 || code === 112 || code === 97;
}

/** `%40`, an `@` as URLs write it. */
function isEscapedAt(text: string, index: number): boolean {
  return text.charCodeAt(index + 1) === 52 && text.charCodeAt(index + 2) === 48;
}

/** The dot of `10[.]1[.]2[.]3`, or an `@`, in brackets so that nobody clicks on it. */
function isDefanged(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code === 46 || code === 64;
}

/** `\n`, `\t` and `\r` inside a string that is still escaped end a word: their letter is not part of the next one. */
function afterEscape(text: string, index: number): number {
  const next = text.charCodeAt(index + 1);
  return next === 110 || next === 116 || next === 114 || next === 92 ? index + 1 : index;
}

/**
 * One run: its words by the way, itself at the end. `_` parts words, and so does `aB`, unless what they make together is a word itself:
 * `birthDate` is two, `GitHub` is one.
 */
function readRun(text: string, start: number, vocabulary: Vocabulary, marks: Marks): number {
  const length = text.length;
  let index = start;
  let bits = 0;
  let before = 0;
  let hash = SEED;
  let word = start;
  let spoilt = false; // a word with a digit is in no phrase
  let whole = 0; // the hash over all words since `first`, once there are two
  let first = start;
  let firstMark = marks.count;
  for (; index < length; index++) {
    const code = text.charCodeAt(index);
    const kind = kindOf(code);
    if ((kind & WORD) === 0) break;
    if (kind === UNDERSCORE) {
      if (!spoilt && index > word) known(vocabulary, marks, hash, word, index);
      if (whole !== 0 && !spoilt) joined(vocabulary, marks, whole, first, index, firstMark);
      hash = SEED;
      whole = 0;
      spoilt = false;
      word = index + 1;
      first = word;
      firstMark = marks.count;
    } else {
      if (kind === UPPER && before === LOWER) {
        if (!spoilt && index > word) known(vocabulary, marks, hash, word, index);
        if (whole === 0) whole = hash;
        hash = SEED;
        word = index;
      }
      if (kind === DIGIT) spoilt = true;
      hash = roll(hash, code);
      if (whole !== 0) whole = roll(whole, code);
    }
    bits |= kind;
    before = kind;
    if (index - start === OPAQUE) return opaque(text, start, index, marks);
  }
  if (!spoilt && index > word) known(vocabulary, marks, hash, word, index);
  if (whole !== 0 && !spoilt) joined(vocabulary, marks, whole, first, index, firstMark);
  if ((bits & DIGIT) !== 0 || index - start >= LONG) marks.put(RUN, start, index, bits);
  return index;
}

/** One word in place of those that it was parted into. */
function joined(vocabulary: Vocabulary, marks: Marks, hash: number, start: number, end: number, firstMark: number): void {
  const word = vocabulary.lookUp(hash);
  if (word === 0) return;
  marks.count = firstMark;
  marks.put(KNOWN, start, end, word);
}

function known(vocabulary: Vocabulary, marks: Marks, hash: number, start: number, end: number): void {
  const word = vocabulary.lookUp(hash);
  if (word !== 0) marks.put(KNOWN, start, end, word);
}

/** A run of `OPAQUE` characters: nothing of it is a word; it stays one mark, whose vendor's prefix may be known. */
function opaque(text: string, start: number, from: number, marks: Marks): number {
  let index = from;
  while (index < text.length && isBase64(text.charCodeAt(index))) index += 1;
  while (marks.count > 0 && (marks.starts[marks.count - 1] ?? 0) >= start) marks.count -= 1;
  marks.put(RUN, start, index, LOWER | UPPER | DIGIT);
  return index;
}

/** Where to go on after a long run: behind the data when it is the beginning of some, else behind the run. */
function afterOpaque(text: string, start: number, end: number, marks: Marks): number {
  if (end - start > OPAQUE || !isJoint(text.charCodeAt(end))) return end;
  const limit = Math.min(text.length, start + OPAQUE);
  let index = end;
  while (index < limit && isBase64(text.charCodeAt(index))) index += 1;
  return index === start + OPAQUE ? opaque(text, start, index, marks) : end;
}

function isJoint(code: number): boolean {
  return code === 43 || code === 47;
}

function isBase64(code: number): boolean {
  return code < 128 && BASE64[code] === 1;
}

const BASE64 = new Uint8Array(128);
for (const symbol of "+/=") BASE64[symbol.charCodeAt(0)] = 1;
for (let code = 48; code < 123; code++) if ((kindOf(code) & WORD & ~UNDERSCORE) !== 0) BASE64[code] = 1;
