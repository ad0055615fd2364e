import type * as Fs from "node:fs";
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { OPAQUE } from "./tokens.ts";
import { findNames } from "./find_names.ts";
import type { NameMode } from "./find_names.ts";

vi.mock("node:fs", async (original) => {
  const fs = await original<typeof Fs>();
  return { ...fs, readFileSync: vi.fn(fs.readFileSync) };
});

test("reads its model at the first call, not when imported, and once", () => {
  const reads = (): number => vi.mocked(readFileSync).mock.calls.filter(([path]) => String(path).endsWith("names.model")).length;
  expect(reads()).toBe(0);
  foundIn("Anna Smith");
  foundIn("Anna Smith");
  expect(reads()).toBe(1);
});

function foundIn(text: string, skip: readonly number[] = [], mode: NameMode = "balanced"): readonly string[] {
  const found: string[] = [];
  findNames(
    text,
    Int32Array.from(skip.flatMap((at, i) => (i % 2 === 0 ? [at] : [at, OPAQUE]))),
    (start, end, type) => found.push(`${type} ${text.slice(start, end)}`),
    mode,
  );
  return found;
}

const found = [
  { title: "a full name in a greeting", text: "Hello, this is Margaret Olsen from accounting.", names: ["PERSON Margaret Olsen"] },
  { title: "a title is no part of the name", text: "Please ask Dr. Okonkwo for an appointment.", names: ["PERSON Okonkwo"] },
  { title: "the possessive ending is no part of the name", text: "I borrowed Natalie Becker's car.", names: ["PERSON Natalie Becker"] },
  { title: "names of other alphabets", text: "Contact: Наталья Иванова", names: ["PERSON Наталья Иванова"] },
  { title: "romanised Chinese names", text: "I had lunch with Zhang Weimin yesterday.", names: ["PERSON Zhang Weimin"] },
  { title: "a name with a particle", text: "Dear Mr. van der Berg, thank you.", names: ["PERSON van der Berg"] },
  { title: "a name that no list holds", text: "My name is Xuvorel Tambriquez.", names: ["PERSON Xuvorel Tambriquez"] },
  { title: "values of JSON", text: '{"customer_name":"Priya Raman","plan":"Premium"}', names: ["PERSON Priya Raman"] },
  { title: "values of YAML", text: "owner:\n  name: Jakub Nowak\n  plan: Basic", names: ["PERSON Jakub Nowak"] },
  { title: "a name after an escaped line end", text: "Best regards\\nHelena Marks", names: ["PERSON Helena Marks"] },
  {
    title: "a later mention of the first name alone",
    text: "I met Annika Lindqvist. The report was Annika all over.",
    names: ["PERSON Annika Lindqvist", "PERSON Annika"],
  },
  {
    title: "an American address",
    text: "I live at 742 Evergreen Terrace Apt 4, Springfield, IL 62704.",
    names: ["ADDRESS 742 Evergreen Terrace Apt 4, Springfield, IL 62704"],
  },
  { title: "a German address", text: "Lieferadresse: Goethestraße 12a, 28127 Bremen", names: ["ADDRESS Goethestraße 12a, 28127 Bremen"] },
  { title: "a French address", text: "Adresse : 147 rue Pasteur, 75001 Paris", names: ["ADDRESS 147 rue Pasteur, 75001 Paris"] },
  {
    title: "an address over several lines",
    text: "Send it to:\n18 Station Road\nLeeds LS1 4AB",
    names: ["ADDRESS 18 Station Road\nLeeds LS1 4AB"],
  },
];
for (const { title, text, names } of found) {
  test(`finds: ${title}`, () => {
    expect(foundIn(text)).toEqual(names);
  });
}

