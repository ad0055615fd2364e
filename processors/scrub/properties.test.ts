import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { detector } from "./detector.ts";
import type { Finding } from "./finding.ts";
import { PREFIXES } from "./secrets/prefixes.ts";

const structured = detector({ names: "off" });

/** Pieces that mean something to the detector, to be thrown together. */
const pieces = [
  "ssn ",
  "123-45-6789",
  "call me ",
  "+1 415 555 0132",
  "(415) 555-0132",
  " ",
  "\n",
  ", ",
  "card ",
  "4111 1111 1111 1111",
  "password: ",
  "hunter2!",
  "user=",
  "jdoe42",
  "https://",
  "a:b@",
  "host.example.com",
  "jane@example.com",
  "@",
  ":",
  "=",
  '"',
  "'",
  "{",
  "}",
  "[",
  "]",
  "iban ",
  "DE89 3704 0044 0532 0130 00",
  "dob ",
  "03/14/1985",
  "born ",
  "14. März 1985",
  "10.1.2.3",
  "fe80::1:2",
  "00:1a:2b:3c:4d:5e",
  "12 Rose Street",
  "Lindenweg 59, 43698 Köln",
  "name,ssn,phone\n",
  "a,123456789,4155550132\n",
  "-----BEGIN PRIVATE KEY-----",
  "-----END PRIVATE KEY-----",
  "AKIA",
  "QRSTUVWXYZ234567",
  "token=",
  "9f86d081884c7d659a2feaa0c55ad015",
  "order ",
  "invoice ",
  "0",
  "00",
  "1",
  "-",
  ".",
  "/",
  "\\n",
  "%40",
  "\u200b",
  "４１",
  "电话",
  "13812345678",
  "é",
  "A1",
  "_",
  "x",
  "Z",
];
const text = fc
  .array(fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...pieces) }, { weight: 1, arbitrary: fc.string({ unit: "grapheme" }) }), {
    maxLength: 40,
  })
  .map((parts) => parts.join(""));

test("finds disjoint stretches, in order, inside the text", () => {
  fc.assert(
    fc.property(text, (each) => {
      let end = 0;
      for (const finding of structured.find(each)) {
        expect(finding.start).toBeGreaterThanOrEqual(end);
        expect(finding.end).toBeGreaterThan(finding.start);
        end = finding.end;
      }
      expect(end).toBeLessThanOrEqual(each.length);
    }),
    { numRuns: 2000 },
  );
});

test("finds the same each time, whatever it looked at before", () => {
  fc.assert(
    fc.property(text, text, (one, other) => {
      const first = structured.find(one);
      structured.find(other);
      expect(structured.find(one)).toEqual(first);
    }),
    { numRuns: 300 },
  );
});

const markers: readonly (readonly [string, (finding: Finding) => string])[] = [
  ["markers", ({ type }) => `[${type}]`],
  ["pseudonyms", ({ type }) => `${type}_ab12cd34ef`],
];
describe("finds nothing again where its findings were replaced", () => {
  for (const [name, marker] of markers) {
    test(`by ${name}`, () => {
      fc.assert(
        fc.property(text, (each) => {
          const once = replaced(each, structured.find(each), marker);
          const again = structured.find(once).filter(({ start, end }) => /[A-Z]{3}\]|_ab12cd34ef/.test(once.slice(start, end)));
          expect(again).toEqual([]);
        }),
        { numRuns: 2000 },
      );
    });
  }
});

describe("knows the keys of vendors by their beginning", () => {
  for (const [head, body] of PREFIXES) {
    test(head, () => {
      fc.assert(
        fc.property(fc.stringMatching(new RegExp(`^${body}$`)), (rest) => {
          // A run without a digit is looked at from 20 characters on.
          fc.pre(!/x{8,}/i.test(rest) && /\w$/.test(rest) && (!/^[A-Za-z\d]+$/.test(head) || /^\w{0,300}\d|^\w{20}/.test(head + rest)));
          const line = `the key is ${head}${rest}, keep it`;
          const [found] = structured.find(line);
          expect(found).toMatchObject({ type: "SECRET", start: 11 });
        }),
        { numRuns: 5 },
      );
    });
  }
});

function replaced(original: string, findings: readonly Finding[], marker: (finding: Finding) => string): string {
  let result = "";
  let copied = 0;
  for (const finding of findings) {
    result += original.slice(copied, finding.start) + marker(finding);
    copied = finding.end;
  }
  return result + original.slice(copied);
}
