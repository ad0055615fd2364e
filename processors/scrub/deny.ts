import { ALPHANUMERIC, kindAt } from "./characters.ts";
import type { PiiType } from "./finding.ts";
import type { ParsedOptions } from "./options.ts";
import type { Candidate } from "./sweep.ts";

/** Denied texts that begin with the same word, and with as many characters in front of it; longest first. */
interface Group {
  readonly lead: number;
  readonly length: number;
  readonly types: Map<string, PiiType>;
}

/** How sure a denied text is: nothing beats it. */
const CERTAIN = 1;
/** A longer word begins no denied text that is looked for. */
const LONGEST_WORD = 500;

/**
 * Finds texts that are always a finding, as whole words, in any case. They are kept by their first word and their length, so that a word of a
 * text costs a few looks, however many there are.
 */
export function denied(deny: ParsedOptions["deny"]): (text: string) => readonly Candidate[] {
  const byWord = new Map<string, Group[]>();
  for (const { type, texts } of deny) for (const text of texts) learn(byWord, lowered(text), type);
  for (const groups of byWord.values()) groups.sort((one, other) => other.length - one.length);
  if (byWord.size === 0) return () => [];
  return (text) => {
    const found: Candidate[] = [];
    const lower = lowered(text);
    let index = 0;
    while (index < lower.length) {
      const end = wordEnd(lower, index);
      if (end === index) {
        index += 1;
        continue;
      }
      const groups = end - index > LONGEST_WORD ? undefined : byWord.get(lower.slice(index, end));
      const match = groups === undefined ? undefined : matchAt(groups, lower, index);
      if (match !== undefined) found.push(match);
      index = end;
    }
    return found;
  };
}

function learn(byWord: Map<string, Group[]>, text: string, type: PiiType): void {
  let lead = 0;
  while (lead < text.length && (kindAt(text, lead) & ALPHANUMERIC) === 0) lead += 1;
  const word = text.slice(lead, wordEnd(text, lead));
  const groups = byWord.get(word) ?? [];
  let group = groups.find((each) => each.lead === lead && each.length === text.length);
  if (group === undefined) {
    group = { lead, length: text.length, types: new Map() };
    groups.push(group);
    byWord.set(word, groups);
  }
  group.types.set(text, type);
}

/** The longest denied text around the word at `word`, when it ends where a word ends. */
function matchAt(groups: readonly Group[], lower: string, word: number): Candidate | undefined {
  for (const { lead, length, types } of groups) {
    const start = word - lead;
    const end = start + length;
    if (start < 0 || ((kindAt(lower, end - 1) & ALPHANUMERIC) !== 0 && (kindAt(lower, end) & ALPHANUMERIC) !== 0)) continue;
    const type = types.get(lower.slice(start, end));
    if (type !== undefined) return { type, start, end, score: CERTAIN };
  }
  return undefined;
}

function wordEnd(text: string, start: number): number {
  let end = start;
  while ((kindAt(text, end) & ALPHANUMERIC) !== 0) end += 1;
  return end;
}

/** In small letters, places unmoved: the one letter that grows when it is made small is made so first. */
function lowered(text: string): string {
  return text.replaceAll("İ", "i").toLowerCase();
}
