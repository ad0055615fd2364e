import type { Finding } from "./finding.ts";
import type { Candidate } from "./sweep.ts";

/** Disjoint and in order: of two that overlap the surer one stays, the longer one when they are as sure. */
export function resolve(candidates: readonly Candidate[], threshold: number): Finding[] {
  const sorted = candidates.filter((candidate) => candidate.score >= threshold && candidate.end > candidate.start).toSorted(byStart);
  const kept: Candidate[] = [];
  for (const candidate of sorted) {
    let wins = true;
    while (kept.length > 0) {
      const last = kept[kept.length - 1];
      if (last === undefined || last.end <= candidate.start) break;
      if (!beats(candidate, last)) {
        wins = false;
        break;
      }
      kept.pop();
    }
    if (wins) kept.push(candidate);
  }
  return kept.map(({ start, end, type }) => ({ start, end, type }));
}

function byStart(one: Candidate, other: Candidate): number {
  return one.start - other.start || other.end - one.end;
}

function beats(one: Candidate, other: Candidate): boolean {
  if (Math.abs(one.score - other.score) > 0.001) return one.score > other.score;
  return one.end - one.start > other.end - other.start;
}
