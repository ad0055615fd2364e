/** What a UTF-16 code unit is to the tokenizer. */
export const OTHER = 0;
export const SPACE = 1;
export const NEWLINE = 2;
export const DIGIT = 3;
export const LOWER = 4;
export const UPPER = 5;
/** A letter of a script without cases. */
export const CASELESS = 6;
/** `'`, `’` and `-`: inside a word when letters stand on both sides. */
export const JOINER = 7;

/** Scripts with cases end below here (Latin, Greek, Cyrillic, Armenian, Georgian, Latin with rare accents). */
const CASED_END = 0x2000;
/** Letters that no decomposition brings down to ASCII, as they are written where accents are not. */
const SPELLED: Readonly<Record<string, string>> = { ß: "s", ø: "o", đ: "d", ð: "d", ł: "l", ı: "i", þ: "t", æ: "a", œ: "o", ħ: "h" };

interface Characters {
  /** The class of each code unit. */
  readonly classes: Uint8Array;
  /** Each code unit below 0x2000 in lower case and without its accent. */
  readonly folded: Uint16Array;
}

function build(): Characters {
  const classes = new Uint8Array(0x10000);
  const folded = new Uint16Array(CASED_END);
  for (let code = 0; code < CASED_END; code++) {
    const character = String.fromCharCode(code);
    const lower = character.toLowerCase();
    folded[code] = (SPELLED[lower] ?? lower.normalize("NFD")).charCodeAt(0);
    if (/\p{Lu}|\p{Lt}/u.test(character)) classes[code] = UPPER;
    else if (/\p{Ll}/u.test(character)) classes[code] = LOWER;
    else if (/\p{L}|\p{M}/u.test(character)) classes[code] = CASELESS;
    else if (/\p{Zs}|\t/u.test(character)) classes[code] = SPACE;
  }
  classes.fill(CASELESS, 0x3040, 0xa000).fill(CASELESS, 0xac00, 0xd7a4);
  for (let code = 0x30; code <= 0x39; code++) classes[code] = DIGIT;
  for (const code of [0x0a, 0x0b, 0x0c, 0x0d, 0x2028, 0x2029]) classes[code] = NEWLINE;
  for (const code of [0x27, 0x2d, 0x2019]) classes[code] = JOINER;
  for (const code of [0xa0, 0x200b, 0x202f, 0x3000]) classes[code] = SPACE;
  return { classes, folded };
}

let built: Characters | undefined;

/** Built at the first call, in a few milliseconds. */
export function characters(): Characters {
  built ??= build();
  return built;
}

/** A word's hash: FNV-1a over its folded letters, without joiners. */
export const HASH_START = 0x811c9dc5 | 0;
export const HASH_STEP = 0x01000193;

/** The hash of a word as the tokenizer gives it. */
export function wordHash(word: string): number {
  const { classes, folded } = characters();
  let hash = HASH_START;
  for (let at = 0; at < word.length; at++) {
    const code = word.charCodeAt(at);
    if (classes[code] === JOINER) continue;
    hash = Math.imul(hash ^ (code < CASED_END ? (folded[code] ?? code) : code), HASH_STEP);
  }
  return hash;
}
