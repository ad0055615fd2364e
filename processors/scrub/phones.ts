import { FAMILY } from "./families.ts";
import { isValidPhoneNumber } from "libphonenumber-js/max";
import type { CountryCode } from "libphonenumber-js/max";
import { kindAt, WORD } from "./characters.ts";
import { isMonotone } from "./checks.ts";
import { closes, opens } from "./numbers.ts";
import type { WrittenNumber } from "./numbers.ts";
import type { Sweep } from "./sweep.ts";

/** How national numbers of a region begin, and how many digits they have: what is worth asking the numbering plan about. */
const NATIONAL: Readonly<Record<string, RegExp>> = {
  GB: /^0[1-37]\d{8,9}$/,
  AU: /^(?:0[23478]\d{8}|1[38]00\d{6})$/,
  IN: /^0?[6-9]\d{9}$/,
  DE: /^0[1-9]\d{6,11}$/,
  FR: /^0[1-9]\d{8}$/,
  ES: /^[6-9]\d{8}$/,
  IT: /^(?:3\d{8,9}|0\d{6,10})$/,
  NL: /^0[1-9]\d{8}$/,
  BR: /^0?[1-9]\d(?:9\d{8}|[2-5]\d{7})$/,
  PL: /^[4-8]\d{8}$/,
  SE: /^0[1-9]\d{6,9}$/,
  CH: /^0[2-9]\d{8}$/,
  BE: /^0[1-9]\d{7,8}$/,
  SG: /^[3689]\d{7}$/,
  ZA: /^0[1-8]\d{8}$/,
  TR: /^0?[2-5]\d{9}$/,
  KR: /^0[1-7]\d{7,9}$/,
  CN: /^(?:1[3-9]\d{9}|0\d{9,11})$/,
  JP: /^0\d{9,10}$/,
  FI: /^0[1-9]\d{5,10}$/,
  DK: /^[2-9]\d{7}$/,
  NO: /^[2-9]\d{7}$/,
  MX: /^[1-9]\d{9}$/,
  CL: /^[29]\d{8}$/,
  AR: /^0?[1-9]\d{9}$/,
  PT: /^[29]\d{8}$/,
  IE: /^0[1-9]\d{6,9}$/,
  IL: /^0[2-9]\d{7,8}$/,
  AT: /^0[1-9]\d{6,12}$/,
};

/** A telephone number: by its `+`, by the North American form, by a label, or by the numbering plan of one of the regions. */
export function phone(sweep: Sweep, number: WrittenNumber, regions: readonly string[]): boolean {
  const { text } = sweep;
  const { start } = number;
  if (number.length < 6 || number.length > 15) return false;
  if (!number.plus && !opens(text, start)) return false;
  if (number.plus && (kindAt(text, start - 1) & WORD) !== 0 && !opens(text, start)) return false;
  if (!isWellFormed(number)) return false;
  const end = extensionEnd(text, number.end);
  if (end === number.end && (!closes(text, end) || isSerial(text, end))) return false;
  const { digits } = number;
  if (isMonotone(digits) || isDateLike(number, digits)) return false;
  const score = scoreOf(sweep, number, digits, regions, end);
  if (score < 0.5) return false;
  sweep.take("PHONE", start, end, score);
  return true;
}

function scoreOf(sweep: Sweep, number: WrittenNumber, digits: string, regions: readonly string[], end: number): number {
  const { start, count } = number;
  const labelled = sweep.near(FAMILY.phone, start) || isCalledAfter(sweep.text, end);
  const cued = labelled || sweep.near(FAMILY.phone_cue, start) || isBesideEmail(sweep.text, end);
  const trunk = digits.startsWith("0");
  if (number.plus) return /^[1-9]/.test(digits) && (digits.length >= 9 || cued) && count <= 7 ? 0.85 : 0;
  const grouped = count > 1;
  if (digits.length === 6) return labelled && count === 3 && number.least === 2 && !number.dotted && !number.hyphened ? 0.7 : 0;
  if (labelled) return count <= 6 ? 0.8 : 0;
  const denied = sweep.said(FAMILY.other) > start - 24;
  if (isNorthAmerican(number, digits)) return cued ? 0.8 : denied && !number.parenthesis ? 0.4 : 0.6;
  if (end > number.end && grouped) return 0.7;
  if (digits.startsWith("00") && digits.length >= 11 && grouped) return 0.6;
  if (cued && count <= 6 && (grouped ? number.least >= 2 || number.parenthesis : digits.length >= 9 && digits.length <= 11)) return 0.7;
  if (denied || !grouped || count > 6 || number.least < 2) return 0;
  // Without a trunk zero only what is grouped as numbers are somewhere.
  if (!trunk) {
    const where = number.parenthesis && number.groups[0] === 2 ? ["BR"] : BARE.find(([sizes]) => number.isGrouped(sizes))?.[1];
    return where !== undefined &&
      isPlanned(
        sweep,
        digits,
        regions.filter((region) => where.includes(region)),
      )
      ? 0.5
      : 0;
  }
  return isPlanned(sweep, digits, regions) ? 0.6 : 0;
}

