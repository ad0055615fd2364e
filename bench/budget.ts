import type { Figure } from "./figures.ts";

/** Medians of the run: of a figure, for a proxy in a scenario. */
export interface Medians {
  readonly of: (scenario: string, proxy: string, figure: Figure) => number | undefined;
  /** The highest of the figure over all scenarios. */
  readonly peak: (proxy: string, figure: Figure) => number | undefined;
  /** Of the gateway before the first request. */
  readonly idleMb: (proxy: string) => number | undefined;
}

/** One number that a budget sets a limit to. */
export interface Limit {
  readonly what: string;
  readonly value: number | undefined;
  readonly hold: number;
  readonly reach?: number;
  /** The value is to be at least that much; else at most. */
  readonly atLeast?: true;
}

export interface BudgetRow {
  readonly what: string;
  readonly limits: readonly Limit[];
}

export type Verdict = "reached" | "held" | "missed" | "not measured";

export function verdict({ value, hold, reach = hold, atLeast }: Limit): Verdict {
  if (value === undefined || !Number.isFinite(value)) return "not measured";
  const keeps = (limit: number): boolean => (atLeast ? value >= limit : value <= limit);
  return keeps(reach) ? "reached" : keeps(hold) ? "held" : "missed";
}

const WORST_FIRST: readonly Verdict[] = ["missed", "not measured", "held", "reached"];

/** A row is as good as the worst of its numbers. */
export function rowVerdict({ limits }: BudgetRow): Verdict {
  const verdicts = limits.map(verdict);
  return WORST_FIRST.find((each) => verdicts.includes(each)) ?? "not measured";
}

/** The performance budget, row by row, with what the run measured. */
export function budget(medians: Medians): readonly BudgetRow[] {
  const { of } = medians;
  const ratio = (one: number | undefined, other: number | undefined): number | undefined =>
    one === undefined || other === undefined || other === 0 ? undefined : one / other;
  const less = (one: number | undefined, other: number | undefined): number | undefined =>
    one === undefined || other === undefined ? undefined : one - other;
  const against = (proxy: string, scenario: string, figure: Figure, own: string, ownFigure = figure): number | undefined =>
    ratio(of(scenario, own, ownFigure), of(scenario, proxy, figure));
  const addedP50 = (proxy: string): number | undefined =>
    less(of("json_800", proxy, "latency_p50_us"), of("json_800", "direct", "latency_p50_us"));
  return [
    {
      what: "gateway process, small JSON exchange, recording off",
      limits: [{ what: "× nginx CPU", value: against("nginx", "json_gateway", "gateway_us", "off"), hold: 3, reach: 1.5 }],
    },
    {
      what: "the same, full recording, `balanced`",
      limits: [
        { what: "× nginx CPU", value: against("nginx", "json_gateway", "gateway_us", "balanced"), hold: 3.5, reach: 1.8 },
        { what: "of Portkey", value: against("portkey", "json_gateway", "gateway_us", "balanced"), hold: 1 / 10 },
      ],
    },
    {
      what: "all processes together, to readable rows, tier `metadata`",
      limits: [
        { what: "× nginx CPU", value: against("nginx", "json", "gateway_us", "metadata", "all_us"), hold: 6, reach: 4 },
        { what: "of Portkey", value: against("portkey", "json", "gateway_us", "metadata", "all_us"), hold: 1 / 7 },
      ],
    },
    {
      what: "the same with 3 KB of new text scrubbed and priced",
      limits: [{ what: "of Portkey", value: against("portkey", "prose", "gateway_us", "scrubbed", "all_us"), hold: 1 / 2, reach: 1 / 4 }],
    },
    {
      what: "paced stream events, full recording",
      limits: [
        { what: "× nginx CPU an event", value: against("nginx", "paced_200", "gateway_event_us", "balanced"), hold: 4, reach: 2 },
        { what: "of Portkey", value: against("portkey", "paced_200", "gateway_event_us", "balanced"), hold: 1 / 2 },
      ],
    },
    {
      what: "what recording adds to an event in a burst, all threads of the gateway",
      limits: [
        {
          what: "µs",
          value: less(of("burst", "balanced", "gateway_event_us"), of("burst", "off", "gateway_event_us")),
          hold: 1,
          reach: 0.5,
        },
      ],
    },
    {
      what: "added p50 at 800 req/s, over what nginx adds",
      limits: [{ what: "×", value: ratio(addedP50("balanced"), addedP50("nginx")), hold: 2.5, reach: 1.5 }],
    },
    {
      what: "time from the end of the reply to a readable row",
      limits: [{ what: "ms", value: of("json_800", "balanced", "readable_ms"), hold: 2000, reach: 1000 }],
    },
    {
      what: "pipeline on one core, exchanges of 2 × 2 KB text, tier `metadata`",
      limits: [{ what: "exchanges/s", value: of("backlog_text", "metadata", "drain_per_s"), hold: 8000, reach: 14_000, atLeast: true }],
    },
    {
      what: "the same, tier `scrubbed`, all text new",
      limits: [{ what: "exchanges/s", value: of("backlog_text", "scrubbed", "drain_per_s"), hold: 1500, reach: 3000, atLeast: true }],
    },
    {
      what: "pipeline on one core, streams of 330 events",
      limits: [{ what: "exchanges/s", value: of("backlog_stream", "metadata", "drain_per_s"), hold: 1200, reach: 3000, atLeast: true }],
    },
    { what: "memory: gateway idle", limits: [{ what: "MB", value: medians.idleMb("balanced"), hold: 150, reach: 110 }] },
    {
      what: "memory: gateway with 400 streams (measured with 500)",
      limits: [{ what: "MB", value: of("paced_500", "balanced", "gateway_peak_mb"), hold: 250, reach: 170 }],
    },
    {
      what: "memory: pipeline, the most it held in any round",
      limits: [{ what: "MB", value: medians.peak("balanced", "pipeline_peak_mb"), hold: 900, reach: 500 }],
    },
  ];
}
