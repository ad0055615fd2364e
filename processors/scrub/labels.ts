import { bitOf, FAMILIES } from "./families.ts";
import { english, HARMLESS } from "./locales/english.ts";
import type { Locale } from "./locales/locale.ts";
import { streets } from "./locales/streets.ts";
import { HEADS } from "./secrets/vendor.ts";
import { Vocabulary } from "./vocabulary.ts";

/** All phrases that mean something: labels of these countries, English ones, the beginnings of keys. */
export function vocabularyOf(locales: readonly Locale[]): Vocabulary {
  const vocabulary = new Vocabulary();
  for (const labels of [english, streets, ...locales.map((locale) => locale.labels)]) {
    for (const family of FAMILIES) for (const phrase of labels[family] ?? []) vocabulary.add(phrase, bitOf[family]);
  }
  for (const phrase of HARMLESS) vocabulary.add(phrase, 0);
  for (const head of HEADS) vocabulary.add(head, bitOf.vendor);
  return vocabulary;
}

/** The names of months in these countries' languages, in lower case. */
export function monthsOf(locales: readonly Locale[]): ReadonlySet<string> {
  return new Set([english, ...locales.map((locale) => locale.labels)].flatMap((labels) => labels.month ?? []));
}
