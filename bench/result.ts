import type { BudgetRow, Medians, rowVerdict } from "./budget.ts";
import { FIGURES, type Figure, type Spreads } from "./figures.ts";
import type { Machine } from "./machine.ts";
import type { Round } from "./measure.ts";
import { isWhole } from "./stored.ts";
import { spread } from "./summary.ts";

export interface Participant {
  readonly name: string;
  readonly title: string;
  readonly version: string;
  readonly idle_mb?: number;
  /** Why it did not take part. */
  readonly absent?: string;
}

/** All rounds of one proxy in one scenario. */
export interface Row {
  readonly scenario: string;
  readonly proxy: string;
  readonly rounds: readonly Round[];
  /** Why a round is missing. */
  readonly failure?: string;
  readonly spreads: Spreads;
}

/** What one run says; the JSON file is this. */
export interface Result {
  readonly started_at: string;
  readonly minutes: number;
  readonly command: string;
  readonly rounds: number;
  readonly machine: Machine;
  readonly participants: readonly Participant[];
  readonly rows: readonly Row[];
  readonly budget: readonly (BudgetRow & { readonly verdict: ReturnType<typeof rowVerdict> })[];
}

export function spreadsOf(rounds: readonly Round[]): Spreads {
  const spreads: { [figure in Figure]?: NonNullable<Spreads[Figure]> } = {};
  for (const figure of Object.keys(FIGURES) as Figure[]) {
    const each = spread(rounds.flatMap(({ figures }) => figures[figure] ?? []));
    if (each) spreads[figure] = each;
  }
  return spreads;
}

export function mediansOf(rows: readonly Row[], participants: readonly Participant[]): Medians {
  const median = ({ spreads }: Row, figure: Figure): number | undefined => spreads[figure]?.median;
  return {
    of: (scenario, proxy, figure) =>
      rows.flatMap((row) => (row.scenario === scenario && row.proxy === proxy ? (median(row, figure) ?? []) : []))[0],
    peak(proxy, figure) {
      const values = rows.flatMap((row) => (row.proxy === proxy ? (row.spreads[figure]?.max ?? []) : []));
      return values.length === 0 ? undefined : Math.max(...values);
    },
    idleMb: (proxy) => participants.find(({ name }) => name === proxy)?.idle_mb,
  };
}

/** Those whose failures are not ours. */
const OTHERS: ReadonlySet<string> = new Set(["nginx", "portkey"]);

/** What makes a run a failure whatever its speed: calls that failed or were changed in Spangate, records that are not what was sent. */
export function complaints({ participants, rows }: Pick<Result, "participants" | "rows">): readonly string[] {
  return [
    ...participants.flatMap(({ name, absent }) =>
      absent === undefined || OTHERS.has(name) ? [] : [`${name} did not take part: ${absent}`],
    ),
    ...rows.flatMap((row) => (OTHERS.has(row.proxy) ? [] : complaintsOf(row))),
  ];
}

function complaintsOf({ scenario, proxy, rounds, failure }: Row): readonly string[] {
  const where = `${scenario}, ${proxy}`;
  return [
    ...(failure === undefined ? [] : [`${where}: ${failure}`]),
    ...rounds.flatMap(({ asked, failed, changed_requests, changed_replies, stored }, index) => {
      const told = `${where}, round ${index + 1}`;
      return [
        ...(failed > 0 ? [`${told}: ${failed} of ${asked} exchanges failed`] : []),
        ...(changed_requests + changed_replies > 0
          ? [`${told}: ${changed_requests} requests and ${changed_replies} replies were changed`]
          : []),
        ...(stored && !isWhole(stored) ? [`${told}: what is stored is not what was sent: ${JSON.stringify(stored)}`] : []),
      ];
    }),
  ];
}
