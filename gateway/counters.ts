import type { Ending } from "../genai/recorded.ts";

/** Counts of one gateway process since it started; JSON-safe. */
export interface GatewayCounts {
  begun: number;
  completed: number;
  cut: number;
  abandoned: number;
  incomplete: number;
  rejected: number;
  /** Calls that asked not to be recorded, or whose client is not. */
  unrecorded: number;
  /** Replies whose end was released before its record was written. */
  released_before_written: number;
  /** Requests that Node's parser refused before there was a call. */
  malformed: number;
  retried: number;
  /** Times that the event loop stood still for a second or longer. */
  blocked: number;
  open: number;
  dropped: { [reason: string]: number };
}

export interface Counters {
  readonly counts: GatewayCounts;
  count(name: Exclude<keyof GatewayCounts, "dropped">, times?: number): void;
  end(ending: Ending): void;
  drop(reason: string, count?: number): void;
}

export function counters(): Counters {
  const counts: GatewayCounts = {
    begun: 0,
    completed: 0,
    cut: 0,
    abandoned: 0,
    incomplete: 0,
    rejected: 0,
    unrecorded: 0,
    released_before_written: 0,
    malformed: 0,
    retried: 0,
    blocked: 0,
    open: 0,
    dropped: {},
  };
  return {
    counts,
    count: (name, times = 1) => void (counts[name] += times),
    end: (ending) => void counts[ending]++,
    drop: (reason, count = 1) => void (counts.dropped[reason] = (counts.dropped[reason] ?? 0) + count),
  };
}
