import { TYPES, type PiiType } from "../finding.ts";
import { CASELESS, characters, DIGIT, HASH_START, HASH_STEP, JOINER, LOWER, NEWLINE, OTHER, SPACE, UPPER } from "./characters.ts";

/** What a token looks like. */
export const LOWERCASE = 1;
/** "Anna", "Kohler-McLaughlin". */
export const CAPITALISED = 2;
/** "ANNA", two letters or more. */
export const CAPITALS = 3;
/** "A": one capital letter. */
export const INITIAL = 4;
/** "McKay": a capital after two or three letters. */
export const MIXED = 5;
/** An identifier, an e-mail address, a host, a path, a handle: never part of a name. */
export const CODE = 6;
export const NUMBER = 7;
/** Digits and letters: "134b", "SW9". */
export const ALPHANUMERIC = 8;
/** A word of a script without cases. */
export const UNCASED = 9;
/** What the caller asked to leave alone, or the marker of something already replaced. */
export const OPAQUE = 10;
/** The marker of a name already replaced: its neighbours see a name. */
export const NAME_MARKER = 11;
export const ADDRESS_MARKER = 12;

/** What stands between a token and the one before. */
export const GLUED = 0;
export const BLANK = 1;
export const LINE = 2;
export const COMMA = 3;
export const STOP = 4;
export const COLON = 5;
export const QUOTE = 6;
export const OPEN = 7;
export const CLOSE = 8;
export const DASH = 9;
export const SIGN = 10;

/** Tokens that stand before the first and after the last one, so that neighbours always exist. */
export const MARGIN = 4;

/** The tokens of one text, in columns that grow and are used again for the next text. */
export interface Tokens {
  /** Index after the last token; the first stands at MARGIN. */
  end: number;
  start: Int32Array;
  stop: Int32Array;
  hash: Int32Array;
  shape: Uint8Array;
  /** Hash of the first four characters between this token and the one before, runs of blanks as one. */
  gap: Int32Array;
  gapKind: Uint8Array;
  /** Where a joined word's last part begins: "Yat-sen" at "sen"; else `start`. */
  lastPart: Int32Array;
}

export function tokensFor(capacity: number): Tokens {
  return {
    end: MARGIN,
    start: new Int32Array(capacity),
    stop: new Int32Array(capacity),
    hash: new Int32Array(capacity),
    shape: new Uint8Array(capacity),
    gap: new Int32Array(capacity),
    gapKind: new Uint8Array(capacity),
    lastPart: new Int32Array(capacity),
  };
}

function grown<Column extends Int32Array | Uint8Array>(column: Column, rows: number): Column {
  const larger = (column instanceof Int32Array ? new Int32Array(rows) : new Uint8Array(rows)) as Column;
  larger.set(column);
  return larger;
}

function grow(tokens: Tokens, rows: number): void {
  tokens.start = grown(tokens.start, rows);
  tokens.stop = grown(tokens.stop, rows);
  tokens.hash = grown(tokens.hash, rows);
  tokens.shape = grown(tokens.shape, rows);
  tokens.gap = grown(tokens.gap, rows);
  tokens.gapKind = grown(tokens.gapKind, rows);
  tokens.lastPart = grown(tokens.lastPart, rows);
}

/** Kinds of gap by ASCII character; what is not listed is a SIGN. */
const KINDS = new Uint8Array(128).fill(SIGN);
for (const [characters, kind] of [
  [",;", COMMA],
  [".!?", STOP],
  [":=", COLON],
  ["\"'`|", QUOTE],
  ["([{<", OPEN],
  [")]}>", CLOSE],
  ["-", DASH],
] as const) {
  for (const character of characters) KINDS[character.charCodeAt(0)] = kind;
}

const UNDERSCORE = 0x5f;
const DOT = 0x2e;
const AT = 0x40;
const HYPHEN = 0x2d;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const COLON_SIGN = 0x3a;
const PLUS = 0x2b;
const EQUALS = 0x3d;
const OPENING = 0x5b;
const CLOSING = 0x5d;

const markers: ReadonlyMap<string, number> = new Map(
  TYPES.map((type) => [type, type === "PERSON" ? NAME_MARKER : type === "ADDRESS" ? ADDRESS_MARKER : OPAQUE]),
);
/** How a finding of this type reads to what stands beside it. */
export function markerShape(type: PiiType): number {
  return markers.get(type) ?? OPAQUE;
}
const LONGEST_TYPE = 16;
/** What may follow the type in a marker, after a colon: the last characters of what was there. */
const LONGEST_REST = 8;
/** What follows the type in a pseudonym: an underscore and ten characters of base 32. */
const PSEUDONYM_TAIL = 11;

