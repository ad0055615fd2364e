import { TYPES, type Finding, type PiiType } from "./finding.ts";

/** What stands in place of what was found. */
export function marker(type: PiiType, rest?: string): string {
  return rest === undefined ? `[${type}]` : `[${type}:${rest}]`;
}

/** Stands in place of a text that could not be scanned. */
export function unscanned(reason: string): string {
  return `[UNSCANNED:${reason}]`;
}

const NAMES = [...TYPES].toSorted((a, b) => b.length - a.length).join("|");
/**
 * `[EMAIL]`, `[CREDIT_CARD:1111]`, `[UNSCANNED:budget]`, `EMAIL_x7k2m9q4ab`, and the second one among keys: bounded, led by a literal, and never a value
 * that somebody wrote as a marker, such as `[SSN:219099999]` or the address `EMAIL_annakeller@example.com`.
 */
const MARKER = new RegExp(
  [
    `\\[(?:${NAMES})(?::[A-Za-z0-9]{4})?(?::\\d{1,6})?\\]`,
    `\\[UNSCANNED:(?:budget|error)(?::\\d{1,6})?\\]`,
    `(?<![A-Za-z0-9_])(?:${NAMES})_(?=[2-7]*[a-z])[a-z2-7]{10}(?:_\\d{1,6})?(?![A-Za-z0-9_@]|\\.[A-Za-z0-9])`,
  ].join("|"),
  "g",
);
const HAS_WORD = /[\p{L}\p{N}]/u;

/**
 * Puts something else in place of a text that was found, but for the markers in it, so that scrubbing twice is scrubbing once. Between
 * markers only what has letters or digits is worth it.
 */
export function keepMarkers(found: string, replace: (part: string) => string): string {
  if (!found.includes("[") && !found.includes("_")) return replace(found);
  let result = "";
  let at = 0;
  const upTo = (end: number): void => {
    const part = found.slice(at, end);
    const said = part.trim();
    const before = part.indexOf(said);
    result += HAS_WORD.test(said) ? `${part.slice(0, before)}${replace(said)}${part.slice(before + said.length)}` : part;
  };
  for (const match of found.matchAll(MARKER)) {
    upTo(match.index);
    result += match[0];
    at = match.index + match[0].length;
  }
  if (at === 0) return replace(found);
  upTo(found.length);
  return result;
}

/** Whether a text is a marker and nothing else. */
export function isMarker(text: string): boolean {
  return text.replace(MARKER, "") === "";
}

/** The text with other signs in place of markers, as many: a detector would take the word in `[PHONE]` for the label of what follows. */
export function hideMarkers(text: string): string {
  if (!text.includes("[") && !text.includes("_")) return text;
  return text.replace(MARKER, (found) => "*".repeat(found.length));
}

/** The findings without halves of markers: one that begins or ends inside a marker stops short of it. Disjoint and sorted, as they come. */
export function clearOfMarkers(text: string, findings: readonly Finding[]): readonly Finding[] {
  if (findings.length === 0 || hideMarkers(text) === text) return findings;
  const markers = [...text.matchAll(MARKER)].map(({ 0: found, index }) => ({ start: index, end: index + found.length }));
  let next = 0;
  return findings.flatMap((finding) => {
    let { start, end } = finding;
    while (next < markers.length && (markers[next]?.end ?? 0) <= start) next++;
    for (let i = next; i < markers.length; i++) {
      const known = markers[i] as (typeof markers)[number];
      if (known.start >= end) break;
      if (known.start < start && start < known.end) start = known.end;
      if (known.start < end && end < known.end) end = known.start;
    }
    return start < end ? [{ ...finding, start, end }] : [];
  });
}
