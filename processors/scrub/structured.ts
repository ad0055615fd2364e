import { endedStreet, street, wordedStreet } from "./addresses.ts";
import { birth } from "./births.ts";
import { Bridge } from "./bridge.ts";
import { card } from "./cards.ts";
import { DIGIT, UNDERSCORE } from "./characters.ts";
import { pair, password, passwordBefore, username } from "./credentials.ts";
import type { Announced } from "./credentials.ts";
import { cryptoAddress } from "./crypto_addresses.ts";
import { email, spelledEmail } from "./emails.ts";
import { bitOf, FAMILY } from "./families.ts";
import { geo } from "./geo.ts";
import { iban } from "./iban.ts";
import { formTable, identifiers } from "./ids.ts";
import type { FormTable } from "./ids.ts";
import { labelled } from "./labelled.ts";
import { monthsOf, vocabularyOf } from "./labels.ts";
import type { Locale } from "./locales/locale.ts";
import { hexGroups, ipv4, mayBeHexGroup } from "./network.ts";
import { WrittenNumber } from "./numbers.ts";
import { phone } from "./phones.ts";
import { AT, DASHES, KNOWN, OPTION, read, RUN, SCHEME } from "./read.ts";
import { assignedSecret, authorization } from "./secrets/assigned.ts";
import { commandOption, privateKey, urlCredentials } from "./secrets/places.ts";
import { shapedToken, jwt, vendorKey } from "./secrets/vendor.ts";
import { Sweep } from "./sweep.ts";
import type { Candidate } from "./sweep.ts";
import { unmask } from "./unmask.ts";
import { swift } from "./swift.ts";
import { skipKnown } from "./skip.ts";
import { vehicle } from "./vehicles.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Everything that form, check digits and labels tell; names and addresses in prose are another's. */
export class Structured {
  readonly #vocabulary: Vocabulary;
  readonly #forms: FormTable;
  readonly #months: ReadonlySet<string>;
  readonly #regions: readonly string[];
  readonly #sweep = new Sweep();
  readonly #bridge = new Bridge();
  readonly #number = new WrittenNumber();

  constructor(locales: readonly Locale[]) {
    this.#vocabulary = vocabularyOf(locales);
    this.#forms = formTable(locales);
    this.#months = monthsOf(locales);
    this.#regions = locales.map((locale) => locale.region);
  }

