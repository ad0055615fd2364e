import { FAMILY } from "./families.ts";
import { isDigit, kindAt, LOWER, WORD } from "./characters.ts";
import type { IdForm, Locale } from "./locales/locale.ts";
import { closes, opens } from "./numbers.ts";
import type { Sweep } from "./sweep.ts";

interface Form {
  readonly id: IdForm;
  readonly form: string;
  readonly family: number;
  /** Characters in front of the run by which the form is found. */
  readonly lead: number;
  /** What parts its groups, 0 when it has one group. */
  readonly separator: number;
}

/** The forms of all packs: by the length of their first group with a digit, and by what follows it. */
export type FormTable = ReadonlyMap<number, readonly Form[]>;

export function formTable(locales: readonly Locale[]): FormTable {
  const table = new Map<number, Form[]>();
  for (const id of new Set(locales.flatMap((locale) => locale.ids))) {
    for (const form of id.forms) {
      const group = /[0-9A-Z]*[9X0-8][0-9A-Z]*/.exec(form);
      if (group === null) continue;
      const key = keyOf(group[0].length, form, group.index + group[0].length);
      table.set(key, [
        ...(table.get(key) ?? []),
        { id, form, family: FAMILY[id.family], lead: group.index, separator: /[ -]/.exec(form)?.[0].charCodeAt(0) ?? 0 },
      ]);
    }
  }
  return table;
}

/** One number for a group's length, the separator behind it, and the length of the group behind that; no separator is 0. */
function keyOf(length: number, text: string, end: number): number {
  const separator = text.charCodeAt(end);
  if (!(separator >= 32 && separator <= 47)) return length << 16;
  let next = end + 1;
  while (next - end < 32 && (kindAt(text, next) & WORD) !== 0) next += 1;
  return (length << 16) | (separator << 8) | (next - end - 1);
}

/** Identifiers whose form has the run from `start` to `end` as its first group with a digit. */
export function identifiers(sweep: Sweep, table: FormTable, start: number, end: number): boolean {
  const { text } = sweep;
  const alone = (end - start) << 16;
  const key = keyOf(end - start, text, end);
  const together = key === alone ? undefined : best(sweep, table.get(key), start);
  const form = together ?? best(sweep, table.get(alone), start);
  if (form === undefined) return false;
  const from = start - form.lead;
  const to = from + form.form.length;
  const labelled = sweep.near(form.family, from);
  sweep.take(form.id.type, from, to, Math.min(form.id.score + (labelled ? 0.4 : 0), 0.97));
  if (labelled) sweep.answer(form.family, to);
  return true;
}

/** The surest of the forms that the text at `start` has. */
function best(sweep: Sweep, forms: readonly Form[] | undefined, start: number): Form | undefined {
  if (forms === undefined) return undefined;
  const { text } = sweep;
  let surest: Form | undefined;
  let highest = 0.5;
  for (const form of forms) {
    const from = start - form.lead;
    if (form.separator !== 0 && isPart(text, from, form)) continue;
    const written = spelledLike(text, from, form.form);
    if (written === MISMATCH || !opens(text, from) || !closes(text, from + form.form.length)) continue;
    const { id } = form;
    const labelled = sweep.near(form.family, from);
    let score = id.score + (labelled ? 0.4 : sweep.said(FAMILY.other) > from - 24 ? -0.3 : 0);
    if (written === SMALL && !labelled) score -= 0.3;
    if (score < highest) continue;
    if (id.check !== undefined && !id.check(compact(text.slice(from, from + form.form.length)))) continue;
    surest = form;
    highest = score;
  }
  return surest;
}

/** A form of groups inside a longer row of such groups is a piece of something else. */
function isPart(text: string, from: number, { form, separator }: Form): boolean {
  const end = from + form.length;
  return (
    (text.charCodeAt(end) === separator && isDigit(text, end + 1) && isDigit(text, end + 2)) ||
    (text.charCodeAt(from - 1) === separator && isDigit(text, from - 2) && isDigit(text, from - 3))
  );
}

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
