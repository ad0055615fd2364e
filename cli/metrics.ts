import { ON_PURPOSE, type Doctor } from "./doctor.ts";

/** How a part of the doctor's answer reads as a metric. */
interface Metric<Value> {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly samples: (value: Value) => readonly Sample[];
}
type Sample = readonly [labels: string, value: number];

const counter = (name: string, help: string): Metric<number> => ({ name: `spangate_${name}_total`, type: "counter", help, samples: one });
const gauge = (name: string, help: string, scale = 1): Metric<number> => ({
  name: `spangate_${name}`,
  type: "gauge",
  help,
  samples: (value) => one(value * scale),
});
const one = (value: number): readonly Sample[] => [["", value]];

const ended = (ending: string): Metric<number> => ({
  name: "spangate_exchanges_ended_total",
  type: "counter",
  help: "Exchanges that ended, by how.",
  samples: (value) => [[`{ending="${ending}"}`, value]],
});
const labelled = <Values extends { readonly [label: string]: number }>(
  label: string,
  name: string,
  type: "counter" | "gauge",
  help: string,
): Metric<Values> => ({
  name: `spangate_${name}`,
  type,
  help,
  samples: (values) => Object.entries(values).map(([key, value]) => [`{${label}="${key}"}`, value]),
});
const setting = (name: string): Metric<string> => ({
  name: `spangate_${name}_info`,
  type: "gauge",
  help: `The ${name} in force.`,
  samples: (value) => [[`{${name}="${value}"}`, 1]],
});

const records = labelled<Doctor["dropped"]>("reason", "records_dropped_total", "counter", "Records lost, by reason.");
/** Without what was dropped on purpose, which has a metric of its own. */
const lost: Metric<Doctor["dropped"]> = {
  ...records,
  samples: (values) => records.samples(Object.fromEntries(Object.entries(values).filter(([reason]) => !reason.startsWith(ON_PURPOSE)))),
};

/** Each part of the doctor's answer, in the order of the text. Parts of one name stand together. */
export const METRICS: { readonly [Part in keyof Doctor]: Metric<Doctor[Part]> } = {
  begun: counter("exchanges_begun", "Exchanges whose recording began."),
  completed: ended("completed"),
  cut: ended("cut"),
  abandoned: ended("abandoned"),
  incomplete: ended("incomplete"),
  rejected: ended("rejected"),
  unrecorded: counter("exchanges_unrecorded", "Calls relayed without a record, as asked."),
  open: gauge("exchanges_open", "Calls that run now."),
  retried: counter("upstream_retries", "Requests sent again because the kept-alive connection was closing."),
  blocked: counter("event_loop_blocked", "Times that a gateway process stood still for a second or longer."),
  malformed: counter("requests_malformed", "Requests that are not HTTP."),
  released_before_written: counter("replies_released_early", "Replies whose end was released before its record was written."),
  appended: counter("spans_appended", "Spans on the span journal."),
  stored: counter("spans_stored", "Spans that the store took."),
  dead_lettered: counter("dead_lettered", "Records and spans that could not go on and were put aside."),
  dead_letters: labelled("stage", "dead_letters_total", "counter", "Records and spans that were put aside, by where they could not go on."),
  dead_letters_waiting: gauge("dead_letters_waiting", "Dead letters that lie in the folder now."),
  replayed: counter("dead_letters_replayed", "Dead letters whose spans are stored now."),
  dropped: lost,
  dropped_by: labelled("reason", "spans_dropped_total", "counter", "Spans that processors dropped as they were told, by processor."),
  processor_failures: labelled(
    "processor",
    "processor_failures_total",
    "counter",
    "Batches that went on without content because a processor failed on them, by processor.",
  ),
  damaged: counter("journal_damaged", "Stretches of a journal that could not be read."),
  missing: counter("journal_missing", "Records that are not on a journal although later ones are."),
  damaged_files: gauge("parquet_damaged_files", "Published files that were found damaged or missing."),
  missing_rows: gauge("parquet_missing_rows", "Rows of such files that no other file has."),
  backlog: gauge("intake_backlog_bytes", "Bytes recorded that no span was made of yet."),
  lag_ms: gauge("intake_lag_seconds", "Age of the oldest record that no span was made of yet.", 1 / 1000),
  disk: labelled("part", "disk_bytes", "gauge", "Room on the disk of the data folder, and what its parts take."),
  pipeline: {
    name: "spangate_pipeline_up",
    type: "gauge",
    help: "Whether the pipeline runs.",
    samples: (value) => one(value === "ready" ? 1 : 0),
  },
  durability: setting("durability"),
  audit: setting("audit"),
  capture: setting("capture"),
};

/** In the text format that Prometheus reads. */
export function metricsText(state: Doctor): string {
  const lines: string[] = [];
  let family = "";
  for (const part of Object.keys(METRICS) as (keyof Doctor)[]) {
    const metric = METRICS[part] as Metric<unknown>;
    const { name, help, type } = metric;
    if (name !== family) lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    family = name;
    for (const [labels, value] of metric.samples(state[part])) lines.push(`${name}${labels} ${value}`);
  }
  return `${lines.join("\n")}\n`;
}
