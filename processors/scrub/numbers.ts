import { ALPHANUMERIC, isDigit, kindAt, UNDERSCORE } from "./characters.ts";

/** A number as it is written: its digits, and how they are grouped. Reused from number to number. */
export class WrittenNumber {
  start = 0;
  end = 0;
  /** The digits without separators. */
  digits = "";
  /** Digits per group, as in "3-3-4". */
  groups: number[] = [];
  /** The separator in front of each group but the first. */
  separators = "";
  plus = false;
  parenthesis = false;
}

const SEPARATORS = new Uint8Array(128);
for (const separator of " -./()") SEPARATORS[separator.charCodeAt(0)] = 1;

/**
 * Reads on from a digit over groups that are parted by a space, a hyphen, a dot, a slash or parentheses, up to `most` digits. The `+` and
 * the `(` in front belong to it.
 */
export function readNumber(text: string, start: number, most: number, number: WrittenNumber): void {
  number.start = start;
  number.plus = false;
  number.parenthesis = false;
  number.groups = [];
  number.separators = "";
  let digits = "";
  let index = start;
  let end = start;
  let opened = false;
  if (text.charCodeAt(start - 1) === 40) {
    number.start -= 1;
    number.parenthesis = true;
    opened = true;
  }
  if (text.charCodeAt(number.start - 1) === 43) {
    number.start -= 1;
    number.plus = true;
  }
  for (;;) {
    const group = index;
    while (isDigit(text, index)) index += 1;
    if (digits.length + index - group > most) break;
    digits += text.slice(group, index);
    number.groups.push(index - group);
    end = index;
    // At most three separators, and a digit behind them.
    let next = index;
    let first = 0;
    while (next - index < 3) {
      const code = text.charCodeAt(next);
      if (!(code < 128) || SEPARATORS[code] === 0) break;
      if (code === 41 && !opened) break;
      if (code === 41) {
        opened = false;
        end = next + 1;
      }
      if (code === 40) {
        if (opened) break;
        opened = true;
        number.parenthesis = true;
      }
      if (first === 0 || code !== 32) first = code;
      next += 1;
    }
    if (next === index || !isDigit(text, next)) break;
    number.separators += String.fromCharCode(first);
    index = next;
  }
  number.digits = digits;
  number.end = end;
}

/** Whether a value may begin here: not inside a word, a path, a decimal number or a price. */
export function opens(text: string, start: number): boolean {
  const before = text.charCodeAt(start - 1);
  if ((kindAt(text, start - 1) & (ALPHANUMERIC | UNDERSCORE)) !== 0) return isEscape(text, start - 1);
  if (before === 45 || before === 46 || before === 47 || before === 44 || before === 58)
    return (
      (kindAt(text, start - 2) & ALPHANUMERIC) === 0 ||
      (before === 58 && !isDigit(text, start - 2)) ||
      (before === 44 && !isDigit(text, start - 2))
    );
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
  if (after === 45 || after === 46 || after === 47 || after === 58 || after === 44) return !isDigit(text, end + 1) || after === 44;
  return true;
}