interface Marker {
  readonly shape: number;
  readonly end: number;
}

/** The marker whose bracket opens at `at`: `[PERSON]`, `[PHONE:3346]`. */
function bracketedMarker(text: string, at: number): Marker | undefined {
  let end = at + 1;
  while (end <= at + LONGEST_TYPE && isTypeLetter(text.charCodeAt(end))) end++;
  const shape = end === at + 1 ? undefined : markers.get(text.slice(at + 1, end));
  if (shape === undefined) return undefined;
  if (text.charCodeAt(end) === COLON_SIGN) {
    const last = end + LONGEST_REST;
    do end++;
    while (end <= last && text.charCodeAt(end) !== CLOSING && text.charCodeAt(end) !== OPENING);
  }
  return text.charCodeAt(end) === CLOSING ? { shape, end: end + 1 } : undefined;
}

function isTypeLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || code === UNDERSCORE;
}

function pseudonym(text: string, start: number, end: number): number {
  const tail = end - PSEUDONYM_TAIL;
  if (tail <= start || text.charCodeAt(tail) !== UNDERSCORE || tail - start > LONGEST_TYPE) return 0;
  return markers.get(text.slice(start, tail)) ?? 0;
}

/** An identifier with more characters than this, when the next sign comes, is no identifier but encoded bytes. */
const LONGEST_IDENTIFIER = 64;

/** Reads the word or number at `from` into row `row`; returns where it ends. */
function readWord(text: string, from: number, limit: number, tokens: Tokens, row: number): number {
  const { classes, folded } = characters();
  const before = from > 0 ? text.charCodeAt(from - 1) : OTHER;
  const first = classes[text.charCodeAt(from)];
  let isCode = before === UNDERSCORE || before === AT || before === 0x23 || before === 0x24;
  let hash = HASH_START;
  let part = from;
  let previous = OTHER;
  let uppers = 0;
  let lowers = 0;
  let digits = 0;
  let mixed = false;
  let at = from;
  for (; at < limit; at++) {
    const code = text.charCodeAt(at);
    const kind = classes[code] as number;
    if (kind >= DIGIT && kind <= CASELESS) {
      hash = Math.imul(hash ^ (code < 0x2000 ? (folded[code] as number) : code), HASH_STEP);
      if (kind === LOWER) lowers++;
      else if (kind === DIGIT) digits++;
      else if (kind === UPPER) {
        uppers++;
        if (previous === LOWER) {
          if (at - part > 3) isCode = true;
          else mixed = true;
        }
      }
      previous = kind;
      continue;
    }
    const after = at + 1 < limit ? (classes[text.charCodeAt(at + 1)] as number) : OTHER;
    const joins = after >= DIGIT && after <= CASELESS;
    if (kind === JOINER) {
      if (!joins) break;
      if (previous === DIGIT || after === DIGIT) {
        if (!isCode || code !== HYPHEN) break;
      } else if (code !== HYPHEN && after === LOWER && !isLetter(classes, text, at + 2, limit)) break; // "Anna's" ends at the name
      part = at + 1;
    } else if (code === DOT && joins) {
      // "J.R.", "done.Then" and "No.5" are two tokens, "a.b", "1.5" and "example.com" are one.
      if (!isCode && (previous === DIGIT ? after !== DIGIT : after !== LOWER)) break;
      isCode = true;
      part = at + 1;
    } else if (code === UNDERSCORE || (joins && (code === AT || (isCode && (code === SLASH || code === PLUS))))) {
      isCode = true;
      part = at + 1;
      if (at - from > LONGEST_IDENTIFIER) {
        at = endOfOpaque(text, at, limit);
        break;
      }
    } else if (code === COLON_SIGN && text.charCodeAt(at + 1) === SLASH && text.charCodeAt(at + 2) === SLASH) {
      isCode = true;
      at = endOfUrl(text, at + 3, limit);
      break;
    } else break;
    previous = OTHER;
  }
  const length = at - from;
  let shape: number;
  if (isCode) shape = uppers > 2 ? pseudonym(text, from, at) || CODE : CODE;
  else if (digits > 0) shape = digits === length ? NUMBER : ALPHANUMERIC;
  else if (uppers + lowers === 0) shape = UNCASED;
  else if (first === UPPER)
    shape = lowers === 0 ? (uppers === 1 ? INITIAL : CAPITALS) : mixed || (uppers > 1 && part === from) ? MIXED : CAPITALISED;
  else shape = uppers === 0 ? LOWERCASE : mixed || part > from ? MIXED : CODE;
  tokens.start[row] = from;
  tokens.stop[row] = at;
  tokens.shape[row] = shape;
  tokens.hash[row] = shape === NUMBER ? Math.imul(length, 0x9e3779b1) : isCode ? shape : hash;
  tokens.lastPart[row] = part;
  return at;
}