/** `(415) 555-0123`, `415-555-0123`, `1.415.555.0123`: groups of 3, 3 and 4. */
function isNorthAmerican(number: WrittenNumber, digits: string): boolean {
  const bare = number.isGrouped(LOCAL);
  const long = number.isGrouped(LOCAL, 1) && (digits.startsWith("1") || digits.startsWith("001"));
  if (!bare && !long) return false;
  if (number.parenthesis || number.hyphened) return true;
  const local = bare ? digits : digits.slice(digits.startsWith("001") ? 3 : 1);
  return /^[2-9]\d\d[2-9]/.test(local) && !number.slash;
}

/** How numbers without a trunk zero are grouped, and where. */
const BARE: readonly (readonly [readonly number[], readonly string[]])[] = [
  [
    [3, 3, 3],
    ["ES", "PL", "PT"],
  ],
  [[3, 2, 2, 2], ["ES"]],
  [[2, 3, 2, 2], ["ES"]],
  [[5, 5], ["IN"]],
  [[1, 4, 4], ["CL"]],
  [[2, 5, 4], ["BR"]],
];

/** Parentheses stand around the area code, first or behind the country's; two groups with a dot are a decimal number. */
function isWellFormed(number: WrittenNumber): boolean {
  if (
    number.parenthesis &&
    number.opened > 0 &&
    !number.plus &&
    !(number.opened === 1 && (number.groups[0] ?? 0) <= 2 && number.length >= 10)
  )
    return false;
  if (number.parenthesis && number.opened > 1) return false;
  return !(number.dotted && number.count === 2);
}

const LOCAL = [3, 3, 4] as const;

/** Whether the numbering plan of a region has the number. Plans are slow to ask, so that a text may ask a limited number of times. */
function isPlanned(sweep: Sweep, digits: string, regions: readonly string[]): boolean {
  for (const region of regions) {
    if (NATIONAL[region]?.test(digits) !== true || !sweep.mayAsk()) continue;
    if (isValidPhoneNumber(digits, region as CountryCode)) return true;
  }
  return false;
}

/** `123-456-7890-X`: it goes on with letters that are no label. */
function isSerial(text: string, end: number): boolean {
  return text.charCodeAt(end) === 45 && (kindAt(text, end + 1) & WORD) !== 0 && !isCalledAfter(text, end);
}

/** Years, days and months, times: not numbers to call. */
function isDateLike(number: WrittenNumber, digits: string): boolean {
  const [first = 0, second = 0, third = 0] = number.groups;
  if (number.count === 3 && second <= 2 && ((first === 4 && third <= 2) || (first <= 2 && third === 4))) return true;
  if (number.count > 3 && first === 4 && second === 2 && third === 2 && /^(?:19|20)\d\d[01]\d[0-3]\d/.test(digits)) return true;
  return number.count === 2 && first === 4 && second === 4 && /^(?:19|20)\d\d(?:19|20)\d\d$/.test(digits);
}

/** Behind ` x204`, ` ext. 204`; else where the number ended. */
function extensionEnd(text: string, end: number): number {
  if (!mayFollow(text, end, "xedpED")) return end;
  EXTENSION.lastIndex = end;
  const match = EXTENSION.exec(text);
  return match === null ? end : end + match[0].length;
}

export const EXTENSION = /(?: ?x ?|,? ?(?:ext|extension|Ext|EXT|Durchwahl|poste)\.? ?)\d{1,6}(?![\w@])/y;

/** Whether one of the letters is next, over a space or such: a look that spares a pattern. */
function mayFollow(text: string, end: number, letters: string): boolean {
  let index = end;
  while (index < end + 2 && index < text.length && " \t,-(".includes(text.charAt(index))) index += 1;
  return index < text.length && letters.includes(text.charAt(index));
}

/** A number in a list, an e-mail address behind it. */
function isBesideEmail(text: string, end: number): boolean {
  const code = text.charCodeAt(end);
  if (code !== 44 && code !== 59 && code !== 9 && code !== 124 && code !== 32) return false;
  LISTED.lastIndex = end;
  return LISTED.test(text);
}

export const LISTED = /[,;\t| ]{1,3}<?[\w.+-]{1,40}@\w/y;

/** `555-0123 (office)`, `555-0123 fax`, `555-0123-Office`: the label behind. */
function isCalledAfter(text: string, end: number): boolean {
  if (!mayFollow(text, end, "ofmchwptdOFMCHWPTD")) return false;
  CALLED.lastIndex = end;
  return CALLED.test(text);
}

export const CALLED = /[ \t]?[-(]?(?:office|fax|mobile|cell|home|work|phone|tel|desk|handy|mobil)\b/iy;
