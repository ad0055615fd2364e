import type { Example, Span } from "./example.ts";
import { randomPerson } from "./people.ts";
import type { Person } from "./people.ts";
import type { Chance } from "./random.ts";
import { PARTICLES, TITLES } from "./word_lists.ts";

const WORD = /[\p{L}\p{M}]+(?:['’-][\p{L}\p{M}]+)*/gu;
const kept = new Set([...PARTICLES, ...TITLES]);

/** In the case of the word it replaces. */
function inCaseOf(model: string, word: string): string {
  if (model === model.toLowerCase()) return word.toLowerCase();
  return model.length > 1 && model === model.toUpperCase() ? word.toUpperCase() : word;
}

/** A text with some stretches replaced; the spans move along. `replacement` answers undefined to leave one as it is. */
function replaced({ text, spans }: Example, replacement: (span: Span) => string | undefined): Example {
  const sorted = spans.toSorted((a, b) => a.start - b.start);
  const moved: Span[] = [];
  let built = "";
  let last = 0;
  for (const span of sorted) {
    if (span.start < last) continue;
    built += text.slice(last, span.start);
    const start = built.length;
    built += replacement(span) ?? text.slice(span.start, span.end);
    moved.push({ start, end: built.length, type: span.type });
    last = span.end;
  }
  return { text: built + text.slice(last), spans: moved };
}

/** Other people in the same places: each word of a name becomes another one, the same wherever it stands, in the same form. */
export function withOtherNames(chance: Chance, example: Example): Example {
  const people: Person[] = [];
  const renamed = new Map<string, string>();
  const rename = (word: string, at: number, count: number): string => {
    if (word.length === 1 || kept.has(word.toLowerCase())) return word;
    const key = word.toLowerCase();
    const known = renamed.get(key);
    if (known !== undefined) return inCaseOf(word, known);
    const person = people.pop() ?? randomPerson(chance);
    const name = (count > 1 && at === count - 1 ? person.family : person.given).replace(/\s.*/u, "");
    if (count > 1 && at === 0) people.push(person);
    renamed.set(key, name);
    return inCaseOf(word, name);
  };
  return replaced(example, ({ start, end, type }) => {
    if (type !== "PERSON") return undefined;
    const name = example.text.slice(start, end);
    const count = name.match(WORD)?.length ?? 0;
    let at = 0;
    return name.replace(WORD, (word) => rename(word, at++, count));
  });
}

/** Some of what was found stands as its marker: a text that was scrubbed reads like the text. */
export function withMarkers(chance: Chance, example: Example, share: number): Example {
  return replaced(example, ({ type }) => (type !== "IGNORE" && chance.often(share) ? `[${type}]` : undefined));
}
