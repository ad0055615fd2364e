/** A text inside a JSON text. Offsets are those of the token, quotes included. */
export interface JsonToken {
  readonly start: number;
  readonly end: number;
  readonly kind: "key" | "text" | "number" | "open" | "close";
  /** What it says; of a number, its digits as written. */
  readonly value: string;
  /** A text that breaks off before its closing quote: it is the last token. */
  readonly cut?: true;
}

/** Whether a text is worth trying: an object, an array or a text in quotes, perhaps after white space. */
export function looksLikeJson(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (isSpace(code)) continue;
    return code === OPEN_BRACE || code === OPEN_BRACKET || code === QUOTE;
  }
  return false;
}

/**
 * The keys, texts and numbers of a JSON text where they stand, so that one can be replaced and every other byte stays: parsing and writing it again
 * would change white space, repeated keys and integers beyond 2^53. A text that was cut off, that holds one JSON after another, or that has line
 * breaks in its texts is read likewise: what is escaped in it would be hidden otherwise. Undefined for any other text. Linear, however deep it is.
 */
export function jsonTokens(text: string): Iterable<JsonToken> | undefined {
  return isJson(text) || isNearlyJson(text) ? tokensOf(text) : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isNearlyJson(text: string): boolean {
  if (text.trimStart().startsWith('"')) return false; // a sentence may begin with a quotation
  try {
    for (const _token of tokensOf(text)) continue;
    return true;
  } catch {
    return false;
  }
}

/** Throws where something stands that no JSON has in that place. */
function* tokensOf(text: string): Generator<JsonToken> {
  const inObject: boolean[] = [];
  let expectsKey = false;
  for (let at = 0; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = stringEnd(text, at);
      const kind = expectsKey ? "key" : "text";
      expectsKey = false;
      if (end > text.length) yield { start: at, end: text.length, kind, value: saidUntilCut(text.slice(at)), cut: true };
      else yield { start: at, end, kind, value: saidBy(text.slice(at, end)) };
      at = end;
    } else if (code === MINUS || (code >= ZERO && code <= NINE)) {
      const end = numberEnd(text, at);
      yield { start: at, end, kind: "number", value: text.slice(at, end) };
      at = end;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      inObject.push(code === OPEN_BRACE);
      expectsKey = code === OPEN_BRACE;
      yield { start: at, end: ++at, kind: "open", value: "" };
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      inObject.pop();
      expectsKey = false;
      yield { start: at, end: ++at, kind: "close", value: "" };
    } else if (code === COMMA) {
      expectsKey = inObject.at(-1) ?? false;
      at++;
    } else if (code === COLON || isSpace(code)) at++;
    else at = wordEnd(text, at);
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/** Behind the closing quote of the string that opens at `at`; beyond the text for one that is not closed. */
function stringEnd(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i++;
    else if (code === QUOTE) return i + 1;
  }
  return text.length + 1;
}

/** What a string in its quotes says; control characters that JSON would have escaped stand for themselves. */
function saidBy(quoted: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  const valid = quoted.replace(/[\0-\x1f]/g, (control) => JSON.stringify(control).slice(1, -1));
  return JSON.parse(valid) as string;
}

/** The same of one without its end, where an escape may be cut as well. */
function saidUntilCut(opened: string): string {
  try {
    return saidBy(`${opened}"`);
  } catch {
    return saidBy(`${opened.replace(/\\(?:u[\dA-Fa-f]{0,3})?$/, "")}"`);
  }
}

function numberEnd(text: string, at: number): number {
  let end = at + 1;
  while (end < text.length && /[\d.eE+-]/.test(text.charAt(end))) end++;
  return end;
}

const WORD = /true|false|null/y;

/** Behind `true`, `false` or `null`, or what was left of one when the text was cut. */
function wordEnd(text: string, at: number): number {
  WORD.lastIndex = at;
  if (WORD.test(text)) return WORD.lastIndex;
  if (text.length - at < 5 && ["true", "false", "null"].some((word) => word.startsWith(text.slice(at)))) return text.length;
  throw new SyntaxError("no JSON");
}
