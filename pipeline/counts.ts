import type { Ending } from "../genai/recorded.ts";
import type { SpanStore } from "../storage/store.ts";
import type { DeadLetters } from "./dead_letters.ts";
import type { IntakeBatch } from "./intake.ts";
import type { Stage } from "./letter.ts";
import type { Processed } from "./process.ts";

/** Counts of the pipeline since it started; JSON-safe. */
export interface PipelineCounts {
  /** Exchanges turned into spans, by ending. */
  readonly carried: { readonly [ending in Ending]: number };
  /** Spans written to the span journal, or found there at the start and not stored yet; and those that processors dropped on the way there. */
  readonly appended: number;
  readonly stored: number;
  /** Put aside, to be tried again; by stage. Those of the stage `store` were appended before. */
  readonly dead_lettered: number;
  readonly dead_letters: { readonly [stage in Stage]: number };
  /** Those in the folder now, whenever they were put aside. */
  readonly dead_letters_waiting: number;
  /** Dead letters whose spans are stored now. */
  readonly replayed: number;
  readonly dropped: { readonly [reason: string]: number };
  /** Spans that processors dropped, as they were told, by the name of the processor. */
  readonly dropped_by: { readonly [processor: string]: number };
  /** Batches that went on without content because a processor failed on them, by its name. */
  readonly processor_failures: { readonly [processor: string]: number };
  /** Stretches of a journal, or of a dead letter's file, that could not be read. */
  readonly damaged: number;
  /** Records that are not on a journal although later ones are. */
  readonly missing: number;
  /** Published files that are damaged or gone, and rows that only they had. */
  readonly damaged_files: number;
  readonly missing_rows: number;
  /** Bytes on the intake of which the span journal has no spans yet. 0 while nothing but open exchanges is there. */
  readonly backlog_bytes: number;
  /** Age of the oldest work that is not done. */
  readonly lag_ms: number;
}

/** What a pipeline counts itself as it goes. */
export interface Tally {
  readonly carried: Record<Ending, number>;
  appended: number;
  replayed: number;
  readonly droppedBy: Record<string, number>;
  readonly failures: Record<string, number>;
  damaged: number;
  missing: number;
}

export const newTally = (): Tally => ({
  carried: { completed: 0, cut: 0, abandoned: 0, incomplete: 0, rejected: 0 },
  appended: 0,
  replayed: 0,
  droppedBy: {},
  failures: {},
  damaged: 0,
  missing: 0,
});

/** Counts what processors did beside handing spans on. */
export function note(tally: Tally, { dropped, failures }: Omit<Processed, "spans">): void {
  for (const [name, count] of Object.entries(dropped)) tally.droppedBy[name] = (tally.droppedBy[name] ?? 0) + count;
  for (const { processor } of failures) tally.failures[processor] = (tally.failures[processor] ?? 0) + 1;
}

/** The work that is not done. */
export type Behind = Pick<PipelineCounts, "backlog_bytes" | "lag_ms">;

export async function counts(
  tally: Tally,
  { store, letters }: { readonly store: SpanStore; readonly letters: DeadLetters },
  behind: Behind,
): Promise<PipelineCounts> {
  const { byStage, lost, damaged } = letters.counts;
  return {
    carried: { ...tally.carried },
    appended: tally.appended + sum(tally.droppedBy),
    stored: store.stored,
    dead_lettered: sum(byStage),
    dead_letters: { ...byStage },
    dead_letters_waiting: await letters.waiting(),
    replayed: tally.replayed,
    dropped: lost === 0 ? {} : { dead_letter_write: lost },
    dropped_by: { ...tally.droppedBy },
    processor_failures: { ...tally.failures },
    damaged: tally.damaged + damaged,
    missing: tally.missing,
    damaged_files: store.damagedFiles,
    missing_rows: store.missingRows,
    ...behind,
  };
}

const sum = (counts: { readonly [name: string]: number }): number => Object.values(counts).reduce((total, count) => total + count, 0);

/** How long the oldest that is in hand has waited, by the clock it was recorded with: this process may be younger. */
export function lagMs(behindSince: number | undefined, oldest: IntakeBatch | undefined): number {
  if (behindSince === undefined) return 0;
  const ends = oldest?.recorded.map(({ opened, closed }) => (opened.startedAtUs + closed.endedUs) / 1000) ?? [];
  const first = ends.reduce((least, each) => Math.min(least, each), Infinity);
  return Math.round(Math.max(performance.now() - behindSince, first === Infinity ? 0 : Date.now() - first));
}
