import { describe, expect, test } from "vitest";
import { detector } from "./detector.ts";
import type { DetectorOptions } from "./options.ts";
import { marked } from "./marked_text.ts";

interface Case {
  readonly title: string;
  readonly options: DetectorOptions;
  readonly text: string;
  readonly found: string;
}

const cases: readonly Case[] = [
  {
    title: "looks only for the types that are asked for",
    options: { types: ["EMAIL"] },
    text: "jane@example.com, ssn 123-45-6789",
    found: "⟦EMAIL:jane@example.com⟧, ssn 123-45-6789",
  },
  {
    title: "knows the identifiers of the countries that are asked for",
    options: { locales: ["es"] },
    text: "12345678Z and 529.982.247-25",
    found: "⟦NATIONAL_ID:12345678Z⟧ and 529.982.247-25",
  },
  {
    title: "leaves exact texts that are allowed",
    options: { allow: { texts: ["help@example.com"] } },
    text: "help@example.com or jane@example.com",
    found: "help@example.com or ⟦EMAIL:jane@example.com⟧",
  },
  {
    title: "leaves addresses of allowed networks",
    options: { allow: { networks: ["10.0.0.0/8", "2001:db8::/32"] } },
    text: "10.1.2.3, 192.0.2.7, 2001:db8::7:1",
    found: "10.1.2.3, ⟦IP_ADDRESS:192.0.2.7⟧, 2001:db8::7:1",
  },
  {
    title: "leaves e-mail addresses of allowed domains and what is below them",
    options: { allow: { domains: ["example.com"] } },
    text: "a@example.com b@mail.example.com c@notexample.com",
    found: "a@example.com b@mail.example.com ⟦EMAIL:c@notexample.com⟧",
  },
  {
    title: "leaves what an allowed pattern matches as a whole",
    options: { allow: { patterns: ["test-\\d+@.*"] } },
    text: "test-1@example.com best-1@example.com",
    found: "test-1@example.com ⟦EMAIL:best-1@example.com⟧",
  },
  {
    title: "finds denied texts as whole words in any case",
    options: { deny: [{ type: "PERSON", texts: ["Project Nightjar", "ACME"] }] },
    text: "project nightjar of Acme, not acmeology",
    found: "⟦PERSON:project nightjar⟧ of ⟦PERSON:Acme⟧, not acmeology",
  },
  {
    title: "prefers a denied text to what it would find otherwise",
    options: { deny: [{ type: "USERNAME", texts: ["jane@example.com"] }] },
    text: "jane@example.com",
    found: "⟦USERNAME:jane@example.com⟧",
  },
  {
    title: "finds what a pattern of the user's matches",
    options: { patterns: [{ name: "case file", type: "NATIONAL_ID", pattern: "CF-\\d{4}-[A-Z]{2}" }] },
    text: "see CF-2041-QX",
    found: "see ⟦NATIONAL_ID:CF-2041-QX⟧",
  },
  {
    title: "leaves what is not as sure as asked",
    options: { threshold: 0.9 },
    text: "jane@example.com, plate AB12 CDE",
    found: "⟦EMAIL:jane@example.com⟧, plate AB12 CDE",
  },
];
for (const { title, options, text, found } of cases) {
  test(title, () => {
    expect(marked(text, detector({ names: "off", ...options }).find(text))).toBe(found);
  });
}

describe("refuses", () => {
  const refused: readonly (readonly [string, DetectorOptions, RegExp])[] = [
    [
      "a pattern that matches ordinary text",
      { patterns: [{ type: "SECRET", pattern: "[a-z]+" }] },
      /"\[a-z\]\+" matches \d+ % of ordinary text, more than 5 %/,
    ],
    ["a pattern that matches nothing at all", { patterns: [{ type: "SECRET", pattern: "x*" }] }, /matches nothing at all/],
    [
      "a pattern that RE2 does not read",
      { patterns: [{ name: "mine", type: "SECRET", pattern: "(a)\\1" }] },
      /the pattern "mine" is not one that RE2 reads/,
    ],
    ["a pattern that is too long", { patterns: [{ type: "SECRET", pattern: "a".repeat(1001) }] }, /too_big|at most|1000/i],
    ["an unknown locale", { locales: ["atlantis"] }, /locales/],
    ["an option that there is not", { eagerness: 3 } as DetectorOptions, /eagerness/],
  ];
  for (const [title, options, message] of refused) {
    test(title, () => {
      expect(() => detector(options)).toThrow(message);
    });
  }
});

test("runs a pattern that backtracks elsewhere in linear time", () => {
  const each = detector({ names: "off", patterns: [{ type: "SECRET", pattern: "(z+z+)+9" }] });
  const time = (length: number): number => {
    const text = "z".repeat(length);
    const begun = performance.now();
    expect(each.find(text)).toEqual([]);
    return performance.now() - begun;
  };
  time(2000);
  expect(time(32_000)).toBeLessThan(Math.max(time(4000), 1) * 40);
});

test("looks for thousands of denied texts about as fast as for a few", () => {
  const text = "The quick brown fox jumps over the lazy dog near Mount Example. ".repeat(2000);
  const few = detector({ names: "off", deny: [{ type: "PERSON", texts: ["zq few"] }] });
  const many = detector({
    names: "off",
    deny: [{ type: "PERSON", texts: Array.from({ length: 20_000 }, (_, index) => `zq${index} codename`) }],
  });
  const time = (each: typeof few): number => {
    const times = Array.from({ length: 5 }, () => {
      const begun = process.cpuUsage();
      each.find(text);
      const { user, system } = process.cpuUsage(begun);
      return user + system;
    });
    return Math.min(...times);
  };
  expect(time(many)).toBeLessThan(time(few) * 6);
});
