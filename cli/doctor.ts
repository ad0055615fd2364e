import type { GatewayCounts } from "../gateway/counters.ts";
import type { PipelineCounts } from "../pipeline/pipeline.ts";

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
  readonly dropped: { readonly [reason: string]: number };
  /** Bytes on the intake journal that no span was made of yet. */
  readonly backlog: number;
  readonly lag_ms: number;
  readonly open: number;
  readonly unrecorded: number;
  readonly malformed: number;
  readonly retried: number;
  readonly released_before_written: number;
  readonly damaged: number;
  readonly durability: string;
  readonly capture: string;
  readonly pipeline: "ready" | "down";
}

/** Sums what gateway processes counted, living and gone, and what the pipeline did. */
export function doctor(
  gateways: readonly GatewayCounts[],
  pipeline: PipelineCounts | undefined,
  inForce: Pick<Doctor, "durability" | "capture" | "pipeline">,
): Doctor {
  const sum = (name: Exclude<keyof GatewayCounts, "dropped">): number => gateways.reduce((total, counts) => total + counts[name], 0);
  const dropped: Record<string, number> = {};
  for (const each of [...gateways, ...(pipeline ? [pipeline] : [])]) {
    for (const [reason, count] of Object.entries(each.dropped)) dropped[reason] = (dropped[reason] ?? 0) + count;
  }
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
    backlog: pipeline?.backlog_bytes ?? 0,
    lag_ms: pipeline?.lag_ms ?? 0,
    open: sum("open"),
    unrecorded: sum("unrecorded"),
    malformed: sum("malformed"),
    retried: sum("retried"),
    released_before_written: sum("released_before_written"),
    damaged: pipeline?.damaged ?? 0,
    ...inForce,
  };
}

/** The same in the text format that Prometheus reads. */
export function metricsText(state: Doctor): string {
  const lines: string[] = [];
  const metric = (
    name: string,
    type: "counter" | "gauge",
    help: string,
    values: readonly (readonly [labels: string, value: number])[],
  ): void => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...values.map(([labels, value]) => `${name}${labels} ${value}`));
  };
  const endings = ["completed", "cut", "abandoned", "incomplete", "rejected"] as const;
  metric("spangate_exchanges_begun_total", "counter", "Exchanges whose recording began.", [["", state.begun]]);
  metric(
    "spangate_exchanges_ended_total",
    "counter",
    "Exchanges that ended, by how.",
    endings.map((ending) => [`{ending="${ending}"}`, state[ending]]),
  );
  metric("spangate_exchanges_unrecorded_total", "counter", "Calls relayed without a record, as asked.", [["", state.unrecorded]]);
  metric("spangate_exchanges_open", "gauge", "Calls that run now.", [["", state.open]]);
  metric("spangate_upstream_retries_total", "counter", "Requests sent again because the kept-alive connection was closing.", [
    ["", state.retried],
  ]);
  metric("spangate_requests_malformed_total", "counter", "Requests that are not HTTP.", [["", state.malformed]]);
  metric("spangate_replies_released_early_total", "counter", "Replies whose end was released before its record was written.", [
    ["", state.released_before_written],
  ]);
  metric("spangate_spans_appended_total", "counter", "Spans on the span journal.", [["", state.appended]]);
  metric("spangate_spans_stored_total", "counter", "Spans that the store took.", [["", state.stored]]);
  metric("spangate_spans_dead_lettered_total", "counter", "Spans put aside as unstorable.", [["", state.dead_lettered]]);
  metric(
    "spangate_records_dropped_total",
    "counter",
    "Records lost, by reason.",
    Object.entries(state.dropped).map(([reason, count]) => [`{reason="${reason}"}`, count]),
  );
  metric("spangate_journal_damaged_total", "counter", "Stretches of a journal that could not be read.", [["", state.damaged]]);
  metric("spangate_intake_backlog_bytes", "gauge", "Bytes recorded that no span was made of yet.", [["", state.backlog]]);
  metric("spangate_intake_lag_seconds", "gauge", "Time since the pipeline was last done with all of them.", [["", state.lag_ms / 1000]]);
  metric("spangate_pipeline_up", "gauge", "Whether the pipeline runs.", [["", state.pipeline === "ready" ? 1 : 0]]);
  return `${lines.join("\n")}\n`;
}
