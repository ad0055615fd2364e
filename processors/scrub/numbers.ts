import { ALPHANUMERIC, isDigit, kindAt, UNDERSCORE } from "./characters.ts";

const SPACE = 1;
const HYPHEN = 2;
const DOT = 4;
const SLASH = 8;
const PARENTHESIS = 16;

/** Bits by separator. */
const SEPARATORS = new Uint8Array(128);
SEPARATORS[32] = SPACE;
SEPARATORS[45] = HYPHEN;
SEPARATORS[95] = HYPHEN;
SEPARATORS[46] = DOT;
SEPARATORS[47] = SLASH;
SEPARATORS[40] = PARENTHESIS;
SEPARATORS[41] = PARENTHESIS;

/** The most digits that are kept; a number of more is none. */
const MOST_DIGITS = 24;
/** The most groups that are told apart; a number of more is none. */
const MOST_GROUPS = 20;

/** A number as it is written: how many digits, and how they are grouped. Reused from number to number. */
export class WrittenNumber {
  #text = "";
  start = 0;
  end = 0;
  /** How many digits. */
  length = 0;
  /** How many groups. */
  count = 0;
  /** The digits. */
  readonly values = new Uint8Array(MOST_DIGITS);
  /** Digits in each group. */
  readonly groups = new Uint8Array(MOST_GROUPS);
  plus = false;
  /** Before which group the parenthesis opens. */
  opened = 0;
  #separators = 0;
  #goesOn = false;
  #digits = "";

  get parenthesis(): boolean {
    return (this.#separators & PARENTHESIS) !== 0;
  }

  get slash(): boolean {
    return (this.#separators & SLASH) !== 0;
  }

  /** Whether hyphens, and nothing else, part the groups. */
  get hyphened(): boolean {
    return this.#separators === HYPHEN;
  }

  get dotted(): boolean {
    return this.#separators === DOT;
  }

  /** The digits without separators. */
  get digits(): string {
    if (this.#digits === "") {
      for (let index = this.start; index < this.end; index++) if (isDigit(this.#text, index)) this.#digits += this.#text.charAt(index);
    }
    return this.#digits;
  }

  /** Whether the last digit is right by Luhn's rule. */
  get isLuhn(): boolean {
    let sum = 0;
    for (let index = 0; index < this.length; index++) {
      const digit = this.values[this.length - 1 - index] ?? 0;
      sum += index % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
    }
    return sum % 10 === 0;
  }

  /** Whether the groups are of these sizes. */
  isGrouped(sizes: readonly number[], from = 0): boolean {
    if (this.count - from !== sizes.length) return false;
    for (let index = 0; index < sizes.length; index++) if (this.groups[from + index] !== sizes[index]) return false;
    return true;
  }

  /** Whether it is a long row of short groups: no one number, but a list or a table. */
  get isRow(): boolean {
    return this.count >= 8 && this.#goesOn;
  }

  /** The smallest group. */
  get least(): number {
    let least = 99;
    for (let index = 0; index < this.count; index++) least = Math.min(least, this.groups[index] ?? 0);
    return least;
  }

  /**
   * Reads on from a digit over groups that are parted by a space, a hyphen, a dot, a slash or parentheses, up to `most` digits. The `+` and
   * the `(` in front belong to it.
   */
  read(text: string, start: number, most: number): void {
    this.#text = text;
    this.start = start;
    this.plus = false;
    this.opened = 0;
    this.#separators = 0;
    this.#goesOn = false;
    this.#digits = "";
    this.length = 0;
    this.count = 0;
    let opened = false;
    if (text.charCodeAt(start - 1) === 40) {
      this.start -= 1;
      this.#separators = PARENTHESIS;
      opened = true;
    }
    if (text.charCodeAt(this.start - 1) === 43) {
      this.start -= 1;
      this.plus = true;
    }
    let index = start;
    this.end = start;
    for (;;) {
      const group = index;
      for (;;) {
        const digit = text.charCodeAt(index) - 48;
        if (!(digit >= 0 && digit <= 9)) break;
        if (this.length + index - group < MOST_DIGITS) this.values[this.length + index - group] = digit;
        index += 1;
      }
      if (this.length + index - group > most || this.count === MOST_GROUPS) {
        this.#goesOn = true;
        return;
      }
      this.length += index - group;
      this.groups[this.count++] = index - group;
      this.end = index;
      // At most three separators, and a digit behind them.
      let next = index;
      let bits = 0;
      while (next - index < 3) {
        const code = text.charCodeAt(next);
        const bit = code < 128 ? (SEPARATORS[code] ?? 0) : 0;
        if (bit === 0 || (code === 41 && !opened) || (code === 40 && opened)) break;
        if (code === 41) {
          if (this.opened === 0 && this.count > 1) {
            // The whole number is in parentheses; they are not its own.
            this.start += this.plus ? 0 : 1;
            this.#separators &= ~PARENTHESIS;
            return;
          }
          opened = false;
          this.end = next + 1;
        } else if (code === 40) {
          opened = true;
          this.opened = this.count;
        }
        bits |= bit;
        next += 1;
      }
      if (next === index || !isDigit(text, next)) return;
      this.#separators |= bits === SPACE ? bits : bits & ~SPACE;
      index = next;
    }
  }
}

/** Whether a value may begin here: not inside a word, a path, a decimal number or a price. */
export function opens(text: string, start: number): boolean {
  const before = text.charCodeAt(start - 1);
  if ((kindAt(text, start - 1) & (ALPHANUMERIC | UNDERSCORE)) !== 0) return isEscape(text, start - 1);
  if (before === 45 || before === 46 || before === 47) return (kindAt(text, start - 2) & ALPHANUMERIC) === 0;
  if (before === 44 || before === 58) return !isDigit(text, start - 2);
  return before !== 36 && before !== 0x20ac && before !== 0xa3 && before !== 0xa5;
}

/** The `n` of a `\n` that is still escaped. */
function isEscape(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return (code === 110 || code === 116 || code === 114) && text.charCodeAt(index - 1) === 92;
}

/** Whether a value may end here: not inside a word or a decimal number, not before a unit. */
export function closes(text: string, end: number): boolean {
  if ((kindAt(text, end) & (ALPHANUMERIC | UNDERSCORE)) !== 0) return false;
  const after = text.charCodeAt(end);
  if (after === 37 || after === 64) return false;
  if (after === 45 || after === 46 || after === 47 || after === 58) return !isDigit(text, end + 1);
  return true;
}
