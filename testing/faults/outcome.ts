import type { Fault } from "./fault.ts";
import { seededRandom } from "./random.ts";

/** What became of one row. */
export interface Outcome {
  readonly fault: Fault;
  /** Faults that were seen to happen. */
  readonly injected: number;
  readonly figures: readonly Figure[];
  readonly seconds: number;
  /** Why it did not hold. */
  readonly failure?: Error;
}

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit?: string;
}

export interface RunOptions {
  readonly seed: number;
  /** How many faults are asked for. */
  readonly count: number;
}

/** Runs one row. Never rejects; a row that injected nothing has shown nothing, so it fails too. */
export async function runFault(fault: Fault, { seed, count }: RunOptions): Promise<Outcome> {
  const since = performance.now();
  const figures: Figure[] = [];
  let injected = 0;
  const stray: unknown[] = [];
  const onStray = (error: unknown): void => void stray.push(error);
  process.on("unhandledRejection", onStray);
  const thrown = await fault
    .run({
      count,
      random: seededRandom(seed, fault.id),
      injected: (more = 1) => void (injected += more),
      measured: (name, value, unit) => void figures.push({ name, value, ...(unit !== undefined && { unit }) }),
    })
    .then(
      () => (injected > 0 ? undefined : new Error(`${fault.id} injected nothing: ${count} were asked for and none was seen to happen`)),
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    );
  process.off("unhandledRejection", onStray);
  const failure = thrown ?? (stray.length > 0 ? new Error(`nobody listened to a failure: ${String(stray[0])}`) : undefined);
  return { fault, injected, figures, seconds: (performance.now() - since) / 1000, ...(failure && { failure }) };
}

/** The figures as one text: "lost 0, abort p99 12 ms". */
export function figuresText(figures: readonly Figure[]): string {
  return figures.map(({ name, value, unit }) => `${name} ${rounded(value)}${unit === undefined ? "" : ` ${unit}`}`).join(", ");
}

function rounded(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 2 : 1);
}
