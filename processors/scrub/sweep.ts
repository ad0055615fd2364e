import { bitOf, FAMILIES, FAMILY } from "./families.ts";
import type { Finding, PiiType } from "./finding.ts";
import { Marks } from "./read.ts";
import { Table } from "./table.ts";

/** A finding that still has to stand against others that overlap it. */
export interface Candidate extends Finding {
  /** How sure it is, 0 to 1. */
  readonly score: number;
}

const OTHER = FAMILY.other;
const IDENTITIES =
  bitOf.passport |
  bitOf.licence |
  bitOf.medical |
  bitOf.account |
  bitOf.routing |
  bitOf.ssn |
  bitOf.national_id |
  bitOf.tax_id |
  bitOf.plate |
  bitOf.vin |
  bitOf.device;
const NEVER = -1_000_000;
/** How far behind a label its value may begin. */
export const REACH = 48;

/** One sweep over the marks of a text: where it stands, what was said so far, what was found. Reused from text to text. */
export class Sweep {
  readonly marks = new Marks();
  text = "";
  /** The mark that is looked at. */
  index = 0;
  /** What starts before this is taken already. */
  resume = 0;
  found: Candidate[] = [];
  /** By family: where its latest label ended. */
  readonly #said = new Int32Array(FAMILIES.length);

  readonly table = new Table();
  /** Up to where a long row of short numbers goes. */
  row = 0;
  /** Up to where groups of hex characters were looked at together. */
  grouped = 0;
  /** Where the latest label of an identifier ended: without one nearby there is nothing to compare. */
  identity = NEVER;
  /** Up to where no birth date begins. */
  undated = 0;
  /** Up to where something is known to go on that is too long for a value. */
  overlong = 0;
  #questions = 0;

  begin(text: string): void {
    this.grouped = 0;
    this.row = 0;
    this.overlong = 0;
    this.undated = 0;
    this.identity = NEVER;
    this.#questions = 16 + (text.length >> 9);
    this.table.clear();
    this.text = text;
    this.index = 0;
    this.resume = 0;
    this.found = [];
    this.#said.fill(NEVER);
  }

  add(type: PiiType, start: number, end: number, score: number): void {
    this.found.push({ type, start, end, score });
  }

  /** Adds what is certain enough that nothing inside it is looked at any more. */
  take(type: PiiType, start: number, end: number, score: number): void {
    this.found.push({ type, start, end, score });
    if (end > this.resume) this.resume = end;
  }

  /** Whether something slow may be asked once more: so often per text and not more. */
  mayAsk(): boolean {
    this.#questions -= 1;
    return this.#questions >= 0;
  }

  say(families: number, end: number): void {
    if ((families & IDENTITIES) !== 0 && end > this.identity) this.identity = end;
    let bits = families;
    while (bits !== 0) {
      const index = 31 - Math.clz32(bits);
      this.#said[index] = end;
      bits &= ~(1 << index);
    }
  }

  unsay(families: number): void {
    this.say(families, NEVER);
  }

  /** Where the family's latest label ended. */
  said(family: number): number {
    return this.#said[family] ?? NEVER;
  }

  /** A label was answered by the value that ends here: another value counts for it only as the next in a list. */
  answer(family: number, end: number): void {
    this.#said[family] = end - REACH + 5;
  }

  /** Whether a label of the family stands shortly before, with nothing between that says otherwise. */
  near(family: number, start: number, within: number = REACH): boolean {
    const said = this.#said[family] ?? NEVER;
    return start >= said && start - said <= within && said >= (this.#said[OTHER] ?? NEVER);
  }
}
