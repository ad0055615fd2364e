import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { decodeModel } from "../../processors/scrub/names/model.ts";
import type { Model } from "../../processors/scrub/names/model.ts";
import { shippedModel } from "../../processors/scrub/names/find_names.ts";
import { foldOf, templateOf, TRAINING_FILES } from "../../processors/scrub/training/data.ts";
import { train } from "../../processors/scrub/training/train.ts";
import type { HeldOut } from "../../processors/scrub/training/train.ts";

const CACHE = new URL("../../.cache/pii/", import.meta.url);
const SOURCES = ["../../processors/scrub/names/", "../../processors/scrub/training/", "./"];

/** What a trained model depends on: the code of the tagger and of its training, and the data. */
function fingerprint(): string {
  const hash = createHash("sha256");
  for (const folder of SOURCES) {
    const url = new URL(folder, import.meta.url);
    for (const file of readdirSync(url).toSorted()) {
      if (/\.jsonl$|(?<!\.test)\.ts$/.test(file)) hash.update(file).update(readFileSync(new URL(file, url)));
    }
  }
  return hash.digest("hex").slice(0, 16);
}

/** Which model may judge a row: one that saw neither the row nor its template. */
function heldOutFor(file: string, row: number): HeldOut | undefined {
  const trainedOn = TRAINING_FILES.find((name) => name === file);
  if (trainedOn === undefined) return undefined;
  return trainedOn === "chat_dev.jsonl" ? { fold: foldOf(templateOf(row)) } : { file: trainedOn };
}

const nameOf = (heldOut: HeldOut): string => ("fold" in heldOut ? `fold-${heldOut.fold}` : `without-${heldOut.file}`);

/** What the reader should know of where a file's figures come from. */
export function judgedBy(file: string): string {
  const heldOut = heldOutFor(file, 0);
  if (heldOut === undefined) return "shipped model";
  return "fold" in heldOut ? "five folds by template" : "trained without this file";
}

/** Models by what they did not see; trained when first asked for, and kept in `.cache` until code or data change. */
export function heldOutModels(): (file: string, row: number) => Model {
  const held = new Map<string, Model>();
  const stamp = fingerprint();
  const trained = (heldOut: HeldOut): Model => {
    const path = new URL(`${stamp}-${nameOf(heldOut)}.model`, CACHE);
    try {
      return decodeModel(readFileSync(path));
    } catch {
      const bytes = train(heldOut);
      mkdirSync(CACHE, { recursive: true });
      writeFileSync(path, bytes);
      return decodeModel(bytes);
    }
  };
  return (file, row) => {
    const heldOut = heldOutFor(file, row);
    if (heldOut === undefined) return shippedModel();
    const name = nameOf(heldOut);
    const model = held.get(name) ?? trained(heldOut);
    held.set(name, model);
    return model;
  };
}
