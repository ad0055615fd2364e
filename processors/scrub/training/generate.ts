import { blockAddress, lineAddress, streetAddress } from "./addresses.ts";
import type { AddressWords } from "./addresses.ts";
import { CODE } from "./code_templates.ts";
import type { Example, Span } from "./example.ts";
import { city, COUNTRIES, FILLERS, noun, STREETS } from "./fillers.ts";
import { capital, FAMILY_PARTICLES, fullName, randomPerson } from "./people.ts";
import type { Person } from "./people.ts";
import type { Chance } from "./random.ts";
import { ADDRESSED, NAMED, NEITHER } from "./templates.ts";

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
