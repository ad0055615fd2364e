import type { Sweep } from "./sweep.ts";

/** How far behind a birth label its date may begin. */
const WINDOW = 40;

/** A date in its usual spellings. Months are checked by `MONTHS`. */
export const DATE =
  /(?<![\d./-])(?:(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.](?:3[01]|[12]\d|0?[1-9])|(?:3[01]|[12]\d|0?[1-9])([-/. ])(?:3[01]|[12]\d|0?[1-9])\1(?:(?:19|20)\d\d|\d\d)|(?:19|20)\d\d年 ?\d{1,2}月 ?\d{1,2}日|(?:19|20)\d\d년 ?\d{1,2}월 ?\d{1,2}일|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:3[01]|[12]\d|0[1-9])|(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th|er|º|ª)?(?: of|\.| de)?[ -](\p{L}{3,12})\.?,?(?: de| of| del)?[ -](?:(?:19|20)\d\d|\d\d)|(\p{L}{3,12})\.? (?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?,? (?:19|20)\d\d)(?![\d/-])/u;

/** The longest date. */
const LONGEST = 24;
/** How far a day without a year may be. */
const NEAR = 28;
/** A day and its month, without a year: a birthday. */
export const DAY =
  /(?<![\d./-])(?:(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th|er|º|\.)?(?: of| de)? (\p{L}{3,12})|(\p{L}{3,12})\.? (?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?)(?![\p{L}\d])/u;

/** The date behind a birth label that ended at `from`. */
export function birth(sweep: Sweep, from: number, months: ReadonlySet<string>): void {
  const { text } = sweep;
  // No date begins before `undated`: an earlier label looked.
  const start = Math.max(from, sweep.undated);
  const reach = from + WINDOW;
  if (start >= reach) return;
  const window = text.slice(start, reach + LONGEST);
  sweep.undated = reach;
  if (!/\d/.test(window)) return;
  const match = DATE.exec(window) ?? (start === from ? DAY.exec(window.slice(0, NEAR)) : null);
  if (match === null || match.index > reach - start) return;
  sweep.undated = start + match.index + match[0].length;
  const month = match.slice(1).find((group) => group !== undefined && /\p{L}/u.test(group));
  if (month !== undefined && !months.has(month.toLowerCase())) return;
  if (/[.!?]\s+[A-Z]|\n\s*\n|(?<!\d)(?:19|20)\d\d(?!\d)/.test(text.slice(from, start + match.index))) return;
  sweep.take("DATE_OF_BIRTH", start + match.index, start + match.index + match[0].length, 0.8);
}
