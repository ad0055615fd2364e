import { UPPER, kindAt, WORD } from "./characters.ts";
import type { Sweep } from "./sweep.ts";

/** Bank (four letters), country, place, and perhaps a branch. */
export const BIC = /[A-Za-z]{6}[A-Za-z0-9]{2}(?:[A-Za-z0-9]{3})?(?!\w)/y;
/** ISO 3166, and Kosovo. */
export const COUNTRIES: ReadonlySet<string> = new Set(
  "AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW".split(
    " ",
  ),
);

/** A bank's code behind its label: the first such word within a few. */
export function swift(sweep: Sweep, from: number): void {
  const { text } = sweep;
  const limit = Math.min(text.length, from + 32);
  for (let index = from; index < limit; index++) {
    if ((kindAt(text, index) & WORD) === 0 || (kindAt(text, index - 1) & WORD) !== 0) continue;
    BIC.lastIndex = index;
    if (!BIC.test(text)) continue;
    const country = text.slice(index + 4, index + 6);
    if (!COUNTRIES.has(country.toUpperCase()) || ((kindAt(text, index) & UPPER) === 0 && index - from > 6)) continue;
    if ((kindAt(text, index) & UPPER) !== 0 && (kindAt(text, index + 1) & UPPER) === 0) continue;
    if ((kindAt(text, index) & UPPER) === 0 && !/\d/.test(text.slice(index, BIC.lastIndex))) continue;
    sweep.take("SWIFT_BIC", index, BIC.lastIndex, 0.85);
    return;
  }
}