const left = [
  { title: "ordinary prose", text: "The meeting about the quarterly budget was moved to Thursday." },
  { title: "months and days", text: "In May it rained; June and April were dry. See you on Sunday." },
  { title: "acronyms and services", text: "Move the logs from S3 to EKS, then scale C4 and restart RDS." },
  { title: "class names and calls", text: "class AppleStore extends BaseStore {}; user.getName(); AnnaService.start();" },
  { title: "identifiers and paths", text: "open /home/anna/reports/Mark.txt, then set user_name and MARK_DONE" },
  { title: "log levels", text: "2026-01-02 10:00:00 ERROR WorkerPool: task failed, WARN retrying" },
  { title: "handles and hashtags", text: "thanks @sarah_connor #JohnDoe" },
  { title: "e-mail addresses", text: "write to anna.smith@example.com today" },
  { title: "orders that are names elsewhere", text: "Mark all messages as read and bill the customer." },
  { title: "companies", text: "Deutsche Bank AG and Siemens AG published their results." },
  { title: "countries and cities", text: "Germany, France and Italy met in Brussels." },
  { title: "types", text: "const pending: Promise<void> = new Map<string, Buffer>();" },
  { title: "markers of what was scrubbed", text: "Dear [PERSON], your [EMAIL] and PERSON_ab12cd34ef at [ADDRESS] are fine." },
  { title: "an empty text", text: "" },
];
for (const { title, text } of left) {
  test(`leaves alone: ${title}`, () => {
    expect(foundIn(text)).toEqual([]);
  });
}

test("leaves alone what the caller skips", () => {
  const text = "Anna Smith wrote to Peter Jones.";
  expect(foundIn(text)).toEqual(["PERSON Anna Smith", "PERSON Peter Jones"]);
  expect(foundIn(text, [0, 10])).toEqual(["PERSON Peter Jones"]);
});

test("finds no less when asked for more recall, and no more when asked for precision", () => {
  const text = readFileSync(new URL("../../../testing/pii/wnut17_train.jsonl", import.meta.url), "utf8").slice(0, 200_000);
  const [precise, balanced, eager] = (["precision", "balanced", "recall"] as const).map((mode) => foundIn(text, [], mode).length);
  expect(balanced).toBeGreaterThan(precise ?? Infinity);
  expect(eager).toBeGreaterThan(balanced ?? Infinity);
});

interface Row {
  readonly text: string;
}
const rowsOf = (file: string): readonly Row[] =>
  readFileSync(new URL(`../../../testing/pii/${file}`, import.meta.url), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row);

function scrubbed(text: string, marker: (type: string) => string): string {
  let result = "";
  let last = 0;
  findNames(
    text,
    new Int32Array(0),
    (start, end, type) => {
      result += text.slice(last, start) + marker(type);
      last = end;
    },
    "balanced",
  );
  return result + text.slice(last);
}

const markers = [
  { title: "type markers", marker: (type: string) => `[${type}]` },
  { title: "pseudonyms", marker: (type: string) => `${type}_ab2cd3ef4g` },
];
for (const { title, marker } of markers) {
  test(`scrubbing twice is scrubbing once, with ${title}`, () => {
    const files = [
      "chat_dev.jsonl",
      "presidio_synth_v2.jsonl",
      "presidio_generated_large.jsonl",
      "kiji_e2e.jsonl",
      "lifebench_dev.jsonl",
      "wnut17_train.jsonl",
    ];
    const texts = files.flatMap((file) => rowsOf(file).map(({ text }) => scrubbed(text, marker)));
    expect(texts.length).toBeGreaterThan(9000);
    expect(texts.filter((text) => scrubbed(text, marker) !== text)).toEqual([]);
  });
}

test("takes time in proportion to the text, whatever the text", () => {
  const units = [
    "a",
    "0",
    "a.",
    "0-",
    "@a",
    " ",
    "\n",
    '\\"',
    "\\n",
    "A1",
    "{",
    "[",
    "[PERSON",
    "[PERSON]",
    "A.",
    "Aa",
    "Anna ",
    "a'",
    "a-",
    "12 Main St, ",
    "Mr. Smith ",
    "ul. ",
    "é",
    "\ud83d",
  ];
  // The processor's time, since others use the machine as well.
  const took = (text: string): number => {
    const start = process.cpuUsage();
    foundIn(text);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  };
  const best = (text: string): number => Math.min(...[1, 2, 3].map(() => took(text)));
  const isSlow = (unit: string): boolean => {
    const small = unit.repeat(30_000 / unit.length);
    // Eight times the text; thrice that is left to the collector. A square would be 64 times.
    return best(small.repeat(8)) > 24 * best(small) + 30;
  };
  const slow = units.filter(isSlow).filter(isSlow).filter(isSlow);
  expect(slow).toEqual([]);
});