  /** Candidates in any order; they may overlap. */
  find(text: string): readonly Candidate[] {
    const sweep = this.#sweep;
    sweep.begin(text);
    const { marks } = sweep;
    read(text, this.#vocabulary, marks);
    if (marks.disguised) return this.#unmasked(text);
    return this.#sweepMarks();
  }

  /** The findings of the text as it looks, where they are in the text as it is. */
  #unmasked(original: string): readonly Candidate[] {
    const { text, origins } = unmask(original);
    this.#sweep.begin(text);
    read(text, this.#vocabulary, this.#sweep.marks);
    return this.#sweepMarks().map(({ type, start, end, score }) => ({
      type,
      score,
      start: origins[start] ?? 0,
      end: (origins[end - 1] ?? 0) + lengthAt(original, origins[end - 1] ?? 0),
    }));
  }

  #sweepMarks(): readonly Candidate[] {
    const sweep = this.#sweep;
    const { marks } = sweep;
    while (sweep.index < marks.count) {
      const index = sweep.index++;
      const start = marks.starts[index] ?? 0;
      const kind = marks.kinds[index];
      if (start < sweep.resume) continue;
      if (kind === AT) email(sweep, start);
      else if (kind === KNOWN) this.#word(index, start);
      else if (kind === RUN) this.#run(start, marks.ends[index] ?? start, marks.facts[index] ?? 0);
      else if (kind === SCHEME) urlCredentials(sweep, start);
      else if (kind === DASHES) privateKey(sweep, start);
      else if (kind === OPTION) commandOption(sweep, start);
    }
    return sweep.found;
  }

  /** The longest phrase that begins with this word. */
  #word(first: number, start: number): void {
    const { marks, text } = this.#sweep;
    let node = 0;
    let families = -1;
    let end = start;
    let last = first;
    for (let index = first; index < marks.count && marks.kinds[index] === KNOWN; index++) {
      if (index > first && !isJoined(text, marks.ends[index - 1] ?? 0, marks.starts[index] ?? 0)) break;
      node = this.#vocabulary.step(node, marks.facts[index] ?? 0);
      if (node < 0) break;
      const meaning = this.#vocabulary.meaning(node);
      if (meaning < 0) continue;
      if (index === first && (meaning & bitOf.vendor) !== 0 && vendorKey(this.#sweep, start)) return;
      families = meaning;
      end = marks.ends[index] ?? end;
      last = index;
    }
    if (families <= 0) {
      if (families === 0) this.#sweep.index = last + 1;
      return;
    }
    this.#sweep.index = last + 1;
    this.#label(families, start, end);
  }

  #label(families: number, start: number, end: number): void {
    const sweep = this.#sweep;
    if ((families & bitOf.dot) !== 0) spelledEmail(sweep, start);
    // `ID-442VLDQ4`: the beginning of a value.
    if (families === bitOf.other && end - start === 2 && sweep.text.charCodeAt(end) === 45) return;
    // A signature's `T:` and `M:`.
    if (end - start === 1 && !/[:.]/.test(sweep.text.charAt(end))) return;
    if (sweep.table.isHeader(sweep.text, families, start, end)) return;
    sweep.say(families, end);
    if ((families & bitOf.street) !== 0) street(sweep, start, end);
    if ((families & bitOf.street_word) !== 0) wordedStreet(sweep, start, end);
    if ((families & bitOf.birth) !== 0) birth(sweep, end, this.#months);
    if ((families & bitOf.swift) !== 0) swift(sweep, end);
    if ((families & CREDENTIAL) !== 0) this.#credential(families, start, end);
  }

  #credential(families: number, start: number, end: number): void {
    const sweep = this.#sweep;
    const bridge = this.#bridge;
    if ((families & bitOf.password) !== 0) passwordBefore(sweep, start);
    bridge.cross(sweep.text, end);
    // A command's option: its value follows a space.
    if (bridge.link === "space" && sweep.text.charCodeAt(start - 1) === 45 && sweep.text.charCodeAt(start - 2) === 45)
      bridge.link = "assigned";
    if (bridge.link === "space" && /\bas$/i.test(sweep.text.slice(end - 3, end))) bridge.link = "said";
    if ((families & bitOf.bearer) !== 0) authorization(sweep, bridge, sweep.text.slice(start, end).toLowerCase());
    if ((families & bitOf.pair) !== 0 && pair(sweep, bridge)) return;
    if ((families & bitOf.password) !== 0) password(sweep, bridge, isFaint(sweep.text, start, end));
    else if ((families & bitOf.secret) !== 0) assignedSecret(sweep, bridge, isFaint(sweep.text, start, end));
    if ((families & USER) !== 0) username(sweep, bridge, announced(families));
  }

  #run(start: number, end: number, bits: number): void {
    const sweep = this.#sweep;
    const { text } = sweep;
    const column = sweep.table.columnAt(text, start);
    if (column !== 0) {
      if ((column & CELL) !== 0 && this.#cell(column, start)) return;
      sweep.say(column, start);
    }
    this.#value(start, end, bits);
    if (column !== 0) sweep.unsay(column);
  }

  /** A cell whose column is headed by what needs no shape: a birth date, a password, a user name, a key. */
  #cell(column: number, start: number): boolean {
    const sweep = this.#sweep;
    const { text, table } = sweep;
    const from = table.cellStart;
    const to = table.cellEnd(text, start);
    const before = sweep.found.length;
    if ((column & bitOf.birth) !== 0) birth(sweep, from, this.#months);
    else {
      this.#bridge.beAt(from, to);
      if ((column & bitOf.password) !== 0) password(sweep, this.#bridge, false);
      else if ((column & bitOf.secret) !== 0) assignedSecret(sweep, this.#bridge, false);
      else if ((column & bitOf.username) !== 0) username(sweep, this.#bridge, "label");
    }
    return sweep.found.length > before;
  }

  #value(start: number, end: number, bits: number): void {
    const sweep = this.#sweep;
    const { text } = sweep;
    const length = end - start;
    if ((length >= 12 && text.startsWith("eyJ", start) && jwt(sweep, start)) || vendorKey(sweep, start)) return;
    if (length >= 8 && shapedToken(sweep, start, end)) return;
    if ((bits & DIGIT) === 0 || length > 110) return;
    if (skipKnown(sweep, start, end)) return;
    if (length >= 25 && cryptoAddress(sweep, start, end)) return;
    if (length <= 5 && endedStreet(sweep, start, end)) return;
    if ((bits & ~(DIGIT | UNDERSCORE)) === 0) {
      this.#digits(start, end);
      return;
    }
    if (length >= 4 && length <= 34 && iban(sweep, start)) return;
    if (mayBeHexGroup(text, start, end) && hexGroups(sweep, start, end)) return;
    if ((bits & UNDERSCORE) !== 0) return;
    if (length === 17 && vehicle(sweep, start, end)) return;
    if (length < 40 && identifiers(sweep, this.#forms, start, end)) return;
    labelled(sweep, start, end);
  }

  #digits(start: number, end: number): void {
    const sweep = this.#sweep;
    const { text } = sweep;
    const number = this.#number;
    if (start < sweep.row && end - start <= 2) return;
    if (text.charCodeAt(start - 1) === 43) {
      number.read(text, start, 19);
      if (phone(sweep, number, this.#regions)) return;
    }
    if (ipv4(sweep, start, end) || geo(sweep, start, end)) return;
    if (mayBeHexGroup(text, start, end) && hexGroups(sweep, start, end)) return;
    number.read(text, start, 19);
    if (number.isRow) sweep.row = number.end;
    const isCard = sweep.near(FAMILY.card, start) && sweep.said(FAMILY.card) > sweep.said(FAMILY.account);
    if (isCard && card(sweep, number)) return;
    if (identifiers(sweep, this.#forms, start, end)) return;
    if (!isCard && card(sweep, number)) return;
    if (isLaterPhone(sweep) && phone(sweep, number, this.#regions)) return;
    if (labelled(sweep, start, end, number)) return;
    phone(sweep, number, this.#regions);
  }
}

/** Characters that the one at `index` takes in the original: three for `%40`. */
function lengthAt(original: string, index: number): number {
  return original.charCodeAt(index) === 37 && /^%(?:40|2b)/i.test(original.slice(index, index + 3)) ? 3 : 1;
}

const CELL = bitOf.birth | bitOf.password | bitOf.secret | bitOf.username;
const USER = bitOf.username | bitOf.username_cue | bitOf.username_of;
const CREDENTIAL = bitOf.password | bitOf.secret | bitOf.bearer | bitOf.pair | USER;

function announced(families: number): Announced {
  if ((families & bitOf.username) !== 0) return "label";
  return (families & bitOf.username_of) !== 0 ? "of" : "cue";
}

/** Whether a telephone label is the latest one. */
function isLaterPhone(sweep: Sweep): boolean {
  return sweep.said(FAMILY.phone) >= Math.max(sweep.identity, 0);
}

/** Words of one phrase stand next to each other, with a space, a hyphen, an underscore, a dot or an apostrophe between. */
function isJoined(text: string, end: number, start: number): boolean {
  if (start - end > 2) return false;
  for (let index = end; index < start; index++) if (!" _-.'’/\u00a0".includes(text.charAt(index))) return false;
  return true;
}

/** Labels of one short word that announce other things as often: `key`, `auth`, `salt`. */
function isFaint(text: string, start: number, end: number): boolean {
  return end - start <= 9 && FAINT.has(text.slice(start, end).toLowerCase());
}
const FAINT: ReadonlySet<string> = new Set([
  "key",
  "pass",
  "pw",
  "clave",
  "pin",
  "auth",
  "salt",
  "sig",
  "sid",
  "cookie",
  "pat",
  "tokens",
  "authorization",
  "sessionid",
]);
