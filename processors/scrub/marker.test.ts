import { expect, test } from "vitest";
import { clearOfMarkers, hideMarkers, keepMarkers, marker, unscanned } from "./marker.ts";

const cases = [
  { title: "a text without a marker is replaced whole", found: "ann@example.com", after: "<15>" },
  { title: "a marker alone stays", found: "[EMAIL]", after: "[EMAIL]" },
  { title: "a marker with its last four stays", found: "[CREDIT_CARD:1111]", after: "[CREDIT_CARD:1111]" },
  { title: "a pseudonym stays", found: "EMAIL_abcdefghi2", after: "EMAIL_abcdefghi2" },
  { title: "what was not scanned stays", found: "[UNSCANNED:budget]", after: "[UNSCANNED:budget]" },
  { title: "words around a marker are replaced", found: "12 Main St [PERSON] flat 3", after: "<10> [PERSON] <6>" },
  { title: "signs between markers stay", found: "[EMAIL], [PHONE]", after: "[EMAIL], [PHONE]" },
  { title: "what only looks like a marker is replaced", found: "[E-MAIL] x", after: "<10>" },
  { title: "a longer word is no pseudonym", found: "EMAIL_abcdefghi2x", after: "<17>" },
  {
    title: "a marker of one key among others stays",
    found: "[EMAIL:100000] EMAIL_abcdefghi2_12",
    after: "[EMAIL:100000] EMAIL_abcdefghi2_12",
  },
  { title: "a pseudonym at the end of a sentence stays", found: "EMAIL_abcdefghi2.", after: "EMAIL_abcdefghi2." },
  { title: "a number written as a marker is replaced", found: "[CREDIT_CARD:4111111111111111]", after: "<30>" },
  { title: "a name written as a reason is replaced", found: "[UNSCANNED:Anna]", after: "<16>" },
  { title: "an address written as a pseudonym is replaced", found: "EMAIL_annakeller@example.com", after: "<28>" },
  { title: "a number written as a pseudonym is replaced", found: "PHONE_2345672345", after: "<16>" },
  { title: "letters of another alphabet are words", found: "[EMAIL] Анна", after: "[EMAIL] <4>" },
] as const;
for (const { title, found, after } of cases) {
  test(title, () => {
    expect(keepMarkers(found, (part) => `<${part.length}>`)).toBe(after);
  });
}

test("markers say what they stand for", () => {
  expect([marker("EMAIL"), marker("CREDIT_CARD", "1111"), unscanned("budget")]).toEqual([
    "[EMAIL]",
    "[CREDIT_CARD:1111]",
    "[UNSCANNED:budget]",
  ]);
});

test("markers are hidden from who looks for labels, and nothing moves", () => {
  expect(hideMarkers("[PHONE] 12 EMAIL_abcdefghi2, [x] [CREDIT_CARD:4111111111111111]")).toBe(
    "******* 12 ****************, [x] [CREDIT_CARD:4111111111111111]",
  );
});

const halves: readonly { title: string; start: number; end: number; left: readonly (readonly [number, number])[] }[] = [
  { title: "begins in a marker", start: 4, end: 12, left: [[9, 12]] },
  { title: "ends in a marker", start: 0, end: 5, left: [[0, 2]] },
  { title: "lies in a marker", start: 4, end: 6, left: [] },
  { title: "goes over a marker", start: 0, end: 12, left: [[0, 12]] },
];
for (const { title, start, end, left } of halves) {
  test(`a finding that ${title} is left without halves of it`, () => {
    const cleared = clearOfMarkers("a [EMAIL] b c d", [{ start, end, type: "PERSON" }]);
    expect(cleared.map((each) => [each.start, each.end])).toEqual(left);
  });
}
