import type { GatewayCounts } from "../gateway/counters.ts";
import { STAGES, type Stage } from "../pipeline/letter.ts";
import type { PipelineCounts } from "../pipeline/counts.ts";
import type { Disk } from "./disk.ts";
import type { InForce } from "./messages.ts";
import type { Behind } from "./outage.ts";

/** How the server is: what it saw since it started, where it went, and what is still on its way. */
export interface Doctor {
  readonly begun: number;
  readonly completed: number;
  readonly cut: number;
  readonly abandoned: number;
  readonly incomplete: number;
  readonly rejected: number;
  readonly appended: number;
  readonly stored: number;
  readonly dead_lettered: number;
  /** Lost, and dropped by processors as they were told: `by_filter`. */
  readonly dropped: { readonly [reason: string]: number };
  /** Bytes on the intake journal that no span was made of yet. */
  readonly backlog: number;
  /** Age of the oldest work that is not done. */
  readonly lag_ms: number;
  readonly open: number;
  readonly unrecorded: number;
  readonly malformed: number;
  readonly retried: number;
  readonly blocked: number;
  readonly released_before_written: number;
  readonly dead_letters: { readonly [stage in Stage]: number };
  /** Those in the folder now, whenever they were put aside. */
  readonly dead_letters_waiting: number;
  readonly replayed: number;
  /** Spans that processors dropped, by processor; they are in `dropped` and `appended` too. */
  readonly dropped_by: PipelineCounts["dropped_by"];
  /** Batches that a processor failed on: they went on without content. */
  readonly processor_failures: PipelineCounts["processor_failures"];
  readonly damaged: number;
  readonly missing: number;
  readonly damaged_files: number;
  readonly missing_rows: number;
  readonly disk: Disk;
  /** As the gateway process has it in force that reported last; `unknown` while none runs that did. */
  readonly durability: string;
  readonly audit: string;
  readonly capture: string;
  /** `silent`: it runs, and has said nothing for ten seconds. */
  readonly pipeline: "ready" | "down" | "silent";
}

export interface Observed extends Pick<Doctor, "pipeline" | "disk"> {
  /** What the gateway processes say themselves, not what they were told. */
  readonly inForce: InForce | undefined;
  /** Seen from outside, while the pipeline is down or silent. */
  readonly behind: Behind | undefined;
}

/** Begins the reasons for which a processor drops spans: nobody needs to do anything about it. */
export const ON_PURPOSE = "by_";

const UNKNOWN = { durability: "unknown", audit: "unknown", capture: "unknown" };
const NO_LETTERS = Object.fromEntries(STAGES.map((stage) => [stage, 0])) as Doctor["dead_letters"];

/**
 * What the pipeline counted in its lives before, with what it counts in this one. What was on its way at the end of a life is appended anew
 * by the next one.
 */
export function withLivesBefore(before: PipelineCounts | undefined, now: PipelineCounts): PipelineCounts {
  if (before === undefined) return now;
  return {
    ...now,
    carried: added(before.carried, now.carried),
    appended: before.stored + before.dead_letters.store + total(before.dropped_by) + now.appended,
    stored: before.stored + now.stored,
    dead_lettered: before.dead_lettered + now.dead_lettered,
    dead_letters: added(before.dead_letters, now.dead_letters),
    replayed: before.replayed + now.replayed,
    dropped: added<Record<string, number>>(before.dropped, now.dropped),
    dropped_by: added(before.dropped_by, now.dropped_by),
    processor_failures: added(before.processor_failures, now.processor_failures),
    damaged: before.damaged + now.damaged,
    missing: before.missing + now.missing,
  };
}

function added<Counts extends { readonly [name: string]: number }>(one: Counts, other: Counts): Counts {
  const sum: Record<string, number> = { ...one };
  for (const [name, count] of Object.entries(other)) sum[name] = (sum[name] ?? 0) + count;
  return sum as Counts;
}

const total = (counts: { readonly [name: string]: number }): number => Object.values(counts).reduce((sum, count) => sum + count, 0);

/** Sums what gateway processes counted, living and gone, and what the pipeline did. */
export function doctor(
  gateways: readonly GatewayCounts[],
  pipeline: PipelineCounts | undefined,
  { behind = pipeline, inForce, ...observed }: Observed,
): Doctor {
  const sum = (name: Exclude<keyof GatewayCounts, "dropped">): number => gateways.reduce((total, counts) => total + counts[name], 0);
  const dropped: Record<string, number> = {};
  for (const each of [...gateways, ...(pipeline ? [pipeline] : [])]) {
    for (const [reason, count] of Object.entries(each.dropped)) dropped[reason] = (dropped[reason] ?? 0) + count;
  }
  for (const [processor, count] of Object.entries(pipeline?.dropped_by ?? {})) dropped[`${ON_PURPOSE}${processor}`] = count;
  return {
    begun: sum("begun"),
    completed: sum("completed"),
    cut: sum("cut"),
    abandoned: sum("abandoned"),
    incomplete: pipeline?.carried.incomplete ?? 0,
    rejected: sum("rejected"),
    appended: pipeline?.appended ?? 0,
    stored: pipeline?.stored ?? 0,
    dead_lettered: pipeline?.dead_lettered ?? 0,
    dropped,
    backlog: behind?.backlog_bytes ?? 0,
    lag_ms: behind?.lag_ms ?? 0,
    open: sum("open"),
    unrecorded: sum("unrecorded"),
    malformed: sum("malformed"),
    retried: sum("retried"),
    blocked: sum("blocked"),
    released_before_written: sum("released_before_written"),
    dead_letters: pipeline?.dead_letters ?? NO_LETTERS,
    dead_letters_waiting: pipeline?.dead_letters_waiting ?? 0,
    replayed: pipeline?.replayed ?? 0,
    dropped_by: pipeline?.dropped_by ?? {},
    processor_failures: pipeline?.processor_failures ?? {},
    damaged: pipeline?.damaged ?? 0,
    missing: pipeline?.missing ?? 0,
    damaged_files: pipeline?.damaged_files ?? 0,
    missing_rows: pipeline?.missing_rows ?? 0,
    ...observed,
    ...(inForce ?? UNKNOWN),
  };
}
