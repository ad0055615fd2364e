import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { detector } from "./detector.ts";
import { ORDINARY } from "./ordinary.ts";

const structured = detector({ names: "off" });
const root = path.resolve(import.meta.dirname, "../..");

/** About telephone numbers or about what to hide: full of examples that are rightly found. */
const ABOUT_VALUES = /\/(?:libphonenumber-js|stdnum|redact|@pinojs\/redact|fast-check|expect-type|ip-address|ipaddr\.js)\//;
/** Addresses in packages' read-me files are those of their authors, and meant to be read. */
const OF_AUTHORS: ReadonlySet<string> = new Set(["EMAIL", "USERNAME"]);

const corpora: readonly (readonly [title: string, files: readonly string[], ignored: ReadonlySet<string>])[] = [
  [
    "this repository's pages",
    // But for those that show what is found.
    globSync("{*.md,docs/**/*.md}", { cwd: root }).filter((file) => !/docs\/privacy\.md|0017-/.test(file)),
    new Set(),
  ],
  [
    "this repository's code",
    globSync("{analytics,cli,config,gateway,genai,journal,pipeline,processors,storage}/**/*.ts", { cwd: root }).filter(
      (file) => !/\.test\.ts$|processors\/scrub\/|gateway\/address\.ts$/.test(file),
    ),
    new Set(),
  ],
  [
    "the pages of packages",
    globSync("node_modules/{*,@*/*}/README.md", { cwd: root }).filter((file) => !ABOUT_VALUES.test(file)),
    OF_AUTHORS,
  ],
];

describe("leaves ordinary text alone: less than one finding in 100 KB of", () => {
  for (const [title, files, ignored] of corpora) {
    test(title, () => {
      let size = 0;
      const found: string[] = [];
      for (const file of files) {
        const text = readFileSync(path.join(root, file), "utf8");
        size += text.length;
        for (const { start, end, type } of structured.find(text))
          if (!ignored.has(type)) found.push(`${file}: ${type} ${text.slice(start, end)}`);
      }
      expect(size).toBeGreaterThan(50_000);
      expect(found.slice(0, Math.ceil(size / 100_000)), found.join("\n")).toHaveLength(found.length);
    });
  }
});

test("finds nothing in the text that users' patterns are tried on", () => {
  expect(structured.find(ORDINARY)).toEqual([]);
});
