/** What a character is, as bits. Everything above 127 is looked at in `wide`. */
export const LOWER = 1;
export const UPPER = 2;
export const DIGIT = 4;
export const UNDERSCORE = 8;
/** A letter outside ASCII. */
export const FOREIGN = 16;
/** A character of a script without spaces: each is a word by itself. */
export const IDEOGRAPH = 32;
/** Looks like something else, or like nothing: full-width digits, zero-width characters, typographic hyphens and spaces. */
export const DISGUISE = 64;

export const LETTER = LOWER | UPPER | FOREIGN;
export const ALPHANUMERIC = LETTER | DIGIT;
/** What a run is made of. */
export const WORD = ALPHANUMERIC | UNDERSCORE;

/** The bits of every character code, so that the one pass looks them up without a branch. */
const KINDS = new Uint8Array(65_536);
for (let code = 128; code < 65_536; code++) KINDS[code] = wide(code);
for (let code = 48; code <= 57; code++) KINDS[code] = DIGIT;
for (let code = 65; code <= 90; code++) KINDS[code] = UPPER;
for (let code = 97; code <= 122; code++) KINDS[code] = LOWER;
KINDS[95] = UNDERSCORE;

/** The bits of the character at `index`; 0 for punctuation, space, and outside the text. */
export function kindAt(text: string, index: number): number {
  return KINDS[text.charCodeAt(index)] ?? 0; // NaN outside
}

/** The bits of a character code. */
export function kindOf(code: number): number {
  return KINDS[code] ?? 0;
}

function wide(code: number): number {
  if (code < 0xc0) return code === 0xa0 || code === 0xad ? DISGUISE : 0;
  if (code < 0x250) return code === 0xd7 || code === 0xf7 ? 0 : FOREIGN;
  if (code < 0x2000) return code >= 0x660 && code <= 0x669 ? DISGUISE : code >= 0x966 && code <= 0x96f ? DISGUISE : FOREIGN;
  if (code < 0x2e80) return isDisguise(code) ? DISGUISE : 0;
  if (code < 0x3040) return 0;
  if (code < 0xd800) return IDEOGRAPH;
  if (code >= 0xff01 && code <= 0xff5e) return DISGUISE;
  return code === 0xfeff ? DISGUISE : 0;
}

function isDisguise(code: number): boolean {
  return (code >= 0x2000 && code <= 0x2012) || code === 0x202f || (code >= 0x2060 && code <= 0x2064) || code === 0x2212;
}

export function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 48 && code <= 57;
}

/** ASCII only: the lower-case code of a letter; other codes as they are. */
export function lowered(code: number): number {
  if (code < 128) return code >= 65 && code <= 90 ? code + 32 : code;
  if (code < 0xdf) return code >= 0xc0 ? code + 32 : code;
  if (code >= 0x391 && code <= 0x3a9) return code + 32;
  if (code >= 0x410 && code <= 0x42f) return code + 32;
  return code >= 0x100 && code < 0x180 && !isOddlyCased(code) ? code | 1 : code;
}

/** Latin Extended-A pairs that start on an odd code, so that setting the lowest bit does not lower them. */
function isOddlyCased(code: number): boolean {
  return (code >= 0x139 && code <= 0x148) || (code >= 0x179 && code <= 0x17e) || code === 0x131 || code === 0x138;
}
