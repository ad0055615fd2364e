import type { AttributeValue } from "../../genai/span.ts";
import { jsonTokens, looksLikeJson, type JsonToken } from "./embedded_json.ts";
import { isIdentifier } from "./identifier.ts";
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

/** Members of a message and its parts that say how it reads, never what: as long as they look like it, for anybody may write something else there. */
const STRUCTURE: ReadonlySet<string> = new Set(["role", "type", "id", "modality", "mime_type", "finish_reason"]);
/** Members of a part that are what it says: they need no label. */
const SAID: ReadonlySet<string> = new Set(["content", "arguments", "response", "name"]);
/** Base64, of standard or URL-safe kind. */
const BASE64 = /^[\w+/\r\n-]*={0,2}\s?$/;
/** Less than this may be a name or a number all the same. */
const SHORTEST_BYTES = 32;
/** Media that are text all the same. */
const TEXTUAL = /^(?:text\/|application\/(?:[\w.]+\+)?(?:json|xml|yaml|x-ndjson)\b)/i;

/** A message in the form of the GenAI conventions: role and structure stay, what people, models and tools said is shown to the pen. */
export function walkMessage(message: AttributeValue, pen: Pen): AttributeValue {
  if (!isMembers(message)) return walk(message, pen);
  const nameOf = keyNames(pen, () => Object.keys(message));
  return rebuilt(message, (key, value) => {
    if (isStructure(key, value)) return [key, value];
    if (key === "parts" && Array.isArray(value)) return [key, walkParts(value, pen)];
    return member(key, value, pen, nameOf);
  });
}

/** Parts of a message, and definitions of tools, which are built alike. */
export function walkParts(parts: readonly AttributeValue[], pen: Pen): AttributeValue {
  return list(parts, (part) => {
    if (!isMembers(part)) return walk(part, pen);
    const nameOf = keyNames(pen, () => Object.keys(part));
    return rebuilt(part, (key, value) => {
      if (isStructure(key, value)) return [key, value];
      if (key === "content" && isMedia(part, value)) return [key, walkMedia(part, value, pen)];
      if (!SAID.has(key)) return member(key, value, pen, nameOf);
      const walked = walk(value, pen);
      pen.say("\n");
      return [key, walked];
    });
  });
}

const isStructure = (key: string, value: AttributeValue): boolean => STRUCTURE.has(key) && isIdentifier(value);

/** Bytes as base64. Anything else in their place is a text like any other. */
function isMedia(part: Members, content: AttributeValue): content is string {
  return (
    part["type"] === "blob" && typeof content === "string" && (content.length >= SHORTEST_BYTES || isTextual(part)) && BASE64.test(content)
  );
}

/** A document of text is read as one; pictures, sound and the like are left as they are. */
function walkMedia(part: Members, content: string, pen: Pen): string {
  if (!isTextual(part)) return content;
  const said = Buffer.from(content, "base64").toString();
  const now = text(said, pen, 1);
  pen.say("\n");
  return now === said ? content : Buffer.from(now).toString("base64");
}

const isTextual = ({ mime_type }: Members): boolean => typeof mime_type === "string" && TEXTUAL.test(mime_type);

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
  const nameOf = keyNames(pen, () => Object.keys(value));
  return rebuilt(value, (key, each) => member(key, each, pen, nameOf));
}

/** A member of an object as `key: value`. */
function member(key: string, value: AttributeValue, pen: Pen, nameOf: (key: string) => string): [string, AttributeValue] {
  const name = nameOf(key);
  pen.say(": ");
  const walked = walkUnder(key, value, pen);
  pen.say("\n");
  return [name, walked];
}

/** A value whose key may tell what it is. */
function walkUnder(key: string, value: AttributeValue, pen: Pen): AttributeValue {
  const whole = typeof value === "string" || typeof value === "number" || typeof value === "bigint" ? String(value) : undefined;
  const reading = whole === undefined ? undefined : keyed(key, whole);
  return reading === undefined ? walk(value, pen) : (pen.leaf(whole as string, reading) ?? value);
}

/** A value by its name, as `label: value`. */
export function walkLabelled(label: string, value: AttributeValue, pen: Pen): AttributeValue {
  if (label !== "") pen.say(`${label}: `);
  return walkUnder(label, value, pen);
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
  return tokens === undefined ? (pen.leaf(value, likeJson(value)) ?? value) : embedded(value, tokens, pen, depth);
}

/** A text that begins like JSON and goes on otherwise: no quote, brace or escape of it is lost, and a name behind an escaped line break is found. */
function likeJson(value: string): Reading {
  return { seen: value.replace(/\\[nrt]/g, "  "), fixed: /[^"\\{}]+/g };
}

/** The tokens of a JSON text that change are put in place of the old ones; every other byte stays. */
function embedded(value: string, tokens: Iterable<JsonToken>, pen: Pen, depth: number): string {
  const nameOf = keyNames(pen, () => keysOf(value));
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
      const reading = key === undefined ? undefined : keyed(key, said);
      if (kind === "number" || reading !== undefined) now = pen.leaf(said, reading);
      else now = text(said, pen, depth + 1);
      pen.say(key === undefined ? ", " : "\n");
    }
    key = kind === "key" ? said : undefined;
    if (now === undefined || now === said) continue;
    result += value.slice(at, token.start) + (token.cut ? JSON.stringify(now).slice(0, -1) : JSON.stringify(now));
    at = token.end;
  }
  return at === 0 ? value : result + value.slice(at);
}

function* keysOf(json: string): Iterable<string> {
  for (const { kind, value } of jsonTokens(json) ?? []) if (kind === "key") yield value;
}

/** A key that could be a name in a program: it is structure, however much it looks like a person's. Digits in a row could be a number of theirs. */
const IDENTIFIER = /^[A-Za-z_$][\w$.-]{0,63}$/;
const NUMBER = /\d{5}/;

/** New names of keys, each once: one that is there already, or was given before, is told apart by a number. */
function keyNames(pen: Pen, present: () => Iterable<string>): (key: string) => string {
  const times = new Map<string, number>();
  let taken: Set<string> | undefined;
  return (key) => {
    if (IDENTIFIER.test(key) && !NUMBER.test(key)) {
      pen.say(key);
      return key;
    }
    const now = pen.leaf(key);
    if (now === undefined || now === key) return key;
    taken ??= new Set(present());
    let name: string;
    do {
      const nth = (times.get(now) ?? 0) + 1;
      times.set(now, nth);
      name = numbered(now, nth);
    } while (taken.has(name));
    taken.add(name);
    return name;
  };
}

function numbered(name: string, nth: number): string {
  if (nth === 1) return name;
  return name.endsWith("]") ? `${name.slice(0, -1)}:${nth}]` : `${name}_${nth}`;
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
