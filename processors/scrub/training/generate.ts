import { allLocales } from "@faker-js/faker";
import { blockAddress, lineAddress, streetAddress } from "./addresses.ts";
import type { AddressWords } from "./addresses.ts";
import type { Example, Span } from "./example.ts";
import { CHINESE_SYLLABLES, NAME_POOLS } from "./name_pools.ts";
import type { Chance } from "./random.ts";
import { CODE } from "./code_templates.ts";
import { ADDRESSED, NAMED, NEITHER } from "./templates.ts";
import { CALENDAR_WORDS, CODE_WORDS, COMPANY_WORDS, ID_LABELS, OPENINGS, PLACE_NOUNS, ROLES, THINGS } from "./word_lists.ts";

/** The parts of one person's name. */
export interface Person {
  readonly given: string;
  readonly family: string;
  readonly familyFirst: boolean;
}

function listed(value: unknown): readonly string[] {
  if (typeof value === "string") return value.includes("{{") ? [] : [value];
  if (Array.isArray(value)) return value.flatMap(listed);
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(listed) : [];
}

const CASED_NAME = /^\p{Lu}[\p{L}\p{M}'’ -]+$/u;
const named = (value: unknown): readonly string[] => listed(value).filter((name) => CASED_NAME.test(name));

/** Names by locale: only scripts that know capitals. */
const LOCALES = Object.values(allLocales)
  .map(({ person }) => ({ given: named(person?.first_name), family: named(person?.last_name) }))
  .filter(({ given, family }) => given.length > 20 && family.length > 20);

const english = allLocales["en"];
const CITIES = named(Object.values(allLocales).map(({ location }) => location?.["city_name"]));
/** Names of streets, and patterns of them with a person's name in it. */
const STREETS = Object.values(allLocales).flatMap(({ location }) => [
  ...named(location?.["street_name"]),
  ...listed(location?.["street_prefix"])
    .filter((word) => /^\p{Lu}/u.test(word))
    .map((word) => `${word} {{name}}`),
  ...listed(location?.["street_suffix"])
    .filter((word) => /^\p{L}/u.test(word))
    .map((word) => (/^\p{Lu}/u.test(word) ? `{{name}} ${word}` : `{{name}}${word}`)),
]);
const REGIONS = named([english?.location?.["state"], english?.location?.["county"]]);
const COUNTRIES = named(english?.location?.["country"]);
const NOUNS = listed(english?.word?.["noun"]);
const ADJECTIVES = listed(english?.word?.["adjective"]);
const VERBS = listed(english?.word?.["verb"]);
const ADVERBS = listed(english?.word?.["adverb"]);
const LATIN = listed(english?.lorem?.["word"]);
const SONGS = listed([english?.["music"]?.["song_name"], english?.["music"]?.["album"], english?.["book"]?.["title"]]);
const PRODUCTS = english?.["commerce"]?.["product_name"] as Readonly<Record<string, readonly string[]>> | undefined;
const CITY_AFFIXES = {
  before: ["North", "South", "East", "West", "Port", "Lake", "New", "Fort", "San", "Saint", "Bad"],
  after: [
    "ville",
    "ton",
    "burgh",
    "side",
    "shire",
    "view",
    "land",
    "mouth",
    "berg",
    "furt",
    "stadt",
    "fort",
    "chester",
    "haven",
    "town",
    "bury",
    "port",
  ],
};
const NATIONALITIES = THINGS.slice(THINGS.indexOf("English"), THINGS.indexOf("Mercury"));
const MONTHS = CALENDAR_WORDS.slice(0, 12);
const DAYS = CALENDAR_WORDS.slice(CALENDAR_WORDS.indexOf("monday"), CALENDAR_WORDS.indexOf("mon"));
/** Orders that are names as well. */
const IMPERATIVES = [
  "Mark",
  "Bill",
  "Pat",
  "Rob",
  "Sue",
  "Chase",
  "Grant",
  "Will",
  "Drew",
  "Skip",
  "Frank",
  "Hope",
  "Peg",
  "Nick",
  "Chuck",
  "Jack",
  "Bob",
  "Josh",
  "Pierce",
  "Wade",
  "Ward",
  "Trace",
  "Cash",
  "Reed",
  "Dean",
  "Art",
  "Gene",
  "Ray",
  "Rich",
  "Carry",
  "Dawn",
  "Faith",
  "Grace",
  "Heather",
  "Iris",
  "Ivy",
  "Joy",
  "May",
  "Melody",
  "Olive",
  "Pearl",
  "Penny",
  "Rose",
  "Ruby",
  "Summer",
  "Violet",
];
const KIN = [
  "wife",
  "husband",
  "son",
  "daughter",
  "mother",
  "brother",
  "sister",
  "friend",
  "colleague",
  "neighbour",
  "boss",
  "cousin",
  "dog",
  "roommate",
];

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

function invented(chance: Chance): string {
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

const FAMILY_PARTICLES = [
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

function fullName(chance: Chance, { given, family, familyFirst }: Person): string {
  if (familyFirst) return `${family} ${given}`;
  const draw = chance.next();
  if (draw < 0.1) return `${given} ${chance.letter("ABCDEFGHIJKLMNOPRSTVW")}. ${family}`;
  if (draw < 0.14) return `${given} ${randomPerson(chance).given} ${family}`;
  if (draw < 0.17) return `${given} ${family}-${randomPerson(chance).family}`;
  if (draw < 0.2) return `${given} ${chance.pick(FAMILY_PARTICLES)} ${family}`;
  if (draw < 0.23) return `${given} ${family} ${randomPerson(chance).family}`;
  return `${given} ${family}`;
}

function city(chance: Chance): string {
  const draw = chance.next();
  if (draw < 0.6) return chance.pick(CITIES);
  const base = chance
    .pick([() => randomPerson(chance).family, () => randomPerson(chance).given])()
    .replace(/\s.*/, "");
  if (draw < 0.75) return `${chance.pick(CITY_AFFIXES.before)} ${base}`;
  if (draw < 0.9) return base + chance.pick(CITY_AFFIXES.after);
  return draw < 0.95 ? `${chance.pick(CITY_AFFIXES.before)} ${base}${chance.pick(CITY_AFFIXES.after)}` : chance.pick(REGIONS);
}

function company(chance: Chance): string {
  const family = (): string => randomPerson(chance).family;
  const suffix = (): string => {
    const word = chance.pick(COMPANY_WORDS);
    return word.length < 4 ? chance.pick([word.toUpperCase(), capital(word), `${capital(word)}.`]) : capital(word);
  };
  return chance.pick([
    () => `${family()} ${suffix()}`,
    () => `${family()}, ${family()} and ${family()}`,
    () => `${family()}-${family()}`,
    () => `${family()} - ${family()}`,
    () => `${family()} & ${family()} ${suffix()}`,
    () => `${family()} & Sons`,
    () => `${capital(chance.pick(ADJECTIVES))} ${capital(chance.pick(NOUNS))} ${suffix()}`,
    () => `${capital(chance.pick(NOUNS))}${chance.pick(["ly", "ify", "io", "ware", "soft", "hub"])}`,
    () => `${city(chance)} ${suffix()}`,
    () => chance.pick(THINGS),
  ])();
}

function sentence(chance: Chance): string {
  const [noun, other] = [chance.pick(NOUNS), chance.pick(NOUNS)];
  return capital(
    chance.pick([
      () => `the ${chance.pick(ADJECTIVES)} ${noun} must ${chance.pick(VERBS)} the ${other} ${chance.pick(ADVERBS)}.`,
      () => `please ${chance.pick(VERBS)} your ${noun} before the ${other} expires.`,
      () => `we ${chance.pick(VERBS)} ${noun} and ${other} in ${city(chance)}.`,
      () => `${chance.pick(ADVERBS)}, the ${noun} was ${chance.pick(ADJECTIVES)}.`,
      () => `is there a ${chance.pick(ADJECTIVES)} way to ${chance.pick(VERBS)} a ${noun}?`,
      () => `${chance.pick(LATIN)} ${chance.pick(LATIN)} ${chance.pick(LATIN)} ${chance.pick(LATIN)} ${chance.pick(LATIN)}.`,
      () => `our ${noun} from ${company(chance)} arrived on ${chance.pick(DAYS.map(capital))}.`,
      () => `your ${noun} is now ${chance.pick(ADJECTIVES)}, and the ${other} follows in ${capital(chance.pick(MONTHS))}.`,
    ])(),
  );
}

const digits = (chance: Chance, count: number): string => Array.from({ length: count }, () => chance.whole(0, 9)).join("");
const pad = (value: number): string => String(value).padStart(2, "0");

function date(chance: Chance): string {
  const [year, month, day] = [chance.whole(1960, 2026), chance.whole(1, 12), chance.whole(1, 28)];
  const name = capital(MONTHS[month - 1] ?? "");
  return chance.pick([
    `${year}-${pad(month)}-${pad(day)}`,
    `${pad(month)}/${pad(day)}/${year}`,
    `${pad(day)}.${pad(month)}.${year}`,
    `${name} ${day}, ${year}`,
    `${day} ${name} ${year}`,
    `${name.slice(0, 3)} ${day}`,
  ]);
}

function title(chance: Chance): string {
  const word = (): string => capital(chance.pick([NOUNS, ADJECTIVES, VERBS])[chance.whole(0, 300)] ?? "Report");
  return chance.pick([
    () => `${word()} ${word()}`,
    () => `${word()} ${word()} ${word()}`,
    () => `${word()} and ${word()}`,
    () => `The ${word()} of ${word()}`,
    () => chance.pick(SONGS),
    () => `${word()} ${word()} Report`,
    () => `How to ${word()} a ${word()}`,
  ])();
}

function identifier(chance: Chance): string {
  const [first, second] = [chance.pick(VERBS), chance.pick(NOUNS)].map((word) => word.replace(/[^a-z]/gi, ""));
  return chance.pick([
    `${first}${capital(second ?? "")}`,
    `${first}_${second}`,
    `${first}${capital(second ?? "")}By${capital(chance.pick(["id", "name", "date"]))}`,
  ]);
}

/** A word of code: a noun, mostly; some are the names of people elsewhere. */
const variable: Filler = (chance) =>
  chance
    .pick([
      () => chance.pick(NOUNS),
      () => chance.pick(VERBS),
      () => chance.pick(ADJECTIVES),
      () => randomPerson(chance).given,
      () => randomPerson(chance).family,
      () => invented(chance),
    ])()
    .replace(/[^\p{L}]/gu, "")
    .toLowerCase();

/** What tools and services are called. */
const productName: Filler = (chance) =>
  chance.pick([
    () => invented(chance),
    () => capital(variable(chance)),
    () => `${invented(chance)}${chance.pick(["DB", "JS", "Hub", "ly", "io", "AI", "X"])}`,
    () => chance.pick(THINGS),
    () => randomPerson(chance).given,
    () => `${capital(chance.pick(NOUNS))} ${invented(chance)}`,
  ])();

type Filler = (chance: Chance) => string;
const product: Filler = (chance) =>
  [PRODUCTS?.["adjective"], PRODUCTS?.["material"], PRODUCTS?.["product"]].map((list) => chance.pick(list ?? ["Item"])).join(" ");
const handle: Filler = (chance) =>
  randomPerson(chance)
    .given.toLowerCase()
    .replace(/[^a-z]/g, "") + digits(chance, chance.whole(0, 4));
const noun: Filler = (chance) => chance.pick(NOUNS);

const FILLERS: Readonly<Record<string, Filler>> = {
  word: noun,
  Word: (chance) => capital(chance.pick(chance.often(0.6) ? NOUNS : ADJECTIVES)),
  WORD: (chance) =>
    noun(chance)
      .toUpperCase()
      .replace(/[^A-Z]/g, ""),
  WORD2: (chance) => noun(chance).slice(0, 2).toUpperCase(),
  Title: title,
  TITLE: (chance) => title(chance).toUpperCase(),
  song: (chance) => chance.pick(SONGS),
  ACR: (chance) => Array.from({ length: chance.whole(2, 6) }, () => chance.letter("ABCDEEFGHIIKLMNNOPRRSSTTUVXZ")).join(""),
  Verb: (chance) => capital(chance.pick(chance.often(0.5) ? VERBS : IMPERATIVES)),
  Opening: (chance) => chance.pick(OPENINGS),
  Idlabel: (chance) => chance.pick(ID_LABELS),
  Place: (chance) => chance.pick(PLACE_NOUNS),
  Landmark: (chance) =>
    `${chance.pick([() => randomPerson(chance).family, () => fullName(chance, randomPerson(chance)), () => city(chance), () => capital(chance.pick(NOUNS))])()} ${chance.pick(PLACE_NOUNS)}`,
  sentence,
  Sentence: sentence,
  SENTENCE: (chance) => sentence(chance).toUpperCase(),
  latin: (chance) => chance.pick(LATIN),
  Latin: (chance) => capital(chance.pick(LATIN)),
  city,
  country: (chance) => chance.pick(COUNTRIES),
  nationality: (chance) => chance.pick(NATIONALITIES),
  org: company,
  prod: product,
  thing: (chance) => chance.pick(THINGS),
  job: (chance) => chance.pick(ROLES),
  Job: (chance) => `${capital(chance.pick(ADJECTIVES))} ${capital(chance.pick(ROLES))}`,
  kin: (chance) => chance.pick(KIN),
  month: (chance) => capital(chance.pick(MONTHS)),
  day: (chance) => capital(chance.pick(DAYS)),
  date,
  year: (chance) => String(chance.whole(1950, 2026)),
  time: (chance) => `${pad(chance.whole(0, 23))}:${pad(chance.whole(0, 59))}`,
  age: (chance) => String(chance.whole(18, 90)),
  price: (chance) => `${chance.pick(["$", "€", "£", "USD "])}${chance.whole(1, 9999)}`,
  num: (chance) => digits(chance, chance.whole(2, 8)),
  n1: (chance) => digits(chance, 1),
  n2: (chance) => digits(chance, 2),
  n3: (chance) => digits(chance, 3),
  n4: (chance) => digits(chance, 4),
  n5: (chance) => digits(chance, 5),
  id: (chance) => `${chance.pick(["ORD", "INV", "TKT", "REQ", "A", "CASE"])}-${digits(chance, chance.whole(4, 8))}`,
  var: variable,
  Var: (chance) => (chance.often(0.3) ? chance.pick(CODE_WORDS) : capital(variable(chance))),
  camel: identifier,
  Prod: productName,
  code: identifier,
  Code: (chance) =>
    capital(noun(chance)).replace(/[^a-z]/gi, "") +
    chance.pick(["Error", "Service", "Manager", "Factory", "Exception", "Store", "Client", "Handler", "View"]),
  file: (chance) => `${chance.pick(["/src", "/home/app", "./lib"])}/${noun(chance)}.${chance.pick(["ts", "py", "java", "md"])}`,
  url: (chance) => `https://${noun(chance).replace(/\s/g, "")}.example.com/${noun(chance)}`,
  email: (chance) =>
    `${handle(chance)}@${noun(chance)
      .replace(/[^a-z]/gi, "")
      .toLowerCase()}.${chance.pick(["com", "org", "de", "io"])}`,
  user: handle,
  phone: (chance) =>
    chance.pick([
      `+1 ${digits(chance, 3)} ${digits(chance, 3)} ${digits(chance, 4)}`,
      `(${digits(chance, 3)}) ${digits(chance, 3)}-${digits(chance, 4)}`,
      `+49${digits(chance, 9)}`,
      `0${digits(chance, 9)}`,
    ]),
  ip: (chance) => [1, 2, 3, 4].map(() => chance.whole(1, 254)).join("."),
};

const SLOT = /\{(\w+?)\}|¶/g;
const PERSON_SLOT = /^(P|F|L|PU|PL|PC|PI|FL)(\d?)([fl]?)$/;

/** Now and then a full name stands in a form that the template does not ask for. */
function otherForm(chance: Chance, person: Person): string | undefined {
  const draw = chance.next();
  if (draw < 0.03) return `${person.given.charAt(0)}. ${person.family}`;
  if (draw < 0.05) return fullName(chance, person).toUpperCase();
  if (draw < 0.08) return `${person.given} ${person.family}`.toLowerCase();
  return draw < 0.1 ? `${person.family}, ${person.given}` : undefined;
}

function personSlot(chance: Chance, form: string, person: Person): string {
  switch (form) {
    case "F":
      return person.given;
    case "L":
      return chance.often(0.06) ? `${chance.pick(FAMILY_PARTICLES)} ${person.family}` : person.family;
    case "FL":
      return person.given.toLowerCase();
    case "PL":
      return `${person.given} ${person.family}`.toLowerCase();
    case "PU":
      return fullName(chance, person).toUpperCase();
    case "PC":
      return `${person.family}, ${person.given}${chance.often(0.15) ? ` ${chance.letter("ABCDEJKLMR")}.` : ""}`;
    case "PI":
      return `${person.given.charAt(0)}. ${person.family}`;
    default:
      return otherForm(chance, person) ?? fullName(chance, person);
  }
}

/** Fills one template: the text, and where its names and addresses stand. */
export function fill(chance: Chance, template: string): Example {
  const people = new Map<string, Person>();
  const from: AddressWords = {
    family: () => randomPerson(chance).family,
    given: () => randomPerson(chance).given,
    city: () => city(chance),
    country: () => chance.pick(COUNTRIES),
    street: () =>
      chance
        .pick(STREETS)
        .replace("{{name}}", () => (chance.often(0.5) ? randomPerson(chance).family : fullName(chance, randomPerson(chance)))),
    word: () => capital(noun(chance)),
  };
  const spans: Span[] = [];
  let text = "";
  let last = 0;
  for (const match of template.matchAll(SLOT)) {
    text += template.slice(last, match.index);
    last = match.index + match[0].length;
    const slot = match[1];
    if (slot === undefined) {
      text += "\n";
      continue;
    }
    const [, form, number, part] = PERSON_SLOT.exec(slot) ?? [];
    const start = text.length;
    if (form !== undefined) {
      const key = number === "" || number === undefined ? `#${start}` : number;
      const person = people.get(key) ?? randomPerson(chance);
      people.set(key, person);
      text += personSlot(chance, part === "f" ? "F" : part === "l" ? "L" : form, person);
      spans.push({ start, end: text.length, type: "PERSON" });
    } else if (slot === "A" || slot === "AM" || slot === "AS") {
      text += slot === "A" ? lineAddress(chance, from) : slot === "AM" ? blockAddress(chance, from) : streetAddress(chance, from);
      spans.push({ start, end: text.length, type: "ADDRESS" });
    } else {
      const filler = FILLERS[slot];
      text += filler === undefined ? match[0] : filler(chance);
    }
  }
  return { text: text + template.slice(last), spans };
}

/** Two texts, one after the other. */
function joined(chance: Chance, first: Example, second: Example): Example {
  const between = chance.pick(["\n", "\n\n", " ", "\n---\n"]);
  const shift = first.text.length + between.length;
  return {
    text: first.text + between + second.text,
    spans: [...first.spans, ...second.spans.map(({ start, end, type }) => ({ start: start + shift, end: end + shift, type }))],
  };
}

function inCase(chance: Chance, example: Example): Example {
  const draw = chance.next();
  const lower = example.text.toLowerCase();
  if (draw < 0.07 && lower.length === example.text.length) return { ...example, text: lower };
  const upper = example.text.toUpperCase();
  return draw > 0.98 && upper.length === example.text.length ? { ...example, text: upper } : example;
}

/** Examples of every template, `rounds` times each; some in small letters, some two in one text. */
export function generate(chance: Chance, rounds: number): Example[] {
  const examples: Example[] = [];
  for (let round = 0; round < rounds; round++) {
    let held: Example | undefined;
    for (const templates of [NAMED, ADDRESSED, NEITHER, CODE]) {
      for (const template of templates) {
        const example = inCase(chance, fill(chance, template));
        if (held !== undefined) {
          examples.push(chance.often(0.5) ? joined(chance, held, example) : joined(chance, example, held));
          held = undefined;
        } else if (chance.often(0.25)) held = example;
        else examples.push(example);
      }
    }
  }
  return examples;
}
