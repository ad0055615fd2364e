import type { AttributeValue } from "./span.ts";

/** JSON that anybody may have written. Each reader below answers undefined (or nothing) for what is not of its kind. */
export type JsonObject = { readonly [key: string]: unknown };

/** Undefined when the text is no JSON; `null` is a value. */
export function parseJson(text: string): unknown {
  if (text === "") return undefined; // what was not sent is asked for often, and an exception costs more than the parsing of a body
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** JSON; bigints become text. Without them, which is the rule, no function is called for each value. */
export function toJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return JSON.stringify(value, (_key, each: unknown) => (typeof each === "bigint" ? String(each) : each));
  }
}

export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The objects of an array; whatever else is in it is left out. */
export function asObjects(value: unknown): readonly JsonObject[] {
  return asArray(value).filter((each): each is JsonObject => asObject(each) !== undefined);
}

/** A text that says something: an empty one counts as not sent. */
export function asText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

export function asNumber(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function asInteger(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? (value as number) + 0 : undefined; // `-0` is 0
}

/** A whole number from 0 on. Negative, fractional and infinite ones (`1e400` parses to Infinity) count as not sent. */
export function asCount(value: unknown): number | undefined {
  const count = asInteger(value);
  return count !== undefined && count >= 0 ? count : undefined;
}

/** Beyond this depth a value is not kept: whoever serialises it later recurses, and the sender chose the depth. */
const MAX_DEPTH = 64;

/** A parsed JSON value as an attribute value; undefined when it is nested too deeply to be kept. */
export function asAttribute(value: unknown): AttributeValue | undefined {
  return withinDepth(value, MAX_DEPTH) ? (value as AttributeValue) : undefined;
}

function withinDepth(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return value !== undefined;
  return depth > 0 && Object.values(value).every((each) => withinDepth(each, depth - 1));
}

/**
 * A text that holds JSON, such as the arguments of a tool call, parsed if nothing is lost by it.
 * It stays a text when it is a bare scalar (a number could not be scrubbed any more), has an integer beyond 2^53, or nests too deeply.
 */
export function parseEmbedded(text: string): AttributeValue {
  if (!/^\s*[[{]/.test(text)) return text;
  const value = asAttribute(parseJson(text));
  return value === undefined || (MAY_LOSE_DIGITS.test(text) && losesDigits(value)) ? text : value;
}

const MAY_LOSE_DIGITS = /\d{16}|[eE]\+?\d{2}/;

function losesDigits(value: AttributeValue): boolean {
  if (typeof value === "number") return Number.isInteger(value) ? !Number.isSafeInteger(value) : !Number.isFinite(value);
  return typeof value === "object" && value !== null && Object.values(value).some(losesDigits);
}

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The object without its undefined members. For names that we gave: `__proto__` would not be a name like any other. */
export function present<T extends object>(value: T): Present<T> {
  const kept: { [K in keyof T]?: T[K] } = {};
  for (const name in value) if (value[name] !== undefined) kept[name] = value[name];
  return kept as unknown as Present<T>;
}

/** The beginning of a text, at most `max` UTF-16 units, with no half of a character at its end. */
export function shorten(text: string, max: number): string {
  return text.length <= max ? text : text.slice(0, max).replace(/[\uD800-\uDBFF]$/, "");
}
