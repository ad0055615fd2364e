import type { Doctor } from "./doctor.ts";

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
  const lost = total(state.dropped);
  return [
    state.pipeline === "down" &&
      "The pipeline is down: calls are relayed and recorded, nothing is answered. It is started again by itself; the log says why it ended.",
    state.lag_ms > LATE_MS &&
      `The pipeline is ${seconds(state.lag_ms)} behind: nothing is lost, but rows come late. See the log, and whether the processor or the disk is busy.`,
    lost > 0 &&
      `${count(lost)} records were lost (${Object.keys(state.dropped).join(", ")}): see the log, and docs/operations.md for each reason.`,
    state.dead_letters_waiting > 0 &&
      "Some records could not go on: `spangate dead-letters list` says why, `spangate dead-letters replay` tries them again.",
    state.damaged + state.missing > 0 &&
      "A journal was damaged on the disk; what could be read was kept. Check the disk; the log has the places.",
    state.damaged_files > 0 &&
      `Published files are damaged or missing; ${count(state.missing_rows)} rows are left out of every answer. The log names the files; restore them from a backup.`,
    disk.free < disk.total * SCARCE && `Only ${bytes(disk.free)} of the disk are free: make room, or set data_dir to another disk.`,
  ].filter((each) => each !== false);
}

const count = (value: number): string => value.toLocaleString("en");
const total = (values: { readonly [name: string]: number }): number => Object.values(values).reduce((sum, each) => sum + each, 0);

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
