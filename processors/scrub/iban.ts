import { FAMILY } from "./families.ts";
import { isDigit, kindAt, LETTER, WORD } from "./characters.ts";
import { mod97 } from "./checks.ts";
import { compact } from "./ids.ts";
import { COUNTRIES } from "./swift.ts";
import type { Sweep } from "./sweep.ts";

/** Length by country, as the SWIFT registry of May 2026 lists them. */
const LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 " +
    "LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
  )
    .split(" ")
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** An IBAN that begins at `start`: country, check digits, its length, in one piece or in groups parted by a space or a hyphen. */
export function iban(sweep: Sweep, start: number): boolean {
  const { text } = sweep;
  if (
    (kindAt(text, start) & LETTER) === 0 ||
    (kindAt(text, start + 1) & LETTER) === 0 ||
    !isDigit(text, start + 2) ||
    !isDigit(text, start + 3)
  )
    return false;
  if ((kindAt(text, start - 1) & WORD) !== 0) return false;
  const length = LENGTHS[text.slice(start, start + 2).toUpperCase()];
  if (length === undefined) return false;
  let end = start;
  let count = 0;
  while (count < length) {
    const code = text.charCodeAt(end);
    if ((code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)) count += 1;
    else if ((code !== 32 && code !== 45 && code !== 46) || count < 2 || (kindAt(text, end + 1) & WORD) === 0) return false;
    end += 1;
  }
  if ((kindAt(text, end) & WORD) !== 0) return false;
  const value = compact(text.slice(start, end));
  const right = mod97(value.slice(4) + value.slice(0, 4)) === 1;
  if (!right && !sweep.near(FAMILY.iban, start)) return false;
  sweep.take("IBAN", start, end, right ? 0.95 : 0.6);
  bankBeside(sweep, end);
  return true;
}

/** The bank's code right behind an account, with or without a label. */
function bankBeside(sweep: Sweep, end: number): void {
  BESIDE.lastIndex = end;
  const code = BESIDE.exec(sweep.text)?.[1];
  if (code !== undefined && COUNTRIES.has(code.slice(4, 6)))
    sweep.take("SWIFT_BIC", BESIDE.lastIndex - code.length, BESIDE.lastIndex, 0.75);
}

export const BESIDE = /[\s,;/|()-]{1,4}([A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?)(?!\w)/y;
