import { allLocales } from "@faker-js/faker";
import { capital, fullName, invented, listed, named, randomPerson } from "./people.ts";
import type { Chance } from "./random.ts";
import { CALENDAR_WORDS, CODE_WORDS, COMPANY_WORDS, ID_LABELS, OPENINGS, PLACE_NOUNS, ROLES, THINGS } from "./word_lists.ts";

const english = allLocales["en"];
const CITIES = named(Object.values(allLocales).map(({ location }) => location?.["city_name"]));
/** Names of streets, and patterns of them with a person's name in it. */
export const STREETS = Object.values(allLocales).flatMap(({ location }) => [
  ...named(location?.["street_name"]),
  ...listed(location?.["street_prefix"])
    .filter((word) => /^\p{Lu}/u.test(word))
    .map((word) => `${word} {{name}}`),
  ...listed(location?.["street_suffix"])
    .filter((word) => /^\p{L}/u.test(word))
    .map((word) => (/^\p{Lu}/u.test(word) ? `{{name}} ${word}` : `{{name}}${word}`)),
]);
const REGIONS = named([english?.location?.["state"], english?.location?.["county"]]);
export const COUNTRIES = named(english?.location?.["country"]);
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

/** Real ones, mostly, and some made of people's names. */
export function city(chance: Chance): string {
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
export const noun: Filler = (chance) => chance.pick(NOUNS);

/** What stands in a template's other slots: nobody's name, often much like one. */
export const FILLERS: Readonly<Record<string, Filler>> = {
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
