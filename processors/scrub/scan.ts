import type { AttributeValue } from "../../genai/span.ts";
import type { Detector } from "./detector.ts";
import type { PiiType } from "./finding.ts";
import { findAll, OverBudget } from "./long_text.ts";
import { unscanned } from "./marker.ts";
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

/** Writes a value's texts side by side, has them looked at, and puts back what is left of them. Never throws: what cannot be scanned is taken off. */
export function scan<Value extends AttributeValue>(
  value: Value,
  { detector, operate }: Hand,
  each: Walk<Value>,
  expired: () => boolean,
): Scrubbed<AttributeValue> {
  try {
    const sheet = new Sheet();
    each(value, { leaf: (text, reading) => (sheet.leaf(text, reading), undefined), say: (text) => sheet.say(text) });
    const { text } = sheet;
    const findings = findAll(detector, text, expired);
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
  } catch (error) {
    return withheld(value, error instanceof OverBudget ? "budget" : "error", each);
  }
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
