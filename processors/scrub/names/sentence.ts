import { characters, HASH_START, HASH_STEP, JOINER } from "./characters.ts";
import type { Lexicon } from "./lexicon.ts";
import {
  CALENDAR,
  CUE,
  endingFlags,
  FIRST_NAME,
  LAST_NAME,
  lookUp,
  ORDINARY,
  PARTICLE,
  ROLE,
  STREET,
  THING,
  TITLE,
  UNIT,
} from "./lexicon.ts";
import { ADDRESS_BEGINS, ADDRESS_GOES_ON, NAME_BEGINS, NAME_GOES_ON } from "./model.ts";
import type { Tokens } from "./tokens.ts";
import {
  ALPHANUMERIC,
  BLANK,
  CAPITALISED,
  CAPITALS,
  CODE,
  COMMA,
  DASH,
  GLUED,
  INITIAL,
  LINE,
  LOWERCASE,
  MARGIN,
  MIXED,
  NUMBER,
  STOP,
  tokenize,
  tokensFor,
  UNCASED,
} from "./tokens.ts";

/** One text, read: its tokens, what is known of each, and the tags given so far. */
export interface Sentence {
  text: string;
  readonly tokens: Tokens;
  /** What the lexicon says of the token. */
  flags: Uint16Array;
  /** 1 where an address may be near. */
  zone: Uint8Array;
  tags: Uint8Array;
  /** The hash of the first word on the token's line: "Cc" before each of its names. */
  heads: Int32Array;
  /** 1 where the token is still to be tagged. */
  open: Uint8Array;
}

export function emptySentence(capacity = 4096): Sentence {
  return {
    text: "",
    tokens: tokensFor(capacity),
    flags: new Uint16Array(capacity),
    zone: new Uint8Array(capacity),
    tags: new Uint8Array(capacity),
    heads: new Int32Array(capacity),
    open: new Uint8Array(capacity),
  };
}

/** Reads a text into `sentence`, which holds one text at a time. */
export function readSentence(text: string, skip: Int32Array, lexicon: Lexicon, sentence: Sentence): void {
  sentence.text = text;
  const { tokens } = sentence;
  tokenize(text, skip, tokens);
  const rows = tokens.start.length;
  if (sentence.flags.length < rows) {
    sentence.flags = new Uint16Array(rows);
    sentence.zone = new Uint8Array(rows);
    sentence.tags = new Uint8Array(rows);
    sentence.heads = new Int32Array(rows);
    sentence.open = new Uint8Array(rows);
  } else {
    const used = tokens.end + MARGIN;
    sentence.flags.fill(0, 0, used);
    sentence.zone.fill(0, 0, used);
    sentence.tags.fill(0, 0, used);
  }
  sentence.open.fill(1, 0, tokens.end);
  if (describeWords(sentence, lexicon)) findZones(sentence);
}

/** The flags of the parts of a joined word: "Hood-Ramirez" is what "Hood" and "Ramirez" are, "post-run" as ordinary as "run". */
function partFlags(lexicon: Lexicon, text: string, start: number, stop: number): number {
  const { classes, folded } = characters();
  let known = 0;
  let hash = HASH_START;
  for (let at = start; at < stop; at++) {
    const code = text.charCodeAt(at);
    if (classes[code] === JOINER) {
      known |= lookUp(lexicon, hash);
      hash = HASH_START;
    } else hash = Math.imul(hash ^ (code < 0x2000 ? (folded[code] as number) : code), HASH_STEP);
  }
  const last = lookUp(lexicon, hash);
  return ((known | last) & (FIRST_NAME | LAST_NAME | STREET)) | (last & ORDINARY);
}

const LONG_ENOUGH_FOR_AN_ENDING = 6;

/** The street of an address stands beside a number. */
function besideNumber(shape: Uint8Array, row: number): boolean {
  return isNumber(shape[row - 1] as number) || isNumber(shape[row + 1] as number);
}

/** Looks every word up; says whether anything hints at an address. */
function describeWords({ text, tokens, flags, heads }: Sentence, lexicon: Lexicon): boolean {
  const { folded } = characters();
  const { start, stop, shape, hash, lastPart, gapKind, end } = tokens;
  let hinted = false;
  let head = 0;
  for (let row = MARGIN; row < end; row++) {
    const form = shape[row] as number;
    if (gapKind[row] === LINE) head = hash[row] as number;
    heads[row] = head;
    if (form === NUMBER || form === ALPHANUMERIC) hinted = true;
    if (form > MIXED && form !== UNCASED) continue;
    let known = lookUp(lexicon, hash[row] as number);
    const from = start[row] as number;
    if ((lastPart[row] as number) > from) known |= partFlags(lexicon, text, from, stop[row] as number);
    if (
      form === CAPITALISED &&
      (known & ~(FIRST_NAME | LAST_NAME)) === 0 &&
      besideNumber(shape, row) &&
      (stop[row] as number) - from >= LONG_ENOUGH_FOR_AN_ENDING
    ) {
      known |= endingFlags(lexicon, folded, text, from, stop[row] as number) & STREET;
    }
    if ((known & (STREET | UNIT)) !== 0) hinted = true;
    flags[row] = known;
  }
  return hinted;
}

/** How far around a hint an address may reach, in tokens. */
const BEFORE_HINT = 4;
const AFTER_HINT = 7;
const BEFORE_NUMBER = 3;
const AFTER_NUMBER = 6;

