import { ALPHANUMERIC, DIGIT, isDigit, kindAt, LETTER, LOWER, UPPER, WORD } from "./characters.ts";
import { FAMILY } from "./families.ts";
import type { PiiType } from "./finding.ts";
import { hasLower } from "./ids.ts";
import type { WrittenNumber } from "./numbers.ts";
import { REACH } from "./sweep.ts";
import type { Sweep } from "./sweep.ts";

/** What a label's value may look like: how many characters without separators, how many of them digits. */
interface Shape {
  readonly family: number;
  readonly type: PiiType;
  readonly least: number;
  readonly most: number;
  readonly digits: number;
  /** Whether groups of letters belong to it, as on plates. */
  readonly words?: boolean;
}

const SHAPES: readonly Shape[] = [
  { family: FAMILY.passport, type: "PASSPORT", least: 6, most: 12, digits: 3 },
  { family: FAMILY.licence, type: "DRIVER_LICENSE", least: 5, most: 20, digits: 3, words: true },
  { family: FAMILY.medical, type: "MEDICAL_ID", least: 5, most: 20, digits: 4, words: true },
  { family: FAMILY.account, type: "BANK_ACCOUNT", least: 6, most: 24, digits: 6 },
  { family: FAMILY.routing, type: "ROUTING_NUMBER", least: 6, most: 12, digits: 5 },
  { family: FAMILY.ssn, type: "SSN", least: 9, most: 15, digits: 8 },
  { family: FAMILY.national_id, type: "NATIONAL_ID", least: 5, most: 20, digits: 3, words: true },
  { family: FAMILY.tax_id, type: "TAX_ID", least: 8, most: 18, digits: 5, words: true },
  { family: FAMILY.plate, type: "LICENSE_PLATE", least: 4, most: 10, digits: 1, words: true },
  { family: FAMILY.vin, type: "VIN", least: 17, most: 17, digits: 3 },
  { family: FAMILY.device, type: "DEVICE_ID", least: 8, most: 22, digits: 4 },
];

/** A value whose label stands shortly before: the latest label counts, and what the value looks like must fit it. */
export function labelled(sweep: Sweep, start: number, end: number, number?: WrittenNumber): boolean {
  if (start - sweep.identity > REACH) return false;
  let best: Shape | undefined;
  let latest = -1;
  for (const shape of SHAPES) {
    const said = sweep.said(shape.family);
    if (said > latest && sweep.near(shape.family, start)) {
      latest = said;
      best = shape;
    }
  }
  if (best === undefined) return false;
  const { text } = sweep;
  if (start - latest > 4 && ENDED.test(text.slice(latest, start).replace(/^\W{1,3}/, ""))) return false;
  const from = extendedLeft(text, start, Math.max(latest, sweep.resume));
  let to = extendedRight(text, from, end, best);
  // Groups with ` - ` between.
  if (
    number !== undefined &&
    from === start &&
    number.end > to &&
    number.length >= best.least &&
    number.length <= best.most &&
    number.hyphened
  )
    to = number.end;
  if (
    !fits(text, from, to, best, from - latest <= 4) ||
    /^\d{4}-\d\d-\d\d(?!\d)|^\d\d:\d\d|^\d{1,2}\/\d{1,2}\/\d{2,4}$|^\d+\.\d{1,2}$|^(?:19|20)\d\d$|^\d+[a-z]{1,3}$|^[A-Z]{2,6} (?:19|20)\d\d$/.test(
      text.slice(from, to),
    )
  )
    return false;
  sweep.take(best.type, from, to, 0.75);
  sweep.answer(best.family, to);
  return true;
}

/** Another sentence, another field, another paragraph began since the label. */
export const ENDED = /[;!?] |(?<!\b(?:no|nr|num|n))\. |\n\s*\n/i;

/** `close`: the label is right in front, so that one digit is enough. */
function fits(text: string, from: number, to: number, shape: Shape, close: boolean): boolean {
  const before = text.charCodeAt(from - 1);
  if (before === 36 || before === 0x20ac || before === 0xa3 || before === 64) return false;
  if ((kindAt(text, to) & WORD) !== 0 || text.charCodeAt(to) === 64 || text.charCodeAt(to) === 37) return false;
  let length = 0;
  let digits = 0;
  for (let index = from; index < to; index++) {
    const kind = kindAt(text, index);
    if ((kind & ALPHANUMERIC) !== 0) length += 1;
    if (kind === DIGIT) digits += 1;
  }
  if (length < shape.least || length > shape.most || digits < (close ? 1 : shape.digits)) return false;
  if (hasLower(text, from, to) && digits < length / 2) return false;
  return !/^(?:ORD|INV|PO|TCK|SKU|REF|REQ|BUG|JIRA|CVE|RFC|ISO)[-_# ]/i.test(text.slice(from, from + 5));
}

/** Over groups in front: `ID-` of `ID-FKR26J1F`, `K` of `K 1234567`. */
function extendedLeft(text: string, start: number, limit: number): number {
  let from = start;
  for (let count = 0; count < 2; count++) {
    const joint = text.charCodeAt(from - 1);
    if (joint !== 45 && joint !== 32 && joint !== 46) break;
    let group = from - 1;
    while (group > limit && from - group < 7 && (kindAt(text, group - 1) & (joint === 32 ? UPPER : LETTER)) !== 0) group -= 1;
    if (group === from - 1 || group < limit || (kindAt(text, group - 1) & WORD) !== 0) break;
    if (joint === 32 && from - group > 6) break;
    from = group;
  }
  return from;
}

/** Over groups behind: parted by `-`, `.` or `/` any that has a digit, parted by a space those that look like more of the same. */
function extendedRight(text: string, from: number, end: number, shape: Shape): number {
  let to = end;
  while (to - from < 28) {
    const joint = text.charCodeAt(to);
    if (joint !== 45 && joint !== 46 && joint !== 47 && joint !== 32) break;
    let group = to + 1;
    let digits = 0;
    let lower = 0;
    while (group - to < 20 && (kindAt(text, group) & ALPHANUMERIC) !== 0) {
      const kind = kindAt(text, group);
      if (kind === DIGIT) digits += 1;
      else if (kind === LOWER) lower += 1;
      group += 1;
    }
    const size = group - to - 1;
    if (size === 0 || (kindAt(text, group) & WORD) !== 0) break;
    if (joint === 32) {
      if (lower > 0 || size > 9) break;
      if (digits === 0 && (shape.words !== true || size > 4)) break;
      if (size > 4 && isDigit(text, to - 1) && to - from >= shape.least && shape.family === FAMILY.account) break;
      if (isLongEnough(text, from, to, shape)) break;
    } else if (digits === 0 && (joint !== 45 || lower > 0 || size > 4)) break;
    to = group;
  }
  return to;
}

/** A value that cannot grow: the next word is another thing. */
function isLongEnough(text: string, from: number, to: number, shape: Shape): boolean {
  let length = 0;
  for (let index = from; index < to; index++) if ((kindAt(text, index) & ALPHANUMERIC) !== 0) length += 1;
  return length >= shape.most || (shape.family === FAMILY.plate && length >= 7);
}
