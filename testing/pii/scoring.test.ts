import { expect, test } from "vitest";
import type { Finding } from "../../processors/scrub/finding.ts";
import { tag } from "../../processors/scrub/tagger.ts";
import { datasets } from "./dataset.ts";
import { figuresOf, macroF2, scoreDataset, structuredFigures, togetherByType } from "./scoring.ts";
import type { Dataset, Label } from "./scoring.ts";

const text = "Anna Smith lives at 12 Main Street, Springfield; SSN 123-45-6789, near Boston.";
const name: Label = { start: 0, end: 10, type: "PERSON" };
const address: Label = { start: 20, end: 47, type: "ADDRESS" };
const ssn: Label = { start: 53, end: 64, type: "SSN" };
const city: Label = { start: 71, end: 77, type: "LOCATION" };

const dataset = (spans: readonly Label[], labels = ["PERSON", "ADDRESS", "SSN"]): Dataset => ({
  name: "one",
  labels,
  soft: ["LOCATION"],
  rows: [{ id: "1", text, spans }],
});
const all = dataset([name, address, ssn, city]);
const found = (...findings: readonly Finding[]) => scoreDataset(all, () => findings);

const cases = [
  {
    title: "an exact finding",
    finding: { start: 0, end: 10, type: "PERSON" },
    type: "PERSON",
    caught: 1,
    predicted: 1,
    right: 1,
    exact: 1,
  },
  { title: "most of a name", finding: { start: 0, end: 9, type: "PERSON" }, type: "PERSON", caught: 1, predicted: 1, right: 1, exact: 0 },
  {
    title: "too little of a name",
    finding: { start: 0, end: 4, type: "PERSON" },
    type: "PERSON",
    caught: 0,
    predicted: 1,
    right: 1,
    exact: 0,
  },
  {
    title: "three fifths of an address",
    finding: { start: 20, end: 40, type: "ADDRESS" },
    type: "ADDRESS",
    caught: 1,
    predicted: 1,
    right: 1,
    exact: 0,
  },
  {
    title: "another type of the same family",
    finding: { start: 53, end: 64, type: "TAX_ID" },
    type: "SSN",
    caught: 1,
    predicted: 0,
    right: 0,
    exact: 1,
  },
  {
    title: "a finding that is mostly outside",
    finding: { start: 6, end: 19, type: "PERSON" },
    type: "PERSON",
    caught: 0,
    predicted: 1,
    right: 0,
    exact: 0,
  },
] as const;
for (const { title, finding, type, caught, predicted, right, exact } of cases) {
  test(`counts ${title}`, () => {
    expect(found(finding).types.get(type)).toEqual({ gold: 1, caught, predicted, right, exact, counts: true });
  });
}

test("a finding in what is annotated loosely is neither right nor false", () => {
  const { types, over } = found({ start: 71, end: 77, type: "PERSON" });
  expect(types.get("PERSON")).toMatchObject({ predicted: 0, right: 0 });
  expect(over).toBe(0);
});

test("an address over a loosely annotated city is right", () => {
  expect(found({ start: 71, end: 77, type: "ADDRESS" }).types.get("ADDRESS")).toMatchObject({ predicted: 1, right: 1 });
});

test("a type that a file does not label is not judged there", () => {
  const { types } = scoreDataset(dataset([name], ["PERSON"]), () => [{ start: 53, end: 64, type: "SSN" }]);
  expect(types.has("SSN")).toBe(false);
});

test("what covers a label with any type does not leak; what lies outside is too much", () => {
  const { goldCharacters, leaked, over, characters } = found({ start: 0, end: 10, type: "EMAIL" }, { start: 11, end: 16, type: "PERSON" });
  expect({ goldCharacters, leaked, over, characters }).toEqual({ goldCharacters: 9 + 23 + 9, leaked: 23 + 9, over: 5, characters: 78 });
});

test("figures weigh recall twice, and totals leave the loose types out", () => {
  const tally = { gold: 10, caught: 5, exact: 5, predicted: 8, right: 6, counts: true };
  const { precision, recall, f2 } = figuresOf([tally]);
  expect([precision, recall]).toEqual([0.75, 0.5]);
  expect(f2).toBeCloseTo((5 * 0.75 * 0.5) / (4 * 0.75 + 0.5), 12);
  const types = new Map([
    ["PERSON", tally],
    ["SSN", { ...tally, caught: 10, right: 8 }],
    ["(soft) ORG", { ...tally, counts: false }],
  ]);
  expect(macroF2(types)).toBeCloseTo((f2 + 1) / 2, 12);
  expect(structuredFigures(types)).toMatchObject({ gold: 10, precision: 1, recall: 1 });
});

test("the tagger keeps its promise on texts it was never trained on", () => {
  const [unseen] = datasets().filter(({ name: file }) => file === "presidio_synth_v2.jsonl");
  if (unseen === undefined) throw new Error("presidio_synth_v2.jsonl is not listed");
  const types = togetherByType([scoreDataset(unseen, (each) => tag(each, [], "balanced"))]);
  const person = figuresOf([...types].filter(([type]) => type === "PERSON").map(([, tally]) => tally));
  const places = figuresOf([...types].filter(([type]) => type === "ADDRESS").map(([, tally]) => tally));
  expect(person.precision).toBeGreaterThan(0.88);
  expect(person.recall).toBeGreaterThan(0.74);
  expect(places.recall).toBeGreaterThan(0.75);
});
