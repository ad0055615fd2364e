import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { examplesOf, FOLDS, foldOf, readRows, templateOf, TRAINING_FILES } from "./data.ts";
import { fit } from "./fit.ts";
import { generate } from "./generate.ts";
import { baseLexicon } from "./lexicon_source.ts";
import { Chance } from "./random.ts";
import { train, trainingExamples } from "./train.ts";

test("the committed model is what training gives, byte for byte", () => {
  expect(Buffer.compare(train(), readFileSync(new URL("../names/names.model", import.meta.url)))).toBe(0);
}, 120_000);

test("the same examples and seed give the same bytes, another seed gives others", () => {
  const words = baseLexicon();
  const trained = (seed: number): Uint8Array => {
    const chance = new Chance(seed);
    return fit(() => generate(chance, 1), words, chance, { epochs: 1, rate: 0.05 });
  };
  expect(Buffer.compare(trained(1), trained(1))).toBe(0);
  expect(Buffer.compare(trained(1), trained(2))).not.toBe(0);
});

/** What the template left of a text once everything that varies is gone. */
function skeleton(text: string): string {
  return (
    text
      .replace(/[^a-z ]/g, " ")
      .trim()
      .split(/\s+/)[0] ?? ""
  );
}

test("each template of chat_dev is in one fold, and its rows with it", () => {
  const rows = readRows("chat_dev.jsonl");
  expect(new Set(rows.map((_, at) => templateOf(at))).size).toBe(90);
  for (let fold = 0; fold < FOLDS; fold++) {
    const seen = new Set(trainingExamples({ fold }).map(({ text }) => text));
    const tested = rows.filter((_, at) => foldOf(templateOf(at)) === fold);
    expect(tested.length).toBeGreaterThan(150);
    expect(tested.filter(({ text }) => seen.has(text) && !sharedText(rows, text, fold))).toEqual([]);
  }
});

/** Templates without anything to fill give the same text in every row; another template never gives it. */
function sharedText(rows: readonly { readonly text: string }[], text: string, fold: number): boolean {
  return rows.some((row, at) => row.text === text && foldOf(templateOf(at)) !== fold);
}

test("rows of one template begin alike", () => {
  const rows = readRows("chat_dev.jsonl");
  const fixed = [0, 1, 3, 7, 9, 18, 31, 44, 88];
  const beginnings = fixed.map(
    (template) => new Set(rows.filter((_, at) => templateOf(at) === template).map(({ text }) => skeleton(text.slice(0, 12)))).size,
  );
  expect(beginnings).toEqual(fixed.map(() => 1));
});

test("a model tested on a file has seen none of its rows", () => {
  for (const file of TRAINING_FILES) {
    const seen = new Set(trainingExamples({ file }).map(({ text }) => text));
    const rows = examplesOf(file).filter(({ text }) => seen.has(text));
    expect(rows).toEqual([]);
  }
});

test("nothing is learnt from the files that only test", () => {
  const learnt = new Set(trainingExamples().map(({ text }) => text));
  const testing = ["presidio_synth_v2.jsonl", "presidio_generated_large.jsonl", "secretlint_snapshots.jsonl"].flatMap(readRows);
  expect(testing.filter(({ text }) => learnt.has(text))).toEqual([]);
});
