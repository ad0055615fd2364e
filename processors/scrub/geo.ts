import { FAMILY } from "./families.ts";
import { isDigit } from "./characters.ts";
import type { Sweep } from "./sweep.ts";

/** A pair of decimal degrees with at least three places each; with a label two places do. */
export const PAIR =
  /[-+]?(?:[0-8]?\d|90)\.(\d{2,15})°? ?[NS]?(?:,|;|\/|%2C| |, ) ?[-+]?(?:1[0-7]\d|180|\d?\d)\.(\d{2,15})(?!\d|\.\d)°?(?: ?[EWO]\b)?/y;
/** Degrees, minutes and seconds, twice. */
export const SEXAGESIMAL =
  /\d{1,2}°\s?\d{1,2}['′’]\s?(?:\d{1,2}(?:\.\d{1,4})?["″”]\s?)?[NS],?\s{0,2}\d{1,3}°\s?\d{1,2}['′’]\s?(?:\d{1,2}(?:\.\d{1,4})?["″”]\s?)?[EWO]/y;
/** One coordinate behind its label. */
export const COORDINATE = /[-+]?\d{1,3}\.\d{3,15}(?!\d|\.\d)/y;

/** Coordinates that begin with the digits at `start`. */
export function geo(sweep: Sweep, start: number, end: number): boolean {
  const { text } = sweep;
  if (end - start > 3) return false;
  const code = text.charCodeAt(end);
  if (code === 0xb0) return match(sweep, SEXAGESIMAL, start) || pair(sweep, start);
  if (code !== 46 || !isDigit(text, end + 1) || !isDigit(text, end + 2)) return false;
  return pair(sweep, start);
}

function pair(sweep: Sweep, start: number): boolean {
  const { text } = sweep;
  const before = text.charCodeAt(start - 1);
  const from = before === 45 || before === 43 ? start - 1 : start;
  const ahead = text.charCodeAt(from - 1);
  if ((ahead >= 48 && ahead <= 57) || ahead === 46 || ahead === 36) return false;
  PAIR.lastIndex = from;
  const found = PAIR.exec(text);
  const labelled = sweep.near(FAMILY.geo, from);
  if (found !== null) {
    const places = Math.min(found[1]?.length ?? 0, found[2]?.length ?? 0);
    if (labelled || (places >= 4 && /-\d|\d\d\./.test(found[0])) || (places >= 3 && /[NSEW°]/.test(found[0]))) {
      sweep.take("GEO", from, from + found[0].length, labelled ? 0.9 : 0.7);
      return true;
    }
  }
  if (!sweep.near(FAMILY.geo, from, 16)) return false;
  return match(sweep, COORDINATE, from);
}

function match(sweep: Sweep, pattern: RegExp, from: number): boolean {
  pattern.lastIndex = from;
  if (!pattern.test(sweep.text)) return false;
  sweep.take("GEO", from, pattern.lastIndex, 0.75);
  return true;
}
