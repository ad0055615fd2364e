import { kindAt, LETTER, UPPER } from "./characters.ts";
import type { Sweep } from "./sweep.ts";

/*
 * Addresses whose form alone is sure: a street's word or ending with a house number, a post box. What else is an address is the tagger's.
 */

/** How sure a street with a number is; the tagger may be surer of more. */
const SCORE = 0.6;
const WINDOW = 72;

/** `12 Rose`, `1209 N. Main`, `4B Old Mill`: what stands before Street. */
export const BEFORE =
  /(?<![\p{L}\d.#$€£-])\d{1,6}[A-Za-z]?(?:[-/]\d{1,5})? (?:(?:[NSEW]\.?|[NS][EW]|\p{Lu}[\p{L}'’-]{0,24}\.?|\d{1,3}(?:st|nd|rd|th)) ){1,4}$/u;
/** A flat, a floor, a suite. */
const UNIT = String.raw`(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Fl|Rm|Room|#)\.? ?[A-Z]?\d{0,5}[A-Z]?(?!\w))?`;
const TOWN = String.raw`(?:St\. )?\p{Lu}[\p{L}'’-]{1,24}(?:[ -](?:\p{Lu}[\p{L}'’-]{1,24}|de|la|le|les|sur|am|an der|del|do|da|upon|of|im)){0,3}`;
/** What follows an English street: unit, town, state and ZIP or postcode. */
export const AFTER = new RegExp(
  String.raw`\.?(?: [NSEW][EW]?\b)?${UNIT}(?:,?(?: |\n)${TOWN},? (?:[A-Z]{2,3},? )?(?:\d{5}(?:-\d{4})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{4})(?!\w)|,? ${TOWN},? [A-Z]{2}(?!\w))?`,
  "uy",
);
/** What follows a street elsewhere: floor, postcode, town. */
export const BEHIND = new RegExp(
  String.raw`(?:,? (?:\d{1,2}º ?[A-Z]?|\d{1,2}\. ?(?:OG|Stock)|Apt\.? ?\d{1,4}|bajo|piso \d{1,2}))?(?:(?:, ?| |\n)(?:[A-Z]{1,2}-)?(?:\d{4} ?[A-Z]{2}|\d{5}-\d{3}|\d{2}-\d{3}|\d{3} \d{2}|\d{4,5}) ${TOWN})?`,
  "uy",
);
/** `12 bis, ` before rue. */
export const HOUSE = /(?<![\p{L}\d.#$€£-])\d{1,4}(?: ?(?:bis|ter|quater|[A-D]))?,? $/u;
/** `de la Paix`, `Mayor 12`, `Roma, 5/B`: what follows rue, calle, via; with a number when none came before. */
export const NAME =
  /\.? (?:(?:de|del|della|dei|des|du|da|do|dos|das|la|le|les|los|las|l'|d'|di|San|Santa) ?){0,3}\p{Lu}[\p{L}'’.-]{1,24}(?: (?:(?:de|del|della|des|du|da|do|la|e|y) )?\p{Lu}[\p{L}'’.-]{0,24}){0,3}/uy;
export const NUMBER = /,? (?:n\.?[º°o]? ?|no\.? |nr\.? )?\d{1,5}(?:[-/]?[A-Za-z](?!\w)|[-/]\d{1,4})?(?![\d.,]\d|\w)/uy;

/** A street by its English word, from `start` to `end`; the house number and the name are in front. */
export function street(sweep: Sweep, start: number, end: number): void {
  const { text } = sweep;
  if (kindAt(text, start) !== UPPER || text.charCodeAt(start - 1) !== 32) return;
  const window = Math.max(0, start - WINDOW);
  const before = BEFORE.exec(text.slice(window, start));
  if (before === null) return;
  AFTER.lastIndex = end;
  AFTER.test(text);
  claim(sweep, window + before.index, Math.max(end, AFTER.lastIndex));
}

/** A street by the word in front of its name: rue, calle, via; the number before it or behind. */
export function wordedStreet(sweep: Sweep, start: number, end: number): void {
  const { text } = sweep;
  if (/box|post|apartado|casella|skrytka/i.test(text.slice(start, end))) {
    BOX.lastIndex = end;
    if (BOX.test(text)) claim(sweep, start, BOX.lastIndex);
    return;
  }
  NAME.lastIndex = end;
  if (!NAME.test(text)) return;
  let to = NAME.lastIndex;
  const window = Math.max(0, start - 14);
  const house = HOUSE.exec(text.slice(window, start));
  if (house === null) {
    NUMBER.lastIndex = to;
    if (!NUMBER.test(text)) return;
    to = NUMBER.lastIndex;
  }
  claim(sweep, house === null ? start : window + house.index, behind(text, to));
}

const ENDINGS =
  /(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|damm|ufer|chaussee|steig|laan|straat|gracht|plein|singel|dijk|(?<!bri|rene)gade|vej|gatan|gata|vägen|väg|veien|katu|tie|utca|út)$/iu;

/** A street by its ending, `Hauptstraße 12`, from the house number at `start`. */
export function endedStreet(sweep: Sweep, start: number, end: number): boolean {
  const { text } = sweep;
  if (
    text.charCodeAt(start - 1) !== 32 ||
    text.charCodeAt(start) < 49 ||
    text.charCodeAt(start) > 57 ||
    !/^\d{1,4}[a-h]?$/.test(text.slice(start, end))
  )
    return false;
  const last = text.charCodeAt(start - 2);
  if (last !== 46 && (kindAt(text, start - 2) & LETTER) === 0) return false;
  const window = Math.max(0, start - 41);
  const name = /\p{Lu}[\p{L}'’.-]{2,38}(?: [A-Z]\p{L}{1,12}){0,1}$/u.exec(text.slice(window, start - 1));
  if (name === null || !ENDINGS.test(name[0])) return false;
  if (/^(?:Weg|Platz|Ring|Tie|Vej|Str\.)$/.test(name[0])) return false;
  SUFFIX.lastIndex = end;
  SUFFIX.test(text);
  claim(sweep, window + name.index, behind(text, Math.max(end, SUFFIX.lastIndex)));
  return true;
}

const SUFFIX = /(?: ?[a-h](?!\w)|-\d{1,4})/y;

/** The number of a post box. */
const BOX = /\.?,? ?(?:#|n[º°o.]{0,2} ?)?\d{1,7}(?!\w)/y;

function behind(text: string, end: number): number {
  BEHIND.lastIndex = end;
  BEHIND.test(text);
  return Math.max(end, BEHIND.lastIndex);
}

/** The digits inside are the address's, whatever else they look like. */
function claim(sweep: Sweep, start: number, end: number): void {
  sweep.take("ADDRESS", start, end, SCORE);
}
