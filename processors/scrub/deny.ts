import { ALPHANUMERIC, kindAt } from "./characters.ts";
import type { PiiType } from "./finding.ts";
import type { ParsedOptions } from "./options.ts";
import type { Candidate } from "./sweep.ts";

interface Denied {
  readonly text: string;
  readonly type: PiiType;
}

/** How sure a denied text is: nothing beats it. */
const CERTAIN = 1;

/**
 * Finds texts that are always a finding, as whole words, in any case. They are kept by their first word, so that a word of a text costs one
 * look whatever their number.
 */
export function denied(deny: ParsedOptions["deny"]): (text: string) => readonly Candidate[] {
  const byWord = new Map<string, Denied[]>();
  for (const { type, texts } of deny) {
    for (const text of texts) {
      const lower = text.toLowerCase();
      const word = firstWord(lower);
      byWord.set(word, [...(byWord.get(word) ?? []), { text: lower, type }]);
    }
  }
  for (const list of byWord.values()) list.sort((one, other) => other.text.length - one.text.length);
  if (byWord.size === 0) return () => [];
  return (text) => {
    const found: Candidate[] = [];
    const lower = text.toLowerCase();
    if (lower.length !== text.length) return found; // a few letters grow when lowered, and places would move
    let index = 0;
    while (index < lower.length) {
      if ((kindAt(lower, index) & ALPHANUMERIC) === 0) {
        index += 1;
        continue;
      }
      let end = index + 1;
      while ((kindAt(lower, end) & ALPHANUMERIC) !== 0) end += 1;
      const match = end - index > 64 ? undefined : byWord.get(lower.slice(index, end))?.find((each) => isAt(lower, index, each.text));
      if (match !== undefined) {
        const start = index - leadOf(match.text);
        found.push({ type: match.type, start, end: start + match.text.length, score: CERTAIN });
      }
      index = end;
    }
    return found;
  };
}

/** Whether the text stands around this word, as whole words. */
function isAt(lower: string, word: number, text: string): boolean {
  const start = word - leadOf(text);
  if (start < 0 || !lower.startsWith(text, start)) return false;
  const end = start + text.length;
  const openEnd = (kindAt(text, text.length - 1) & ALPHANUMERIC) !== 0 && (kindAt(lower, end) & ALPHANUMERIC) !== 0;
  return !openEnd;
}

/** Characters in front of the first word. */
function leadOf(text: string): number {
  let lead = 0;
  while (lead < text.length && (kindAt(text, lead) & ALPHANUMERIC) === 0) lead += 1;
  return lead;
}

function firstWord(text: string): string {
  const lead = leadOf(text);
  let end = lead;
  while ((kindAt(text, end) & ALPHANUMERIC) !== 0) end += 1;
  return text.slice(lead, end);
}
