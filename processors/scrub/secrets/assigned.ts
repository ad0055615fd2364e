import type { Bridge } from "../bridge.ts";
import { isPlaceholder, trimmed } from "../credentials.ts";
import type { Sweep } from "../sweep.ts";

/** A secret behind a label such as `api_key =`, when it is as irregular as secrets are. */
export function assignedSecret(sweep: Sweep, bridge: Bridge, faint: boolean): void {
  const start = bridge.at;
  if (bridge.link === "none" || start < sweep.overlong) return;
  const { text } = sweep;
  const reach = bridge.endOf(text, ",;()&|", LONGEST);
  if (reach - start === LONGEST) {
    sweep.overlong = reach;
    return;
  }
  const end = trimmed(text, start, reach, bridge.quote !== 0);
  const value = text.slice(start, end);
  if (value.length < 8 || isPlaceholder(value) || !SECRET.test(value)) return;
  const least = faint ? 20 : bridge.link === "assigned" ? 8 : 12;
  if (value.length < least || (faint && HEX.test(value)) || !isIrregular(value, bridge.link === "assigned" && !faint, !faint)) return;
  sweep.take("SECRET", start, end, 0.8);
}

/** Longer than this is no key; keys that are have their vendor's beginning. */
const LONGEST = 512;
const HEX = /^[0-9a-fA-F]{8,512}$/;
export const SECRET = /^[\w+/=.~:!@#$%^*-]{8,512}$/;

/** `sure`: the label stands right before. `known`: the label means nothing else, so that even a UUID is one. Not an identifier, a path, an address, a version, a date or a word: its characters are many and mixed. */
export function isIrregular(value: string, sure: boolean, known: boolean = sure): boolean {
  if (/^(?:https?|ftp|file|s3|gs|arn|urn|data|vault|ssm|op|env|secretRef):/i.test(value) || /^[./~]|^\w:[\\/]/.test(value)) return false;
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value)) return known;
  if (!/\d/.test(value) && caseChanges(value) < 3) return false;
  if (/^[\d.:/-]+$/.test(value)) return false;
  // snake_case, kebab-case and dotted names with a number somewhere.
  if (
    /^[a-z]+\d{0,4}(?:[._-][a-z]*\d{0,4}){1,12}$/i.test(value) &&
    !/[a-z]\d[a-z]/i.test(value) &&
    !/\d{5}/.test(value) &&
    !/[A-Z][a-z]?[A-Z]/.test(value)
  )
    return false;
  if (/^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+$/.test(value) && !/\d{2}/.test(value)) return false;
  const hex = /^(?:0x)?[0-9a-f]+$/i.test(value);
  const entropy = entropyOf(value);
  if (hex) return value.length >= 16 && entropy >= 2.7;
  return entropy >= (value.length < 14 ? 2.9 : sure ? 3.1 : 3.4);
}

function caseChanges(value: string): number {
  let changes = 0;
  for (let index = 1; index < value.length; index++) {
    if (/[a-z]/.test(value.charAt(index - 1)) && /[A-Z]/.test(value.charAt(index))) changes += 1;
  }
  return changes;
}

/** Shannon's bits per character. */
export function entropyOf(value: string): number {
  const counts = new Map<string, number>();
  for (const symbol of value) counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / value.length) * Math.log2(count / value.length);
  return bits;
}

/** What follows `Bearer` or `Basic` in a header. */
export function authorization(sweep: Sweep, bridge: Bridge, scheme: string): void {
  if (bridge.link !== "space" && bridge.link !== "assigned") return;
  const { text } = sweep;
  const end = trimmed(text, bridge.at, bridge.endOf(text, ",;()", 2048), false);
  const value = text.slice(bridge.at, end);
  if (!/^[\w+/=.~-]{8,2048}$/.test(value) || isPlaceholder(value)) return;
  if (scheme === "basic") {
    if (!/^[\x20-\x7e]{1,200}:[\x20-\x7e]{0,200}$/.test(Buffer.from(value, "base64").toString("latin1"))) return;
  } else if (value.length < 16 || !isIrregular(value, true)) return;
  sweep.take("SECRET", bridge.at, end, 0.9);
}