/** Marks where an address may be: around street words, units with a number, and numbers beside capitalised words. */
export function findZones({ tokens, flags, zone }: Sentence): void {
  const { shape, start, stop, gapKind, end } = tokens;
  for (let row = MARGIN; row < end; row++) {
    const form = shape[row] as number;
    const known = flags[row] as number;
    const length = (stop[row] as number) - (start[row] as number);
    let hint = false;
    if (form === NUMBER || form === ALPHANUMERIC) {
      hint =
        length <= 7 &&
        (isCapital(shape[row + 1] as number) || isCapital(shape[row - 1] as number) || ((flags[row - 1] as number) & UNIT) !== 0);
    } else if ((known & STREET) !== 0) {
      hint =
        form === CAPITALISED ||
        form === CAPITALS ||
        isNumber(shape[row - 1] as number) ||
        isNumber(shape[row - 2] as number) ||
        isNumber(shape[row + 1] as number) ||
        isNumber(shape[row + 2] as number);
    } else if (form === CAPITALS) hint = length === 2 && isNumber(shape[row + 1] as number) && gapKind[row + 1] === BLANK;
    if (!hint) continue;
    const number = isNumber(form);
    const last = Math.min(end, row + (number ? AFTER_NUMBER : AFTER_HINT));
    for (let near = Math.max(MARGIN, row - (number ? BEFORE_NUMBER : BEFORE_HINT)); near < last; near++) zone[near] = 1;
  }
}

function isCapital(form: number): boolean {
  return form === CAPITALISED || form === CAPITALS || form === MIXED;
}

function isNumber(form: number): boolean {
  return form === NUMBER || form === ALPHANUMERIC;
}

/** What a token may be part of, as bits. */
export const MAYBE_NAME = 1;
export const MAYBE_ADDRESS = 2;

/** What is worth asking about a token; 0 when nothing is. Needs the tags of the tokens before it. */
export function candidacy(sentence: Sentence, row: number): number {
  const form = sentence.tokens.shape[row] as number;
  if (form === CODE || form > UNCASED) return 0;
  return (isMaybeName(sentence, row, form) ? MAYBE_NAME : 0) | (isMaybeAddress(sentence, row, form) ? MAYBE_ADDRESS : 0);
}

/** Addresses begin with a number, a capital or a street word, and go on with anything. */
function isMaybeAddress({ zone, flags, tags }: Sentence, row: number, form: number): boolean {
  if (zone[row] === 0) return false;
  return form !== LOWERCASE || isAddressTag(tags[row - 1] as number) || ((flags[row] as number) & (STREET | UNIT)) !== 0;
}

function isMaybeName({ tokens, flags, tags }: Sentence, row: number, form: number): boolean {
  const known = flags[row] as number;
  const next = tokens.shape[row + 1] as number;
  const inName = isNameTag(tags[row - 1] as number);
  const cued = ((flags[row - 1] as number) & (CUE | TITLE)) !== 0;
  if (form === CAPITALISED) {
    // The first word of a sentence, mostly.
    const plain = known === ORDINARY && !inName && !cued && next === LOWERCASE && tokens.gapKind[row + 1] === BLANK;
    return !plain;
  }
  const listed = (known & (FIRST_NAME | LAST_NAME)) !== 0;
  if (form === CAPITALS) return inName || listed || (known & THING) === 0;
  if (form === INITIAL) return inName || isCapital(next) || (tokens.gapKind[row + 1] === STOP && !isSpelled(tokens.shape, row));
  if (form === MIXED || form === UNCASED) return listed || inName;
  if (form !== LOWERCASE) return false;
  if ((known & PARTICLE) !== 0) return inName || isCapital(next) || ((flags[row + 1] as number) & PARTICLE) !== 0;
  return (known & (ORDINARY | STREET | UNIT | ROLE | CALENDAR)) === 0 && (inName || listed || cued);
}

/** One of four letters in a row: "U.S.S.R.". */
function isSpelled(shape: Uint8Array, row: number): boolean {
  return shape[row - 2] === INITIAL && shape[row - 1] === INITIAL && shape[row + 1] === INITIAL;
}

/** Abbreviations are no longer than this: "Str.", "Apt.", "Blvd.". */
const ABBREVIATION = 4;

/** Whether a sentence may have ended before this token: after a stop that no initial, no number and no abbreviation explains. */
function startsSentence({ tokens, flags }: Sentence, row: number): boolean {
  if (tokens.gapKind[row] !== STOP) return false;
  const form = tokens.shape[row - 1] as number;
  if (form === INITIAL || isNumber(form)) return false;
  const length = (tokens.stop[row - 1] as number) - (tokens.start[row - 1] as number);
  return length > ABBREVIATION || ((flags[row - 1] as number) & (STREET | UNIT | TITLE | FIRST_NAME | LAST_NAME | ORDINARY)) === ORDINARY;
}

/** Whether a name that the token before is part of may go on with this one: over blanks, commas, hyphens and the stop of an initial. */
export function nameMayGoOn(sentence: Sentence, row: number): boolean {
  if (!isNameTag(sentence.tags[row - 1] as number)) return false;
  const kind = sentence.tokens.gapKind[row] as number;
  return kind === BLANK || kind === GLUED || kind === COMMA || kind === DASH || (kind === STOP && !startsSentence(sentence, row));
}

/** As `nameMayGoOn`; an address also goes on over line ends and signs. */
export function addressMayGoOn(sentence: Sentence, row: number): boolean {
  return isAddressTag(sentence.tags[row - 1] as number) && !startsSentence(sentence, row);
}

function isNameTag(tag: number): boolean {
  return tag === NAME_BEGINS || tag === NAME_GOES_ON;
}

function isAddressTag(tag: number): boolean {
  return tag === ADDRESS_BEGINS || tag === ADDRESS_GOES_ON;
}
