import { FAMILY } from "./families.ts";
import { isMonotone } from "./checks.ts";
import { closes, opens } from "./numbers.ts";
import type { WrittenNumber } from "./numbers.ts";
import type { Sweep } from "./sweep.ts";

/** A payment card in the number; how sure: grouped like one, or next to a label, or by its check digit alone. */
export function card(sweep: Sweep, number: WrittenNumber): boolean {
  const { text } = sweep;
  const { length } = number;
  if (length < 12 || length > 19 || number.plus || number.slash || number.parenthesis) return false;
  if (!opens(text, number.start) || !closes(text, number.end)) return false;
  const labelled = sweep.near(FAMILY.card, number.start, 64) && sweep.said(FAMILY.card) > sweep.said(FAMILY.account);
  const grouped = number.count >= 3 && GROUPINGS.some((sizes) => number.isGrouped(sizes));
  if (!labelled && !grouped && number.count > 1) return false;
  const right = number.isLuhn;
  if (!right && !labelled) return false;
  const { digits } = number;
  const issued = isIssued(digits);
  if ((!issued && !labelled) || isMonotone(digits)) return false;
  if (!right) {
    // A typing error keeps the form; the label says what was meant.
    if (!labelled || !issued || (length !== 16 && length !== 15)) return false;
    sweep.take("CREDIT_CARD", number.start, number.end, 0.6);
    return true;
  }
  const usual = length >= 14 && length <= 16 && !/^(?:5[06-9]|6[1-36-9])/.test(digits) && !sweep.near(FAMILY.account, number.start);
  let score = grouped ? 0.85 : usual ? 0.6 : 0.3;
  if (labelled) score += 0.35;
  else if (sweep.said(FAMILY.other) > number.start - 24) score -= 0.3;
  if (score < 0.5) return false;
  sweep.take("CREDIT_CARD", number.start, number.end, Math.min(score, 0.97));
  return true;
}

const GROUPINGS: readonly (readonly number[])[] = [
  [4, 4, 4, 4],
  [4, 6, 5],
  [4, 6, 4],
  [4, 4, 4, 1],
  [4, 4, 4, 2],
  [4, 4, 4, 3],
  [4, 4, 4, 4, 3],
];

/** Whether an issuer owns numbers of this beginning and length. */
export function isIssued(digits: string): boolean {
  const length = digits.length;
  const two = Number(digits.slice(0, 2));
  const four = Number(digits.slice(0, 4));
  if (digits.startsWith("4")) return length === 13 || length === 16 || length === 19;
  if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return length === 16;
  if (two === 34 || two === 37) return length === 15;
  if ((four >= 3000 && four <= 3059) || two === 36 || two === 38 || two === 39) return length >= 14 && length <= 19;
  if (four >= 3528 && four <= 3589) return length >= 16;
  if (four === 6011 || two === 65 || (four >= 6440 && four <= 6499)) return length >= 16;
  if (two === 62 || two === 81) return length >= 16;
  if (two === 50 || (two >= 56 && two <= 69)) return length >= 12;
  return four === 1800 || four === 2131 ? length === 15 : four >= 2200 && four <= 2204 && length >= 16;
}
