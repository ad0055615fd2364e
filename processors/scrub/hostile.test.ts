import { describe, expect, test } from "vitest";
import { detector } from "./detector.ts";

const structured = detector({ names: "off" });
const SIZE = 1 << 17;
/** Inputs may cost this many times what prose costs; five is aimed at, and a busy machine is allowed for. */
const WORST = 12;

const PROSE =
  "Dear Ms Miller, thank you for your letter of 3 May; our office in 12 Rose Street will call you back on +1 415 555 0132 or write to jane@example.com. ";

const units = [
  "a",
  "0",
  "a.",
  "0-",
  "@a",
  " ",
  '"\\\\"',
  "A1",
  "{",
  "a@",
  "1.",
  ":=",
  "AKIA",
  "-----BEGIN ",
  "-----BEGIN PRIVATE KEY-----\n",
  "://u:",
  "password: ",
  "0x",
  '"',
  "'",
  "1 ",
  "12 ",
  "123 ",
  "123-",
  "1:",
  "00:",
  "1/",
  "+1 ",
  "(",
  "((1",
  "ssn ",
  "ssn 123-45-678 ",
  "dob 1.1 ",
  "token=",
  "secret=a1 ",
  "user ",
  "x@y.zz ",
  "name,ssn\n",
  "ssn,",
  "|ssn|1",
  "eyJa.",
  "sk-",
  "-u a:",
  "at dot ",
  "%40",
  "\u200b",
  "１",
  "电话1",
  "é",
  "a_",
  "aB",
  "4111 ",
  "DE89 ",
  "GB29 NWBK 6016 1331 ",
  "12 Rose ",
  "Street ",
  "rue ",
  "lat 1.",
  "1.1.1.",
  "basic ",
  "eyJaaaaaaaaa-",
  "ops_eyJaa-",
  "bedrock-api-key-a-",
  "ghs_1_eyJaaaaaaaaaa-",
  "sntrys_eyJa-",
  "secret-token:a-",
  "SG.a.",
  "gAAAAA-",
  "ya29.a-",
  "sk-proj-",
  "xoxb-",
  "born 1 jan ",
  "Bearer a",
  "https://a:b@",
  "\\n",
  "\n",
];

describe("a hostile text costs about what prose does", () => {
  const prose = rate(PROSE.repeat(Math.ceil(SIZE / PROSE.length)));
  for (const unit of units) {
    test(JSON.stringify(unit), () => {
      const text = unit.repeat(Math.ceil(SIZE / unit.length)).slice(0, SIZE);
      expect(rate(text) * WORST).toBeGreaterThan(prose);
    });
  }
});

test("data in base64 and hex is skipped, not read", () => {
  const bytes = Buffer.from(Array.from({ length: SIZE }, (_, index) => (Math.imul(index + 7, 2654435761) >>> 13) & 255));
  const prose = rate(PROSE.repeat(Math.ceil(SIZE / PROSE.length)));
  expect(rate(`data:image/png;base64,${bytes.toString("base64")}`)).toBeGreaterThan(prose * 2);
  expect(rate(bytes.toString("hex"))).toBeGreaterThan(prose * 2);
  expect(structured.find(`{"image":"data:image/png;base64,${bytes.toString("base64")}"}`)).toEqual([]);
});

test("a text five times as long takes about five times as long", () => {
  const bytes = Buffer.from(Array.from({ length: SIZE }, (_, index) => (Math.imul(index + 7, 2654435761) >>> 13) & 255)).toString("base64");
  expect(rate(bytes.repeat(5))).toBeGreaterThan(rate(bytes) / 6);
});

/** Characters per millisecond of this process's time, the best of four. */
function rate(text: string): number {
  let best = Infinity;
  for (let round = 0; round < 4; round++) {
    const begun = process.cpuUsage();
    structured.find(text);
    const { user, system } = process.cpuUsage(begun);
    best = Math.min(best, (user + system) / 1000);
  }
  return text.length / Math.max(best, 0.01);
}
