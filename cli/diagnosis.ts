import { ON_PURPOSE, type Doctor } from "./doctor.ts";

/** Longer than this and somebody should look. */
const LATE_MS = 60_000;
const SCARCE = 0.05;

/** What the doctor says to a person: the figures in groups, and what to do where something is wrong. */
export function diagnosis(state: Doctor): string {
  const { disk } = state;
  const groups: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
    [
      "Calls",
      [
        ["begun", count(state.begun)],
        ...(["completed", "cut", "abandoned", "incomplete", "rejected"] as const).map((name) => [name, count(state[name])] as const),
        ["open now", count(state.open)],
        ["unrecorded, as asked", count(state.unrecorded)],
        ["sent again", count(state.retried)],
        ["released before written", count(state.released_before_written)],
        ["not HTTP", count(state.malformed)],
        ["event loop blocked", count(state.blocked)],
      ],
    ],
    [
      "Spans",
      [
        ["appended", count(state.appended)],
        ["stored", count(state.stored)],
        ["dead letters", byName(state.dead_lettered, state.dead_letters)],
        ["dead letters waiting", count(state.dead_letters_waiting)],
        ["replayed", count(state.replayed)],
        ["dropped", byName(total(state.dropped), state.dropped)],
        ["processor failures", byName(total(state.processor_failures), state.processor_failures)],
      ],
    ],
    [
      "Journal",
      [
        ["pipeline", state.pipeline],
        ["backlog", bytes(state.backlog)],
        ["lag", seconds(state.lag_ms)],
        ["damaged stretches", count(state.damaged)],
        ["missing records", count(state.missing)],
        ["damaged files", count(state.damaged_files)],
        ["missing rows", count(state.missing_rows)],
      ],
    ],
    [
      "Disk",
      [
        ["free", `${bytes(disk.free)} of ${bytes(disk.total)}`],
        ["intake", bytes(disk.intake)],
        ["span journal", bytes(disk.spans)],
        ["parquet", bytes(disk.parquet)],
        ["dead letters", bytes(disk.dead_letters)],
        ["quota of the journals", bytes(disk.quota)],
      ],
    ],
    [
      "In force",
      [
        ["durability", state.durability],
        ["audit", state.audit],
        ["capture", state.capture],
      ],
    ],
  ];
  const width = Math.max(...groups.flatMap(([, rows]) => rows.map(([name]) => name.length)));
  const text = groups.map(([title, rows]) => [title, ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)].join("\n"));
  const wrong = advice(state);
  return [...text, wrong.length === 0 ? "Nothing is wrong." : ["What is wrong", ...wrong.map((each) => `  - ${each}`)].join("\n")].join(
    "\n\n",
  );
}

/** One line for each thing that is wrong: what it means, and what to do. */
export function advice(state: Doctor): readonly string[] {
  const { disk } = state;
  const [contentOnly, whole] = divided(state.dropped);
  return [
    state.pipeline === "down" &&
      "The pipeline is down: calls are relayed and recorded, nothing is answered. It is started again by itself; the log says why it ended.",
    state.pipeline === "silent" &&
      "The pipeline runs and says nothing: calls are relayed and recorded, nothing is answered. If it is not stopped on purpose, end that process; it is started again.",
    state.lag_ms > LATE_MS &&
      `The pipeline is ${seconds(state.lag_ms)} behind: nothing is lost, but rows come late. See the log, and whether the processor or the disk is busy.`,
    total(whole) > 0 &&
      `${count(total(whole))} records were lost (${Object.keys(whole).join(", ")}): docs/operations.md says of each reason what to do.`,
    total(contentOnly) > 0 &&
      `${count(total(contentOnly))} records were kept without their content (${Object.keys(contentOnly).join(", ")}): docs/operations.md says of each reason what to do.`,
    total(state.processor_failures) > 0 &&
      `Processors failed on batches, which went on without content (${byName(total(state.processor_failures), state.processor_failures)}): the log says why, docs/processors.md what to do.`,
    state.dead_letters_waiting > 0 &&
      "Some records could not go on: `spangate dead-letters list` says why, `spangate dead-letters replay` tries them again.",
    state.damaged > 0 &&
      "A stretch of a journal could not be read; what is around it was kept. The log has the places, and says if it is a key that is missing; else check the disk.",
    state.missing > 0 && `${count(state.missing)} records of a journal are lost. The log has their numbers; check the disk.`,
    state.missing_rows > 0 &&
      `Published files are damaged or missing; ${count(state.missing_rows)} rows are left out of every answer. The log names the files; restore them from a backup.`,
    disk.free < disk.total * SCARCE && `Only ${bytes(disk.free)} of the disk are free: make room, or set data_dir to another disk.`,
  ].filter((each) => each !== false);
}

const count = (value: number): string => value.toLocaleString("en");
const total = (values: { readonly [name: string]: number }): number => Object.values(values).reduce((sum, each) => sum + each, 0);

/** What was lost of records that were kept, and records that were lost; not what was to be dropped. */
function divided(dropped: Doctor["dropped"]): readonly [Doctor["dropped"], Doctor["dropped"]] {
  const isContent = ([reason]: [string, number]): boolean => reason.startsWith("content_");
  const all = Object.entries(dropped).filter(([reason]) => !reason.startsWith(ON_PURPOSE));
  return [Object.fromEntries(all.filter(isContent)), Object.fromEntries(all.filter((each) => !isContent(each)))];
}

function byName(sum: number, values: { readonly [name: string]: number }): string {
  const parts = Object.entries(values).filter(([, value]) => value > 0);
  return parts.length === 0 ? count(sum) : `${count(sum)} (${parts.map(([name, value]) => `${name} ${count(value)}`).join(", ")})`;
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = value < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  return power === 0 ? `${value} B` : `${(value / 1024 ** power).toFixed(1)} ${units[power]}`;
}
