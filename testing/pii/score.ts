import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { detector } from "../../processors/scrub/detector.ts";
import type { Finding } from "../../processors/scrub/finding.ts";
import type { Model } from "../../processors/scrub/names/model.ts";
import { tag } from "../../processors/scrub/tagger.ts";
import { datasets } from "./dataset.ts";
import { heldOutModels, judgedBy } from "./held_out.ts";
import { figuresOf, macroF2, scoreDataset, structuredFigures, togetherByType } from "./scoring.ts";
import type { Figures, Score } from "./scoring.ts";
import { base64, documents, HOSTILE, plainPatterns, someCode, throughput } from "./speed.ts";

/** npm run score -- [--json FILE] [--errors TYPE] [--mode precision|balanced|recall] [--no-speed] */
const { values: options } = parseArgs({
  options: {
    json: { type: "string" },
    errors: { type: "string" },
    mode: { type: "string", default: "balanced" },
    "no-speed": { type: "boolean", default: false },
  },
});
const mode = options.mode === "precision" || options.mode === "recall" ? options.mode : "balanced";

const structured = detector({ names: "off" });

/** The whole detector, with the names of a model that may judge the row. */
function detectWith(text: string, model?: Model): readonly Finding[] {
  return tag(text, structured.find(text), mode, model);
}

const percent = (share: number): string => (100 * share).toFixed(1).padStart(5);
const cells = ({ precision, recall, f2 }: Figures): string => `P ${percent(precision)} R ${percent(recall)} F2 ${percent(f2)}`;
const print = (line = ""): void => console.log(line);

const models = heldOutModels();
const scores: readonly Score[] = datasets().map((dataset) =>
  scoreDataset(dataset, (text, row) => detectWith(text, models(dataset.name, row)), options.errors),
);
const types = togetherByType(scores);

print(
  `Personal data and secrets, mode ${mode}. Names and addresses come from models that saw neither the rows they judge nor their templates:`,
);
for (const { name } of scores) print(`  ${name.padEnd(32)} ${judgedBy(name)}`);
print();
for (const score of scores) {
  const counted = figuresOf([...score.types.values()].filter(({ counts }) => counts));
  const leak = score.goldCharacters > 0 ? score.leaked / score.goldCharacters : 0;
  print(
    `${score.name.padEnd(32)} gold ${String(counted.gold).padStart(5)} ${cells(counted)} leak ${percent(leak)} over ${((1000 * score.over) / score.characters).toFixed(2)}`,
  );
  for (const type of ["PERSON", "ADDRESS"]) {
    const tally = score.types.get(type);
    if (tally?.counts === true && tally.gold > 0)
      print(`  ${type.padEnd(30)} gold ${String(tally.gold).padStart(5)} ${cells(figuresOf([tally]))}`);
  }
}
print();
for (const [type, tally] of [...types].toSorted(
  ([, one], [, other]) => Number(other.counts) - Number(one.counts) || other.gold - one.gold,
)) {
  print(
    `  ${type.padEnd(24)} gold ${String(tally.gold).padStart(5)} found ${String(tally.predicted).padStart(5)} ${cells(figuresOf([tally]))}`,
  );
}
print();
print(`structured types together  ${cells(structuredFigures(types))}`);
print(`macro-F2                   ${percent(macroF2(types))}`);
for (const { errors } of scores) for (const error of errors) print(error);

const speed: Record<string, number> = {};
if (!options["no-speed"]) {
  const texts = datasets().flatMap(({ rows }) => rows.map(({ text }) => text));
  const docs = documents(texts.join("\n").slice(0, 1 << 20));
  const all = (text: string): readonly Finding[] => detectWith(text);
  const plain = throughput(plainPatterns, docs);
  speed["plain"] = plain;
  speed["structured"] = throughput((text) => structured.find(text), docs) / plain;
  speed["names"] = throughput((text) => tag(text, [], mode), docs) / plain;
  speed["all"] = throughput(all, docs) / plain;
  speed["code"] = throughput(all, documents(someCode())) / plain;
  speed["base64"] = throughput(all, [base64(200_000)]);
  print();
  print(
    `16 KB documents, against ${plain.toFixed(1)} MB/s of eleven plain patterns: structured ${speed["structured"].toFixed(2)}, names ${speed["names"].toFixed(2)}, all ${speed["all"].toFixed(2)}; code ${speed["code"].toFixed(2)}; base64 ${speed["base64"].toFixed(0)} MB/s`,
  );
  const prose = speed["all"] * plain;
  for (const unit of HOSTILE) {
    const rate = throughput(all, [unit.repeat(1e6 / unit.length)], 500);
    speed[`hostile ${unit}`] = rate / prose;
    print(`  1 MB of ${JSON.stringify(unit).padEnd(16)} ${rate.toFixed(1).padStart(6)} MB/s, ${(rate / prose).toFixed(2)} of prose`);
  }
}

if (options.json !== undefined) {
  const byFile = Object.fromEntries(
    scores.map((score) => [
      score.name,
      {
        types: Object.fromEntries([...score.types].map(([type, tally]) => [type, { ...tally, ...figuresOf([tally]) }])),
        leak: score.leaked / score.goldCharacters,
        over: (1000 * score.over) / score.characters,
      },
    ]),
  );
  writeFileSync(
    options.json,
    `${JSON.stringify({ mode, files: byFile, structured: structuredFigures(types), macroF2: macroF2(types), speed }, null, 2)}\n`,
  );
}
