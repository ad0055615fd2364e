import { readFileSync } from "node:fs";
import type { Example, Span } from "./example.ts";

/** The developer data whose licence allows training. The other files only test. */
export const TRAINING_FILES = ["chat_dev.jsonl", "kiji_e2e.jsonl", "lifebench_dev.jsonl", "wnut17_train.jsonl"] as const;
export type TrainingFile = (typeof TRAINING_FILES)[number];

const FOLDER = new URL("../../../testing/pii/", import.meta.url);

/** How many templates made each round of chat_dev; the last of them, the negatives, took part in the first rounds only. */
const TEMPLATES = 90;
const NEGATIVES = 5;
const ROUNDS_WITH_NEGATIVES = 10;

export interface Row extends Example {
  readonly id: string;
}

export function readRows(file: string): readonly Row[] {
  return readFileSync(new URL(file, FOLDER), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row);
}

/** The template that made the row of this number of chat_dev. */
export function templateOf(row: number): number {
  const whole = TEMPLATES * ROUNDS_WITH_NEGATIVES;
  return row < whole ? row % TEMPLATES : (row - whole) % (TEMPLATES - NEGATIVES);
}

/** The fold in which a template of chat_dev is tested. Neighbours differ, so that each fold holds every kind of text. */
export const FOLDS = 5;
export function foldOf(template: number): number {
  return template % FOLDS;
}

const FORMAL_TITLE = /^(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.?\s+/;

/** Names without their titles. */
function untitled({ text, spans }: Example): Example {
  return {
    text,
    spans: spans.map((span) => {
      const title = span.type === "PERSON" ? (FORMAL_TITLE.exec(text.slice(span.start, span.end))?.[0] ?? "") : "";
      return { ...span, start: span.start + title.length };
    }),
  };
}

/** A street with the city, state, country and code that follow it is one address. */
function withWholeAddresses({ text, spans }: Example): Example {
  const whole: Span[] = [];
  for (const span of spans) {
    const last = whole.at(-1);
    const between = last === undefined ? "" : text.slice(last.end, span.start);
    if (last?.type === "ADDRESS" && (span.type === "LOCATION" || span.type === "ZIP") && /^[\s,]{1,3}$/.test(between)) {
      whole[whole.length - 1] = { ...last, end: span.end };
    } else whole.push(span);
  }
  return { text, spans: whole };
}

/** The rows of a training file as the tagger learns them. */
export function examplesOf(file: TrainingFile): readonly Example[] {
  const rows = readRows(file);
  if (file === "kiji_e2e.jsonl") return rows.map(withWholeAddresses);
  return file === "lifebench_dev.jsonl" ? rows.map(untitled) : rows;
}
