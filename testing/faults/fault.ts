/** What one row of the fault matrix does, and what must hold afterwards. */
export interface Fault {
  /** `F24`. */
  readonly id: string;
  /** What goes wrong, as a heading: "the upstream resets before it answers". */
  readonly title: string;
  /** What must then hold, in a sentence. */
  readonly holds: string;
  /** How many faults are injected inside `npm test`; 0 leaves the row to the long run. */
  readonly fast: number;
  /** How many in `npm run test:faults`. */
  readonly long: number;
  /** Injects `round.count` faults and throws when what must hold does not. */
  readonly run: (round: Round) => Promise<void>;
}

/** One run of one row. */
export interface Round {
  readonly count: number;
  /** Seeded, so that a failed run can be had again. */
  readonly random: Random;
  /** Called for each fault that was seen to happen, not merely asked for. */
  readonly injected: (count?: number) => void;
  /** A figure for the report: `measured("lost", 0)`, `measured("abort p99", 12, "ms")`. */
  readonly measured: (name: string, value: number, unit?: string) => void;
}

export interface Random {
  /** A whole number from `from` to `to`, both possible. */
  readonly whole: (from: number, to: number) => number;
  readonly pick: <T>(values: readonly T[]) => T;
  readonly bytes: (length: number) => Buffer;
}
