import { kindAt, WORD } from "../characters.ts";
import type { Sweep } from "../sweep.ts";
import { PREFIXES } from "./prefixes.ts";

interface Spec {
  readonly head: string;
  readonly body: RegExp;
}

/** Longest head first, by the first two characters. */
const SPECS: ReadonlyMap<number, readonly Spec[]> = index();

function index(): Map<number, Spec[]> {
  const specs = new Map<number, Spec[]>();
  const longestFirst = PREFIXES.toSorted(([one], [other]) => other.length - one.length);
  for (const [head, body] of longestFirst) {
    const key = head.charCodeAt(0) * 128 + head.charCodeAt(1);
    specs.set(key, [...(specs.get(key) ?? []), { head, body: new RegExp(`${body}(?![A-Za-z0-9])`, "y") }]);
  }
  return specs;
}

/** The first word of each head, for runs that are too short to be looked at for themselves: `sk` of `sk-`, `AIza`. */
export const HEADS: readonly string[] = [...new Set(PREFIXES.flatMap(([head]) => /^[A-Za-z]{2,}/.exec(head) ?? []))];

/** A vendor's key that begins at `start`. */
export function vendorKey(sweep: Sweep, start: number): boolean {
  const { text } = sweep;
  const specs = SPECS.get(text.charCodeAt(start) * 128 + text.charCodeAt(start + 1));
  if (specs === undefined || !isFree(text, start)) return false;
  for (const { head, body } of specs) {
    if (!text.startsWith(head, start)) continue;
    body.lastIndex = start + head.length;
    const match = body.exec(text);
    if (match === null) continue;
    if (/x{8,}|X{8,}/.test(match[0])) return false;
    const end = body.lastIndex;
    sweep.take("SECRET", start, end, 0.97);
    if (head === "AKIA" || head === "ASIA") secretBeside(sweep, end);
    return true;
  }
  return false;
}

/** The secret half of a cloud's key, shortly behind its public half: 40 characters of base64. */
function secretBeside(sweep: Sweep, end: number): void {
  BESIDE.lastIndex = end;
  const value = BESIDE.exec(sweep.text)?.[1];
  if (value !== undefined && /\d/.test(value) && /[a-z]/.test(value) && /[A-Z]/.test(value))
    sweep.add("SECRET", BESIDE.lastIndex - 40, BESIDE.lastIndex, 0.85);
}

export const BESIDE = /[^\w+/][^\n]{0,40}?(?<![\w+/])([A-Za-z0-9+/]{40})(?![\w+/=])/y;

function isFree(text: string, start: number): boolean {
  if ((kindAt(text, start - 1) & WORD) === 0) return true;
  const before = text.charCodeAt(start - 1);
  return before === 95 || (/[ntr]/.test(text.charAt(start - 1)) && text.charCodeAt(start - 2) === 92);
}

/** A bot's token: its number in base64, a time, a signature. */
export const BOT = /[MNO][\w-]{22,27}\.[\w-]{6,7}\.[\w-]{27,40}(?![\w-])/y;
/** The same where bots have numbers: eight to ten digits, a colon, 35 characters. */
export const NUMBERED_BOT = /\d{8,10}:A[\w-]{34}(?![\w-])/y;

/** A mailing service's key: hex, and its data centre. */
export const MAILER = /[0-9a-f]{32}-us\d{1,2}(?!\w)/y;

/** A token that begins with the run at `start`. */
export function shapedToken(sweep: Sweep, start: number, end: number): boolean {
  const joint = sweep.text.charCodeAt(end);
  const length = end - start;
  const pattern =
    joint === 46 && length >= 20
      ? BOT
      : joint === 58 && length >= 8 && length <= 10
        ? NUMBERED_BOT
        : joint === 45 && length === 32
          ? MAILER
          : undefined;
  if (pattern === undefined) return false;
  pattern.lastIndex = start;
  if (!pattern.test(sweep.text)) return false;
  sweep.take("SECRET", start, pattern.lastIndex, 0.95);
  return true;
}

export const JWT = /eyJ[\w-]{8,1000}\.(?:eyJ[\w-]{4,16000}\.[\w-]{0,1400}|[\w-]{0,1400}\.[\w-]{10,100}\.[\w-]{10,16000}\.[\w-]{10,100})/y;

/** A JSON web token: header, claims, signature; or its encrypted form of five parts. */
export function jwt(sweep: Sweep, start: number): boolean {
  JWT.lastIndex = start;
  if (!JWT.test(sweep.text)) return false;
  sweep.take("SECRET", start, JWT.lastIndex, 0.97);
  return true;
}
