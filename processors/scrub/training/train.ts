import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { examplesOf, foldOf, TRAINING_FILES, templateOf } from "./data.ts";
import type { TrainingFile } from "./data.ts";
import type { Example } from "./example.ts";
import { fit } from "./fit.ts";
import { generate } from "./generate.ts";
import { baseLexicon } from "./lexicon_source.ts";
import { Chance } from "./random.ts";

/** What a model must not see: a file, or the templates of one fold of chat_dev. */
export type HeldOut = { readonly file: TrainingFile } | { readonly fold: number };

const SEED = 20261121;
const EPOCHS = 10;
const RATE = 0.05;
/** Rounds of the generator in each epoch: fresh examples each time. */
const ROUNDS = 16;

function isHeldOut(heldOut: HeldOut | undefined, file: TrainingFile, row: number): boolean {
  if (heldOut === undefined) return false;
  return "file" in heldOut ? heldOut.file === file : file === "chat_dev.jsonl" && foldOf(templateOf(row)) === heldOut.fold;
}

/** The examples of the developer data that a model may see. */
export function trainingExamples(heldOut?: HeldOut): readonly Example[] {
  return TRAINING_FILES.flatMap((file) => examplesOf(file).filter((_, row) => !isHeldOut(heldOut, file, row)));
}

/** Trains a model; the same data and options give the same bytes. */
export function train(heldOut?: HeldOut, epochs = EPOCHS): Uint8Array {
  const chance = new Chance(SEED);
  const given = trainingExamples(heldOut);
  return fit(() => [...given, ...generate(chance, ROUNDS)], baseLexicon(), chance, { epochs, rate: RATE });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) writeFileSync(new URL("../names/names.model", import.meta.url), train());
