import { kindAt, LETTER, WORD } from "./characters.ts";

/** How a label leads to its value. */
export type Link = "none" | "space" | "said" | "assigned";

/** The way from a label to its value. Reused from label to label. */
export class Bridge {
  link: Link = "none";
  /** Where the label ends. */
  from = 0;
  /** Where the value begins, behind an opening quote. */
  at = 0;
  /** The quote it opens with, or 0; the value ends with the same. */
  quote = 0;
  /** Whether that quote is escaped, in JSON that is a string itself. */
  escaped = false;

  #limit = Infinity;

  /** Crosses from the end of a label: closing quotes, a remark in parentheses, `:` or `=` or a verb, an opening quote. */
  cross(text: string, from: number): void {
    let at = from;
    this.from = from;
    this.link = "none";
    this.#limit = Infinity;
    this.quote = 0;
    this.escaped = false;
    while (at - from < 4 && isCloser(text.charCodeAt(at))) at += 1;
    const spaced = skipBlank(text, at);
    let moved = spaced > at;
    at = spaced;
    if (text.charCodeAt(at) === 40) {
      const close = text.indexOf(")", at);
      if (close < 0 || close - at > 24) {
        this.at = at;
        return;
      }
      at = skipBlank(text, close + 1);
      moved = true;
    }
    const symbol = text.charCodeAt(at);
    // A comparison; the edge of a table's cell, not an "or".
    if (
      (symbol === 61 && text.charCodeAt(at + 1) === 61) ||
      (symbol === 124 && (at - from !== 1 || text.charCodeAt(from) !== 32 || text.charCodeAt(at + 1) !== 32))
    ) {
      this.at = at;
      return;
    }
    if (symbol === 58 || symbol === 61 || symbol === 0xff1a || symbol === 124 || symbol === 62 || symbol === 35 || isArrow(text, at)) {
      while (isAssigner(text.charCodeAt(at)) || isArrow(text, at)) at += 1;
      at = skipBlank(text, at);
      if (text.charCodeAt(at) === 10) at = skipBlank(text, at + 1);
      this.link = "assigned";
      // "password is: x" and "token: is x" both happen.
      const verb = verbEnd(text, at);
      if (verb > 0 && text.charCodeAt(at - 1) === 32) at = verb;
    } else {
      let said = false;
      for (let count = 0; count < 4; count++) {
        const verb = verbEnd(text, at);
        if (verb === 0) break;
        at = verb;
        said = true;
      }
      if (said && (text.charCodeAt(at) === 58 || text.charCodeAt(at) === 0xff1a)) at = skipBlank(text, at + 1);
      if (!said && moved) {
        ABOUT.lastIndex = at;
        if (ABOUT.test(text)) {
          at = ABOUT.lastIndex;
          said = true;
        }
      }
      this.link = said ? "said" : moved ? "space" : "none";
    }
    this.#open(text, at);
  }

  /** The value is the cell of a table, from `from` to `to`. */
  beAt(from: number, to: number): void {
    this.link = "assigned";
    this.from = from;
    this.at = from;
    this.quote = 0;
    this.escaped = false;
    this.#limit = to;
  }

  /** The end of the value: at the closing quote, or where an unquoted one stops. `stops` are characters besides space and quotes. */
  endOf(text: string, stops: string, most: number): number {
    const limit = Math.min(text.length, this.at + most, this.#limit);
    let index = this.at;
    for (; index < limit; index++) {
      const code = text.charCodeAt(index);
      if (code === 10 || code === 13) break;
      if (this.quote !== 0) {
        if (code === this.quote || (this.escaped && code === 92)) break;
        if (code === 92 && !this.escaped && text.charCodeAt(index + 1) === this.quote) index += 1;
      } else if (
        code <= 32 ||
        code === 34 ||
        code === 39 ||
        code === 96 ||
        code === 60 ||
        code === 92 ||
        code === 0xa0 ||
        stops.includes(text.charAt(index))
      )
        break;
    }
    return index;
  }

  #open(text: string, from: number): void {
    let at = from;
    if (text.charCodeAt(at) === 92 && isQuote(text.charCodeAt(at + 1))) {
      this.escaped = true;
      at += 1;
    }
    const code = text.charCodeAt(at);
    if (isQuote(code)) {
      this.quote = closing(code);
      at += 1;
    } else if (code === 42 && text.charCodeAt(at + 1) === 42) at += 2;
    this.at = at;
  }
}

/** What the label is of: `for the vpn is`. */
export const ABOUT =
  /(?:for|of|to|on|für|de|del|du|da|do|van|voor|para|per|pour)(?: [\p{L}\d'’._@-]{1,24}){1,4}?(?: ?[:=]| (?:is|was|ist|es|est|è|é|lautet|to))[ \t]{1,3}/uy;

function skipBlank(text: string, from: number): number {
  let at = from;
  while (at - from < 8) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 9 && code !== 0xa0) break;
    at += 1;
  }
  return at;
}

function isCloser(code: number): boolean {
  return code === 34 || code === 39 || code === 96 || code === 42 || code === 93 || code === 92 || code === 95 || code === 0x201d;
}

function isQuote(code: number): boolean {
  return code === 34 || code === 39 || code === 96 || code === 0x201c || code === 0x201e || code === 0xab || code === 0x300c;
}

function closing(code: number): number {
  if (code === 0x201c) return 0x201d;
  if (code === 0x201e) return 0x201c;
  if (code === 0xab) return 0xbb;
  return code === 0x300c ? 0x300d : code;
}

function isAssigner(code: number): boolean {
  return code === 58 || code === 61 || code === 62 || code === 0xff1a || code === 124 || code === 35;
}

/** `->`, `=>`, `→` and a dash with a space behind. */
function isArrow(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code === 0x2192) return true;
  return (
    (code === 45 || code === 0x2013 || code === 0x2014) &&
    (text.charCodeAt(at + 1) === 62 || (text.charCodeAt(at + 1) === 32 && text.charCodeAt(at - 1) === 32))
  );
}

const VERBS: ReadonlySet<string> = new Set(
  "is are was be to as of now set still currently being called reads has been changed reset ist lautet sind war es est son sera è e sono é era são fue jest brzmi är er on olarak becomes equals equal named id number no nr num will".split(
    " ",
  ),
);

/** Behind a verb such as `is`, or 0. */
function verbEnd(text: string, at: number): number {
  let end = at;
  while (end - at < 10 && (kindAt(text, end) & LETTER) !== 0) end += 1;
  if (end === at || (kindAt(text, end) & WORD) !== 0) return 0;
  if (!VERBS.has(text.slice(at, end).toLowerCase())) return 0;
  const after = skipBlank(text, end);
  return after > end || text.charCodeAt(end) === 58 ? after : 0;
}
