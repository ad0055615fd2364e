/** A text inside a JSON text. Offsets are those of the token, quotes included. */
export interface JsonToken {
  readonly start: number;
  readonly end: number;
  readonly kind: "key" | "text" | "number" | "open" | "close";
  /** What it says; of a number, its digits as written. */
  readonly value: string;
  readonly container?: "object" | "array";
}

/** Whether a text is worth trying: an object or an array, perhaps after white space. */
export function looksLikeJson(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) continue;
    return code === 0x7b || code === 0x5b;
  }
  return false;
}

/** Deeper than this an embedded JSON is taken for a text: whoever reads it recurses. */
const MAX_DEPTH = 64;

/**
 * The keys, texts and numbers of a JSON text where they stand, so that one can be replaced and every other byte stays: parsing and writing it again
 * would change white space, repeated keys and integers beyond 2^53. Undefined for what is no JSON object or array. Linear.
 */
export function jsonTokens(text: string): readonly JsonToken[] | undefined {
  try {
    JSON.parse(text); // from here on the text is known to be well-formed
  } catch {
    return undefined;
  }
  const tokens: JsonToken[] = [];
  const containers: ("object" | "array")[] = [];
  let expectsKey = false;
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = stringEnd(text, at);
      tokens.push({ start: at, end, kind: expectsKey ? "key" : "text", value: JSON.parse(text.slice(at, end)) as string });
      expectsKey = false;
      at = end;
      continue;
    }
    if (code === MINUS || (code >= ZERO && code <= NINE)) {
      const end = numberEnd(text, at);
      tokens.push({ start: at, end, kind: "number", value: text.slice(at, end) });
      at = end;
      continue;
    }
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      const container = code === OPEN_BRACE ? "object" : "array";
      if (containers.push(container) > MAX_DEPTH) return undefined;
      tokens.push({ start: at, end: at + 1, kind: "open", value: "", container });
      expectsKey = code === OPEN_BRACE;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      containers.pop();
      tokens.push({ start: at, end: at + 1, kind: "close", value: "" });
      expectsKey = false;
    } else if (code === COMMA) expectsKey = containers.at(-1) === "object";
    at++;
  }
  return tokens;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Behind the closing quote of the string that opens at `at`. */
function stringEnd(text: string, at: number): number {
  for (let i = at + 1; ; i++) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i++;
    else if (code === QUOTE || Number.isNaN(code)) return i + 1;
  }
}

function numberEnd(text: string, at: number): number {
  let end = at + 1;
  while (end < text.length && /[\d.eE+-]/.test(text.charAt(end))) end++;
  return end;
}
