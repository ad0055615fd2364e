import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { journal, JournalFull, type Journal } from "../journal/append.ts";
import { journalReader, type Missing } from "../journal/read.ts";
import { KIND } from "../journal/record.ts";
import type { MasterKey } from "../journal/seal.ts";
import { modelFiles, type Dice, type Failure, type ModelFiles } from "./model_files.ts";

const MASTER: MasterKey = { id: "0123456789abcdef", bytes: Buffer.alloc(32, 7) };
const PLACE = "/model";

/** One journal on a model disk, and what it promised so far. */
export interface Trial {
  readonly files: ModelFiles;
  readonly lane: Journal;
  /** Appended payloads, by sequence. */
  readonly appended: Map<number, string>;
  /** Sequences up to this one were said to be in the file, */
  written: number;
  /** and up to this one on the disk. */
  durable: number;
}

/** Opens a journal on a model disk; undefined when the disk failed before there was one. */
export async function openTrial(dice: Dice, plan: (files: ModelFiles) => void, sealed: boolean): Promise<Trial | undefined> {
  const files = modelFiles(dice);
  plan(files);
  try {
    const lane = await journal({
      folder: PLACE,
      first: 1,
      segmentBytes: 3000,
      maxAgeMs: 1,
      files,
      retryMs: 1,
      ...(sealed && { master: MASTER }),
    });
    return { files, lane, appended: new Map(), written: 0, durable: 0 };
  } catch {
    return undefined;
  }
}

/** Appends `records` records in some order of appending, writing and making durable, some of it at once. */
export async function work(trial: Trial, dice: Dice, records: number): Promise<void> {
  const running: Promise<void>[] = [];
  for (let i = 0; i < records; i++) {
    append(trial, dice);
    const choice = dice.whole(0, 5);
    if (choice === 0) running.push(promise(trial, "written"));
    else if (choice === 1) running.push(promise(trial, "durable"));
    else if (choice === 2) await promise(trial, "written");
    else if (choice === 3) await promise(trial, "durable");
    else if (choice === 4 && dice.whole(0, 3) === 0) await trial.lane.rotateIfOld().catch(() => {});
  }
  await Promise.all(running);
}

function append({ lane, appended }: Trial, dice: Dice): void {
  const text = `record ${appended.size + 1} ${"x".repeat(dice.whole(0, 900))}`;
  try {
    appended.set(lane.append(KIND.end, [Buffer.from(text)]), text);
  } catch (error) {
    if (!(error instanceof JournalFull)) throw error;
  }
}

async function promise(trial: Trial, what: "written" | "durable"): Promise<void> {
  const upTo = trial.appended.size;
  await trial.lane[what]().then(
    () => {
      trial.written = Math.max(trial.written, upTo);
      if (what === "durable") trial.durable = Math.max(trial.durable, upTo);
    },
    () => {}, // said to have failed: nothing was promised
  );
}

/**
 * Reads what is left after the process was killed, or after the power failed, and throws unless every promise is kept: each record once, in
 * order, as it was appended, and all that were promised.
 */
export async function checkAfter(trial: Trial, what: "kill" | "power loss", dice: Dice): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "spangate-model-"));
  try {
    if (what === "kill") trial.files.afterKill(folder);
    else trial.files.afterPowerLoss(folder, dice);
    const { found, missing } = await readAll(folder);
    const gaps = [...found.keys()].reduce((last, each) => Math.max(last, each), 0) - found.size;
    // More may be known to be gone: a segment that is empty now says what was to stand before it.
    if (missing < gaps || missing > trial.appended.size - found.size) {
      throw new Error(
        `${gaps} records are gone before the last one, ${trial.appended.size - found.size} in all, and ${missing} are counted`,
      );
    }
    let before = 0;
    for (const [sequence, text] of found) {
      if (sequence <= before) throw new Error(`record ${sequence} came behind record ${before}`);
      if (trial.appended.get(sequence) !== text) throw new Error(`record ${sequence} is not what was appended`);
      before = sequence;
    }
    const promised = what === "kill" ? trial.written : trial.durable;
    for (let sequence = 1; sequence <= promised; sequence++) {
      if (!found.has(sequence)) throw new Error(`record ${sequence} of ${promised} that were promised to survive a ${what} is gone`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function readAll(folder: string): Promise<{ found: Map<number, string>; missing: number }> {
  let missing = 0;
  const onMissing = ({ from, to }: Missing): void => void (missing += to - from + 1);
  await using reader = journalReader({ folder, after: 0, masters: [MASTER], onDamage: () => {}, onMissing });
  const found = new Map<number, string>();
  for (;;) {
    const read = await reader.read();
    const records = read.length > 0 ? read : reader.end();
    if (records.length === 0) return { found, missing };
    for (const { sequence, payload } of records) found.set(sequence, payload.toString());
  }
}

export const FAILURES: readonly Failure[] = ["EIO", "ENOSPC", "EINTR", "EAGAIN", "short"];

/** Up to four failures, or stretches of them, at operations drawn by chance. */
export function planFailures(files: ModelFiles, dice: Dice): void {
  const plans = dice.whole(0, 4);
  for (let i = 0; i < plans; i++) {
    const from = dice.whole(1, 60);
    const to = dice.whole(0, 3) === 0 ? from + dice.whole(1, 6) : from;
    files.failAt(from, FAILURES[dice.whole(0, FAILURES.length - 1)] ?? "EIO", to);
  }
  if (dice.whole(0, 3) === 0) files.failSyncs(dice.whole(2, 6));
}
