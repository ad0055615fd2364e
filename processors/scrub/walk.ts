import type { AttributeValue } from "../../genai/span.ts";
import { jsonTokens, looksLikeJson, type JsonToken } from "./embedded_json.ts";
import { typeOfKey } from "./keys.ts";
import type { Reading } from "./sheet.ts";

/** Is shown the texts of a value in their order, and says what takes their place; undefined leaves one as it is. */
export interface Pen {
  leaf(text: string, reading?: Reading): string | undefined;
  /** What stands between texts, and is none of them. */
  say(text: string): void;
}

type Members = { readonly [key: string]: AttributeValue };

/** JSON in a text in JSON in a text: deeper than this it is a text like any other. */
const MAX_EMBEDDED = 4;

/** Members of a part that say how it reads, never what. */
const STRUCTURE: ReadonlySet<string> = new Set(["type", "id", "modality", "mime_type", "finish_reason"]);
/** Members of a part that are what it says: they need no label. */
const SAID: ReadonlySet<string> = new Set(["content", "arguments", "response", "name"]);
/** Media: their bytes are no text, and are many. */
const MEDIA: ReadonlySet<string> = new Set(["blob"]);

/** A message in the form of the GenAI conventions: role and structure stay, what people, models and tools said is shown to the pen. */
export function walkMessage(message: AttributeValue, pen: Pen): AttributeValue {
  if (!isMembers(message)) return walk(message, pen);
  const nameOf = keyNames(pen);
  return rebuilt(message, (key, value) => {
    if (key === "role" || STRUCTURE.has(key)) return [key, value];
    if (key === "parts" && Array.isArray(value)) return [key, walkParts(value, pen)];
    return member(key, value, pen, nameOf);
  });
}

/** Parts of a message, and definitions of tools, which are built alike. */
export function walkParts(parts: readonly AttributeValue[], pen: Pen): AttributeValue {
  const nameOf = keyNames(pen);
  return list(parts, (part) => {
    if (!isMembers(part)) return walk(part, pen);
    const media = typeof part["type"] === "string" && MEDIA.has(part["type"]);
    return rebuilt(part, (key, value) => {
      if (STRUCTURE.has(key) || (media && key === "content")) return [key, value];
      if (!SAID.has(key)) return member(key, value, pen, nameOf);
      const walked = walk(value, pen);
      pen.say("\n");
      return [key, walked];
    });
  });
}

/** Any value: its texts and numbers, and the keys of its objects. What is not changed is returned as it was given. */
export function walk(value: AttributeValue, pen: Pen): AttributeValue {
  if (typeof value === "string") return text(value, pen, 0);
  if (typeof value === "number" || typeof value === "bigint") return pen.leaf(String(value)) ?? value;
  if (Array.isArray(value)) {
    return list(value as readonly AttributeValue[], (each) => {
      const walked = walk(each, pen);
      pen.say(typeof each === "object" ? "\n" : ", ");
      return walked;
    });
  }
  if (!isMembers(value)) return value;
  const nameOf = keyNames(pen);
  return rebuilt(value, (key, each) => member(key, each, pen, nameOf));
}

/** A member of an object as `key: value`. */
function member(key: string, value: AttributeValue, pen: Pen, nameOf: (key: string) => string): [string, AttributeValue] {
  const name = nameOf(key);
  pen.say(": ");
  const reading = typeof value === "string" ? keyed(key, value) : undefined;
  const walked = reading === undefined ? walk(value, pen) : (pen.leaf(value as string, reading) ?? value);
  pen.say("\n");
  return [name, walked];
}

/** Whole texts are what their key says; one without a word in it is nothing. */
function keyed(key: string, value: string): Reading | undefined {
  const type = typeOfKey(key);
  return type === undefined || !/[\p{L}\p{N}]/u.test(value) ? undefined : { is: type };
}

/** A text, or the JSON that it holds. */
function text(value: string, pen: Pen, depth: number): string {
  if (depth >= MAX_EMBEDDED || !looksLikeJson(value)) return pen.leaf(value) ?? value;
  const tokens = jsonTokens(value);
  return tokens === undefined ? (pen.leaf(value, brokenJson(value)) ?? value) : embedded(value, tokens, pen, depth);
}

/** JSON that was cut off, or is none: no quote, brace or escape of it is lost, and a name behind an escaped line break is found. */
function brokenJson(value: string): Reading {
  return { seen: value.replace(/\\[nrt]/g, "  "), fixed: /[^"\\{}]+/g };
}

/** The tokens of a JSON text that change are put in place of the old ones; every other byte stays. */
function embedded(value: string, tokens: readonly JsonToken[], pen: Pen, depth: number): string {
  const nameOf = keyNames(pen);
  let result = "";
  let at = 0;
  let key: string | undefined;
  for (const token of tokens) {
    const { kind, value: said } = token;
    if (kind === "open" || kind === "close") {
      pen.say("\n");
      key = undefined;
      continue;
    }
    let now: string | undefined;
    if (kind === "key") {
      now = nameOf(said);
      pen.say(": ");
    } else {
      if (kind === "number") now = pen.leaf(said);
      else {
        const reading = key === undefined ? undefined : keyed(key, said);
        now = reading === undefined ? text(said, pen, depth + 1) : pen.leaf(said, reading);
      }
      pen.say(key === undefined ? ", " : "\n");
    }
    key = kind === "key" ? said : undefined;
    if (now === undefined || now === said) continue;
    result += value.slice(at, token.start) + JSON.stringify(now);
    at = token.end;
  }
  return at === 0 ? value : result + value.slice(at);
}

/** A key that could be a name in a program: it is structure, however much it looks like a person's. Digits in a row could be a number of theirs. */
const IDENTIFIER = /^[A-Za-z_$][\w$.-]{0,63}$/;
const NUMBER = /\d{5}/;

/** New names of keys, each once: two that would read alike are told apart by a number. */
function keyNames(pen: Pen): (key: string) => string {
  const given = new Map<string, number>();
  return (key) => {
    if (IDENTIFIER.test(key) && !NUMBER.test(key)) {
      pen.say(key);
      return key;
    }
    const now = pen.leaf(key);
    if (now === undefined || now === key) return key;
    const times = (given.get(now) ?? 0) + 1;
    given.set(now, times);
    if (times === 1) return now;
    return now.endsWith("]") ? `${now.slice(0, -1)}:${times}]` : `${now}_${times}`;
  };
}

function isMembers(value: AttributeValue): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function list(values: readonly AttributeValue[], each: (value: AttributeValue) => AttributeValue): readonly AttributeValue[] {
  let changed = false;
  const walked = values.map((value) => {
    const now = each(value);
    changed ||= now !== value;
    return now;
  });
  return changed ? walked : values;
}

/** The object with its members changed; `__proto__` is a name like any other. */
function rebuilt(members: Members, each: (key: string, value: AttributeValue) => [string, AttributeValue]): Members {
  let changed = false;
  const entries = Object.entries(members).map(([key, value]) => {
    const entry = each(key, value);
    changed ||= entry[0] !== key || entry[1] !== value;
    return entry;
  });
  return changed ? Object.fromEntries(entries) : members;
}
