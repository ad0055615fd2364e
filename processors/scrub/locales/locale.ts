import type { PiiType } from "../finding.ts";
import type { Family, Labels } from "../families.ts";

/**
 * How an identifier is written. `9` is a digit, `A` a letter in upper case, `X` either, `?` a digit or `x`; anything else stands for
 * itself, a space also for a no-break space.
 */
export interface IdForm {
  readonly type: PiiType;
  readonly forms: readonly string[];
  /** Whether its check digits are right; gets the value without separators. */
  readonly check?: (value: string) => boolean;
  /** How sure the form (and the check) is without a label; a label adds. */
  readonly score: number;
  /** The labels that make it sure. */
  readonly family: Family;
}

/** What is particular to a country, as data. */
export interface Locale {
  readonly name: string;
  /** Whose numbering plan its phone numbers follow: ISO 3166, two letters. */
  readonly region: string;
  readonly labels: Labels;
  readonly ids: readonly IdForm[];
}
