import type { AttributeValue } from "../../genai/span.ts";
import type { Detector } from "./detector.ts";
import type { PiiType } from "./finding.ts";
import { findAll, OverBudget } from "./long_text.ts";
import { clearOfMarkers, unscanned } from "./marker.ts";
import { Sheet, type Operate } from "./sheet.ts";
import type { Pen } from "./walk.ts";

/** How often each type was found, and how many values could not be scanned. */
export type Counts = ReadonlyMap<PiiType | "UNSCANNED", number>;

/** A value after scrubbing. */
export interface Scrubbed<Value> {
  readonly value: Value;
  readonly counts: Counts;
  /** Names of people as they were written. */
  readonly people: readonly string[];
}

/** What looks at a text, and what it does about it. */
export interface Hand {
  readonly detector: Detector;
  readonly operate: Operate;
}

/** Shows the texts of a value to a pen, in their order, and returns the value with what the pen says in their place. */
export type Walk<Value> = (value: Value, pen: Pen) => AttributeValue;

/** Where an address was taken off, what stands beside it reads otherwise: it is looked at again, so often at most. */
const MOST_LOOKS = 3;

/** Takes out of a value what is found in its texts. Never throws: what cannot be scanned is taken off. */
export function scan<Value extends AttributeValue>(
  value: Value,
  hand: Hand,
  each: Walk<Value>,
  expired: () => boolean,
): Scrubbed<AttributeValue> {
  try {
    let known = look(value, hand, each, expired);
    for (let i = 1; i < MOST_LOOKS && known.counts.has("ADDRESS"); i++) {
      const next = look(known.value as Value, hand, each, expired);
      if (next.value === known.value) break;
      known = { value: next.value, counts: sum(known.counts, next.counts), people: [...known.people, ...next.people] };
    }
    return known;
  } catch (error) {
    return withheld(value, error instanceof OverBudget ? "budget" : "error", each);
  }
}

/** Writes the texts of a value side by side, has them looked at, and puts back what is left of them. */
function look<Value extends AttributeValue>(
  value: Value,
  { detector, operate }: Hand,
  each: Walk<Value>,
  expired: () => boolean,
): Scrubbed<AttributeValue> {
  const sheet = new Sheet();
  each(value, { leaf: (text, reading) => (sheet.leaf(text, reading), undefined), say: (text) => sheet.say(text) });
  const { text } = sheet;
  const findings = clearOfMarkers(text, findAll(detector, text, expired));
  const counts = new Map<PiiType, number>();
  const people: string[] = [];
  const replaced = sheet.replaced(findings, (found, type) => {
    counts.set(type, (counts.get(type) ?? 0) + 1);
    if (type === "PERSON") people.push(found);
    return operate(found, type);
  });
  if (counts.size === 0) return { value, counts, people };
  let next = 0;
  return { value: each(value, { leaf: () => replaced[next++], say() {} }), counts, people };
}

/** What was found in both. */
export function sum(one: Counts, other: Counts): Counts {
  const sums = new Map(one);
  for (const [type, count] of other) sums.set(type, (sums.get(type) ?? 0) + count);
  return sums;
}

function withheld<Value extends AttributeValue>(value: Value, reason: string, each: Walk<Value>): Scrubbed<AttributeValue> {
  const counts: Counts = new Map([["UNSCANNED", 1]]);
  try {
    return { value: each(value, { leaf: () => unscanned(reason), say() {} }), counts, people: [] };
  } catch {
    return { value: unscanned(reason), counts, people: [] };
  }
}
