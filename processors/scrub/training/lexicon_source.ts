import { allLocales } from "@faker-js/faker";
import { decode } from "gpt-tokenizer/encoding/o200k_base";
import { wordHash } from "../names/characters.ts";
import {
  CALENDAR,
  COMPANY,
  CUE,
  endingHash,
  FIRST_NAME,
  LAST_NAME,
  ORDINARY,
  PARTICLE,
  PLACE,
  PROPER,
  ROLE,
  STREET,
  THING,
  TITLE,
  UNIT,
} from "../names/lexicon.ts";
import { NAME_POOLS } from "./name_pools.ts";
import {
  CALENDAR_WORDS,
  CODE_WORDS,
  COMPANY_WORDS,
  CUES,
  ID_LABELS,
  OPENINGS,
  PARTICLES,
  ROLES,
  STREET_ENDINGS,
  STREET_WORDS,
  THINGS,
  TITLES,
  UNIT_WORDS,
} from "./word_lists.ts";

/** Every string anywhere inside a value of unknown shape: the lists differ from locale to locale. */
function stringsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(stringsIn);
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

const LETTERS = /[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*/gu;
const CASED = /\p{Lu}|\p{Ll}/u;

function wordsIn(value: unknown): readonly string[] {
  return stringsIn(value)
    .filter((text) => !text.includes("{{"))
    .flatMap((text) => text.match(LETTERS) ?? [])
    .filter((word) => word.length > 1 && CASED.test(word));
}

const partsOf = (word: string): readonly string[] => [word, ...word.split(/['’-]/)].filter((part) => part.length > 1);

/** Words whose small letters come before their capital in a vocabulary ordered by frequency, and those whose capital comes first. */
function byFrequency(): { readonly ordinary: readonly string[]; readonly proper: readonly string[] } {
  const VOCABULARY = 199_990;
  const COMMON_ENOUGH = 110_000;
  const small = new Map<string, number>();
  const capital = new Map<string, number>();
  for (let rank = 0; rank < VOCABULARY; rank++) {
    const piece = decode([rank]);
    if (!piece.startsWith(" ")) continue;
    const word = piece.slice(1);
    if (/^\p{Ll}{3,}$/u.test(word)) small.set(word, rank);
    else if (/^\p{Lu}\p{Ll}{2,}$/u.test(word)) capital.set(word.toLowerCase(), rank);
  }
  return {
    ordinary: [...small].filter(([word, rank]) => rank < COMMON_ENOUGH && rank < (capital.get(word) ?? Infinity)).map(([word]) => word),
    proper: [...capital].filter(([word, rank]) => rank < (small.get(word) ?? Infinity)).map(([word]) => word),
  };
}

const english = allLocales["en"];

/** What is known of words before any text is read: by the hash of the word. */
export function baseLexicon(): Map<number, number> {
  const known = new Map<number, number>();
  const add = (words: readonly string[], flag: number): void => {
    for (const word of words) {
      const hash = wordHash(word);
      if (hash !== 0) known.set(hash, (known.get(hash) ?? 0) | flag);
    }
  };
  for (const locale of Object.values(allLocales)) {
    const { person, location } = locale;
    add(wordsIn([person?.first_name, person?.middle_name]).flatMap(partsOf), FIRST_NAME);
    add(wordsIn([person?.last_name]).flatMap(partsOf), LAST_NAME);
    add(wordsIn([location?.["city_name"], location?.["state"], location?.["country"], location?.["county"]]), PLACE);
    add(
      wordsIn([location?.["street_prefix"], location?.["street_suffix"]]).filter((word) => word.length > 2),
      STREET,
    );
  }
  for (const { given, family } of NAME_POOLS) {
    add(given.flatMap(partsOf), FIRST_NAME);
    add(family.flatMap(partsOf), LAST_NAME);
  }
  add(wordsIn(english?.location?.["street_suffix"]), STREET);
  const { ordinary, proper } = byFrequency();
  add(ordinary, ORDINARY);
  add(proper, PROPER);
  add(wordsIn([english?.word, english?.lorem, english?.["hacker"], english?.["commerce"]]), ORDINARY);
  add(wordsIn([english?.["vehicle"]?.["manufacturer"], english?.["airline"]?.["airline"]]), THING);
  add(OPENINGS, ORDINARY);
  add(ID_LABELS, THING);
  add(CODE_WORDS, THING);
  add(STREET_WORDS, STREET);
  add(UNIT_WORDS, UNIT);
  add(TITLES, TITLE);
  add(COMPANY_WORDS, COMPANY);
  add(CALENDAR_WORDS, CALENDAR);
  add(PARTICLES, PARTICLE);
  add(CUES, CUE);
  add(ROLES, ROLE);
  add(THINGS, THING);
  for (const ending of STREET_ENDINGS) known.set(endingHash(ending), STREET);
  // Particles join names, they are none: "de" and "la" stand in lists of names with several words.
  for (const word of PARTICLES) known.set(wordHash(word), (known.get(wordHash(word)) ?? 0) & ~(FIRST_NAME | LAST_NAME));
  return known;
}