function isLetter(classes: Uint8Array, text: string, at: number, limit: number): boolean {
  const kind = at < limit ? (classes[text.charCodeAt(at)] as number) : OTHER;
  return kind >= LOWER && kind <= CASELESS;
}

/** Base64 and the like run on over letters, digits and five signs. */
function endOfOpaque(text: string, from: number, limit: number): number {
  const { classes } = characters();
  let at = from;
  for (; at < limit; at++) {
    const code = text.charCodeAt(at);
    const kind = classes[code] as number;
    if ((kind < DIGIT || kind > UPPER) && code !== PLUS && code !== SLASH && code !== EQUALS && code !== UNDERSCORE && code !== HYPHEN)
      break;
  }
  return at;
}

/** An URL runs to the next blank, quote or angle bracket. */
function endOfUrl(text: string, from: number, limit: number): number {
  const { classes } = characters();
  let at = from;
  for (; at < limit; at++) {
    const code = text.charCodeAt(at);
    const kind = classes[code];
    if (kind === SPACE || kind === NEWLINE || code === 0x22 || code === 0x27 || code === 0x3c || code === 0x3e || code === 0x60) break;
  }
  return at;
}

/**
 * Splits a text, in one pass, into words, numbers and identifiers. `skip` are sorted triples of start, end and shape: each becomes one token of that
 * shape, `OPAQUE` or that of a marker.
 * `\\n`, `\\r` and `\\t` written as escapes are line ends, so that text inside a string literal reads like text.
 */
export function tokenize(text: string, skip: Int32Array, tokens: Tokens): void {
  const { classes } = characters();
  const length = text.length;
  let row = MARGIN;
  let at = 0;
  let nextSkip = 0;
  // Prose has a token for each six characters.
  if (tokens.start.length < length / 5) grow(tokens, Math.ceil(length / 5) + 2 * MARGIN);
  tokens.gap[MARGIN] = HASH_START;
  while (at < length) {
    if (row + 2 * MARGIN >= tokens.start.length) grow(tokens, tokens.start.length * 2);
    // The gap: what separates this token from the one before.
    let gap = HASH_START;
    let gapKind = row === MARGIN ? LINE : GLUED;
    let signs = 0;
    let blank = false;
    let marker: Marker | undefined;
    while (nextSkip < skip.length && (skip[nextSkip + 1] as number) <= at) nextSkip += 3;
    const limit = nextSkip < skip.length ? (skip[nextSkip] as number) : length;
    for (; at < limit; at++) {
      const code = text.charCodeAt(at);
      const kind = classes[code] as number;
      if (kind >= DIGIT && kind <= CASELESS) break;
      if (kind === SPACE) {
        if (gapKind === GLUED) gapKind = BLANK;
        if (!blank && signs < 4) gap = Math.imul(gap ^ 32, HASH_STEP);
        blank = true;
        continue;
      }
      let sign = code;
      if (kind === NEWLINE) sign = 10;
      else if (code === OPENING && (marker = bracketedMarker(text, at)) !== undefined) break;
      else if (code === BACKSLASH) {
        const escaped = text.charCodeAt(at + 1);
        if (escaped !== 0x6e && escaped !== 0x72 && escaped !== 0x74) continue;
        if (at + 1 >= limit) continue;
        at++;
        sign = 10;
      }
      if (sign === 10) gapKind = LINE;
      else if (gapKind !== LINE) gapKind = sign < 128 ? (KINDS[sign] as number) : SIGN;
      if (signs < 4) gap = Math.imul(gap ^ sign, HASH_STEP);
      signs++;
      blank = false;
    }
    tokens.gap[row] = gap;
    tokens.gapKind[row] = gapKind;
    if (at >= length) break;
    if (marker !== undefined || at >= limit) {
      const stop = marker?.end ?? skip[nextSkip + 1] ?? length;
      tokens.start[row] = at;
      tokens.stop[row] = stop;
      tokens.shape[row] = tokens.hash[row] = marker?.shape ?? skip[nextSkip + 2] ?? OPAQUE;
      tokens.lastPart[row] = at;
      at = stop;
    } else at = readWord(text, at, limit, tokens, row);
    row++;
    tokens.gap[row] = HASH_START;
  }
  tokens.end = row;
  for (let margin = 0; margin < MARGIN; margin++) {
    for (const outside of [margin, row + margin]) {
      tokens.hash[outside] = tokens.shape[outside] = 0;
      if (outside !== row) tokens.gap[outside] = 0;
      tokens.gapKind[outside] = LINE;
    }
  }
}
