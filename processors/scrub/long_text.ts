import type { Detector } from "./detector.ts";
import type { Finding } from "./finding.ts";

/** A detector looks at this much at once, so that the time it takes can be bounded; */
const WINDOW = 512 * 1024;
/** what lies over the cut between two windows is seen whole in the second. */
const OVERLAP = 1024;

/** Thrown when the time for a text is over. */
export class OverBudget extends Error {
  constructor() {
    super("the time for scanning is over");
  }
}

/** What the detector finds in a text of any length. */
export function findAll(detector: Detector, text: string, expired: () => boolean): readonly Finding[] {
  if (expired()) throw new OverBudget();
  if (text.length <= WINDOW) return detector.find(text);
  const found: Finding[] = [];
  for (let from = 0; from < text.length;) {
    if (expired()) throw new OverBudget();
    const to = from + WINDOW >= text.length ? text.length : lineBreakBefore(text, from + WINDOW);
    for (const { start, end, type } of detector.find(text.slice(from, to))) join(found, { start: start + from, end: end + from, type });
    if (to === text.length) break;
    from = to - OVERLAP;
  }
  return found;
}

/** Findings stay disjoint and sorted: where two windows disagree about the overlap, what either found is found. */
function join(found: Finding[], next: Finding): void {
  const last = found.at(-1);
  if (last === undefined || next.start >= last.end) found.push(next);
  else if (next.end > last.end) found[found.length - 1] = { start: Math.min(last.start, next.start), end: next.end, type: last.type };
}

/** The nearest line break within the overlap up to `at`, else a space there, else `at`. */
function lineBreakBefore(text: string, at: number): number {
  for (const separator of ["\n", " "]) {
    const found = text.lastIndexOf(separator, at - 1);
    if (found > at - OVERLAP / 2) return found + 1;
  }
  return at;
}
