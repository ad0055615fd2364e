import { allLocales } from "@faker-js/faker";
import { CHINESE_SYLLABLES, NAME_POOLS } from "./name_pools.ts";
import type { Chance } from "./random.ts";

/** The parts of one person's name. */
export interface Person {
  readonly given: string;
  readonly family: string;
  readonly familyFirst: boolean;
}

/** Every string anywhere inside a value of unknown shape, but patterns: the lists differ from locale to locale. */
export function listed(value: unknown): readonly string[] {
  if (typeof value === "string") return value.includes("{{") ? [] : [value];
  if (Array.isArray(value)) return value.flatMap(listed);
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(listed) : [];
}

const CASED_NAME = /^\p{Lu}[\p{L}\p{M}'’ -]+$/u;
/** Those that are written like a name. */
export const named = (value: unknown): readonly string[] => listed(value).filter((name) => CASED_NAME.test(name));

/** Names by locale: only scripts that know capitals. */
const LOCALES = Object.values(allLocales)
  .map(({ person }) => ({ given: named(person?.first_name), family: named(person?.last_name) }))
  .filter(({ given, family }) => given.length > 20 && family.length > 20);

export const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** A name that nobody has. */
export function invented(chance: Chance): string {
  const ONSETS = [
    "b",
    "br",
    "d",
    "dr",
    "f",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "kr",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "sh",
    "st",
    "t",
    "tr",
    "v",
    "w",
    "y",
    "z",
    "th",
    "ch",
    "",
  ];
  const VOWELS = ["a", "e", "i", "o", "u", "ai", "ei", "ou", "ia", "ee"];
  const CODAS = ["", "", "n", "r", "l", "s", "m", "k", "nd", "rt", "th", "sch", "v", "x"];
  let name = "";
  for (let syllables = chance.whole(1, 3); syllables >= 0; syllables--)
    name += chance.pick(ONSETS) + chance.pick(VOWELS) + (syllables === 0 ? chance.pick(CODAS) : "");
  return capital(name);
}

/** Before a family name. */
export const FAMILY_PARTICLES = [
  "de",
  "van",
  "von",
  "van der",
  "van den",
  "van de",
  "de la",
  "del",
  "da",
  "di",
  "bin",
  "al",
  "el",
  "Van",
  "De",
  "dos",
  "ten",
  "zu",
  "af",
];

/** One person of a culture drawn at random: one in seven Chinese, one in twelve of no culture at all. */
export function randomPerson(chance: Chance): Person {
  const draw = chance.next();
  if (draw < 0.15) {
    const syllable = (): string => chance.pick(CHINESE_SYLLABLES);
    const given = chance.pick([
      () => capital(syllable() + syllable()),
      () => capital(syllable()),
      () => `${capital(syllable())}-${syllable()}`,
      () => capital(syllable()).repeat(1) + "",
      () => chance.pick(NAME_POOLS[0]?.given ?? []),
    ])();
    return {
      given,
      family: chance.often(0.8) ? chance.pick(NAME_POOLS[0]?.family ?? []) : capital(syllable()),
      familyFirst: chance.often(0.7),
    };
  }
  if (draw < 0.23) return { given: invented(chance), family: invented(chance), familyFirst: false };
  if (draw < 0.5) {
    const pool = chance.pick(NAME_POOLS);
    return {
      given: chance.pick(pool.given),
      family: chance.pick(pool.family),
      familyFirst: pool.familyFirst === true && chance.often(0.5),
    };
  }
  const own = chance.pick(LOCALES);
  const other = chance.often(0.15) ? chance.pick(LOCALES) : own;
  return { given: chance.pick(own.given), family: chance.pick(other.family), familyFirst: false };
}

/** As people write it: plain, mostly; with an initial, a second name, a particle, a hyphen. */
export function fullName(chance: Chance, { given, family, familyFirst }: Person): string {
  if (familyFirst) return `${family} ${given}`;
  const draw = chance.next();
  if (draw < 0.1) return `${given} ${chance.letter("ABCDEFGHIJKLMNOPRSTVW")}. ${family}`;
  if (draw < 0.14) return `${given} ${randomPerson(chance).given} ${family}`;
  if (draw < 0.17) return `${given} ${family}-${randomPerson(chance).family}`;
  if (draw < 0.2) return `${given} ${chance.pick(FAMILY_PARTICLES)} ${family}`;
  if (draw < 0.23) return `${given} ${family} ${randomPerson(chance).family}`;
  return `${given} ${family}`;
}
