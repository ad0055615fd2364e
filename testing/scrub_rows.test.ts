import { describe, expect, test } from "vitest";
import { detect } from "../processors/scrub/detect.ts";
import { detector } from "../processors/scrub/detector.ts";
import { asWord, keyedHashes } from "../processors/keyed_hash.ts";
import { operate, type Operator } from "../processors/scrub/operate.ts";
import { scan } from "../processors/scrub/scan.ts";
import { walk } from "../processors/scrub/walk.ts";
import { datasets } from "./pii/dataset.ts";

// What holds of every labelled row, whatever is found in it.

const rows = datasets().flatMap(({ name, rows: all }) => all.map((row) => ({ ...row, file: name })));
const standard = detector();
const hash = keyedHashes(Buffer.alloc(32, 1));

function scrubbed(text: string, operator: Operator = "marker"): string {
  const hand = {
    detector: standard,
    operate: operate({ operator, operators: {} }, (type, canonical) => asWord(hash("a", type, canonical))),
  };
  return scan(text, hand, walk, () => false).value as string;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Names and number of members, through JSON in texts. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value === "object" && value !== null) return Object.entries(value).map(([key, member]) => [key, shape(member)]);
  const inner = typeof value === "string" && /^\s*[[{]/.test(value) ? parsed(value) : undefined;
  return inner === undefined ? null : ["json", shape(inner)];
}

test("JSON stays JSON of the same shape, and byte for byte what it was where nothing is found", () => {
  const json = rows.filter(({ text }) => /^\s*[[{]/.test(text) && parsed(text) !== undefined);
  expect(json.length).toBeGreaterThan(70);
  for (const { id, text } of json) {
    const after = scrubbed(text);
    expect(shape(parsed(after)), id).toEqual(shape(parsed(text)));
    if (!/\[[A-Z_]+\]/.test(after)) expect(after, id).toBe(text);
  }
});

// Not with `mask` and `drop`: what stood there is context for the rest of a text, and they leave none. Spans are scrubbed once.
describe("scrubbing twice is scrubbing once", () => {
  for (const operator of ["marker", "hmac", "keep_last_4"] as const) {
    test(`with ${operator}`, () => {
      const changed = rows.flatMap(({ id, text }) => {
        const once = scrubbed(text, operator);
        const twice = scrubbed(once, operator);
        return twice === once ? [] : [{ id, once, twice }];
      });
      expect(changed).toEqual([]);
    }, 120_000);
  }
});

test("texts in which there is nothing stay as they are, but for very few", () => {
  const clean = rows.filter(({ file, spans }) => file === "chat_dev.jsonl" && spans.length === 0);
  expect(clean.length).toBeGreaterThan(200);
  const characters = clean.reduce((sum, { text }) => sum + text.length, 0);
  const wrong = clean.flatMap(({ id, text }) => detect(text).map(({ start, end, type }) => ({ id, type, found: text.slice(start, end) })));
  const covered = wrong.reduce((sum, { found }) => sum + found.length, 0);
  expect((1000 * covered) / characters, JSON.stringify(wrong)).toBeLessThan(2);
});
