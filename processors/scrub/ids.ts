import { isDigit, kindAt, LOWER, WORD } from "./characters.ts";
import type { IdForm, Locale } from "./locales/locale.ts";
import { closes, opens } from "./numbers.ts";
import type { Sweep } from "./sweep.ts";

interface Form {
  readonly id: IdForm;
  readonly form: string;
  /** Characters in front of the run by which the form is found. */
  readonly lead: number;
}

/** The forms of all packs, by the length of the first of their groups that has a digit. */
export type FormTable = readonly (readonly Form[])[];

const LONGEST = 40;

export function formTable(locales: readonly Locale[]): FormTable {
  const table: Form[][] = Array.from({ length: LONGEST }, () => []);
  for (const id of new Set(locales.flatMap((locale) => locale.ids))) {
    for (const form of id.forms) {
      const group = /[0-9A-Z]*[9X0-8][0-9A-Z]*/.exec(form);
      if (group !== null) table[group[0].length]?.push({ id, form, lead: group.index });
    }
  }
  return table;
}

/** Identifiers whose form has the run from `start` to `end` as its first group with a digit. */
export function identifiers(sweep: Sweep, table: FormTable, start: number, end: number): boolean {
  const { text } = sweep;
  let best: Form | undefined;
  let bestScore = 0.5;
  for (const form of table[end - start] ?? NONE) {
    const from = start - form.lead;
    const written = spelledLike(text, from, form.form);
    if (written === MISMATCH || !opens(text, from) || !closes(text, from + form.form.length) || isPart(text, from, form.form)) continue;
    const { id } = form;
    const labelled = sweep.near(id.family, from);
    let score = id.score + (labelled ? 0.4 : sweep.said("other") > from - 24 ? -0.3 : 0);
    if (written === SMALL && !labelled) score -= 0.3;
    if (score < bestScore) continue;
    if (id.check !== undefined && !id.check(compact(text.slice(from, from + form.form.length)))) continue;
    best = form;
    bestScore = score;
  }
  if (best === undefined) return false;
  const from = start - best.lead;
  const to = from + best.form.length;
  sweep.take(best.id.type, from, to, Math.min(bestScore, 0.97));
  if (sweep.near(best.id.family, from)) sweep.answer(best.id.family, to);
  return true;
}

/** A form of groups inside a longer row of such groups is a piece of something else. */
function isPart(text: string, from: number, form: string): boolean {
  const separator = /[ -]/.exec(form)?.[0].charCodeAt(0);
  if (separator === undefined) return false;
  const end = from + form.length;
  return (
    (text.charCodeAt(end) === separator && isDigit(text, end + 1) && isDigit(text, end + 2)) ||
    (text.charCodeAt(from - 1) === separator && isDigit(text, from - 2) && isDigit(text, from - 3))
  );
}

const NONE: readonly Form[] = [];
const MISMATCH = 0;
const EXACT = 1;
/** It would be, were its letters large. */
const SMALL = 2;

function spelledLike(text: string, from: number, form: string): number {
  if (from < 0 || from + form.length > text.length) return MISMATCH;
  let result = EXACT;
  for (let index = 0; index < form.length; index++) {
    let code = text.charCodeAt(from + index);
    const wanted = form.charCodeAt(index);
    if (wanted === 57) {
      if (code < 48 || code > 57) return MISMATCH;
      continue;
    }
    if (code >= 97 && code <= 122) {
      code -= 32;
      result = SMALL;
    }
    if (wanted === 65) {
      if (code < 65 || code > 90) return MISMATCH;
    } else if (wanted === 88) {
      if (!((code >= 48 && code <= 57) || (code >= 65 && code <= 90))) return MISMATCH;
    } else if (code !== wanted) return MISMATCH;
  }
  return result;
}

/** Without separators, in upper case. */
export function compact(written: string): string {
  return written.replace(/[^0-9A-Za-z]/g, "").toUpperCase();
}

/** Whether the characters from `start` to `end` have a small letter. */
export function hasLower(text: string, start: number, end: number): boolean {
  for (let index = start; index < end; index++) if ((kindAt(text, index) & WORD) === LOWER) return true;
  return false;
}
