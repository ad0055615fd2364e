import { ALPHANUMERIC, DIGIT, FOREIGN, kindAt, LETTER, UNDERSCORE, WORD } from "./characters.ts";
import { isMarked } from "./credentials.ts";
import type { Sweep } from "./sweep.ts";

/** What may stand before the `@` beside letters, digits and `_`. */
const LOCAL = new Uint8Array(128);
for (const symbol of ".%+-'!#$&*^~") LOCAL[symbol.charCodeAt(0)] = 1;

/** Names of files, not of hosts: `icon@2x.png`. */
const FILES: ReadonlySet<string> = new Set([
  "png",
  "jpg",
  "jpeg",
  "gif",
  "svg",
  "webp",
  "js",
  "ts",
  "mjs",
  "cjs",
  "tsx",
  "jsx",
  "css",
  "json",
  "html",
  "md",
  "txt",
  "yml",
  "yaml",
  "lock",
  "tgz",
  "zip",
  "gz",
  "log",
  "map",
]);

/** A command that goes to another machine, with its options. */
export const REMOTE = /\b(?:ssh|scp|sftp|rsync|mosh)(?: -\S{1,12}){0,4}(?: \S{1,20})? $/;

const LONGEST_LOCAL = 64;
const LONGEST_DOMAIN = 253;

/** An address around the `@` at `at`. */
export function email(sweep: Sweep, at: number): void {
  const { text } = sweep;
  if (text.charCodeAt(at - 1) === 32 && text.charCodeAt(at + 1) === 32) {
    spacedEmail(sweep, at);
    return;
  }
  let start = localStart(text, at);
  const end = domainEnd(text, at + 1);
  if (start === at) return;
  if (end === 0) {
    if (REMOTE.test(text.slice(Math.max(0, start - 40), start))) sweep.add("USERNAME", start, at, 0.7);
    return;
  }
  // The `n` of an escaped line end in front.
  if (text.charCodeAt(start - 1) === 92 && /[ntr]/.test(text.charAt(start))) start += 1;
  if (isMarked(text.slice(start, at))) return;
  if (start === at || (text.charCodeAt(end) === 58 && text.slice(start, at) === "git")) return;
  sweep.take("EMAIL", start, end, 0.95);
}

/** `name @ host.tld`, when the name looks like one. */
function spacedEmail(sweep: Sweep, at: number): void {
  const { text } = sweep;
  const start = localStart(text, at - 1);
  const end = domainEnd(text, at + 2);
  if (end === 0 || at - 1 - start < 3 || !/[\d._+-]/.test(text.slice(start, at - 1))) return;
  sweep.take("EMAIL", start, end, 0.7);
}

function localStart(text: string, at: number): number {
  if (text.charCodeAt(at - 1) === 34) return quotedStart(text, at);
  const limit = Math.max(0, at - LONGEST_LOCAL);
  let start = at;
  while (start > limit && isLocal(text, start - 1)) start -= 1;
  while (start < at && (kindAt(text, start) & (ALPHANUMERIC | UNDERSCORE)) === 0) start += 1;
  return start;
}

function isLocal(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code < 128 ? LOCAL[code] === 1 || (kindAt(text, index) & WORD) !== 0 : (kindAt(text, index) & FOREIGN) !== 0;
}

/** `"first last"@example.com`; anything else before a quote is not an address. */
function quotedStart(text: string, at: number): number {
  for (let index = at - 2; index > at - LONGEST_LOCAL && index >= 0; index--) {
    const code = text.charCodeAt(index);
    if (code === 34) return index < at - 2 ? index : at;
    if (code === 10 || code === 58 || code === 44 || code === 123) return at;
  }
  return at;
}

/** The end of the host name that begins here, or 0 when it has no dot or does not end in letters. */
export function domainEnd(text: string, start: number): number {
  const limit = Math.min(text.length, start + LONGEST_DOMAIN);
  let end = 0;
  let label = start;
  let index = start;
  for (; index < limit; index++) {
    const code = text.charCodeAt(index);
    if (code === 46) {
      if (index === label) break;
      label = index + 1;
    } else if (code === 45) {
      if (index === label) break;
    } else if ((kindAt(text, index) & ALPHANUMERIC) === 0) break;
    else if (label > start && isTop(text, label, index)) end = index + 1;
    else if (label > start) end = 0;
  }
  if (end === 0 || index === start + LONGEST_DOMAIN) return 0;
  const top = text.slice(text.lastIndexOf(".", end - 1) + 1, end);
  return FILES.has(top.toLowerCase()) ? 0 : end;
}

/** Whether the characters from `label` up to `index` may be a top-level domain: two letters or more, or punycode. */
function isTop(text: string, label: number, index: number): boolean {
  if (index === label || (kindAt(text, label) & LETTER) === 0) return false;
  return (kindAt(text, index) & DIGIT) === 0 || text.startsWith("xn--", label);
}

/** `name [at] host [dot] tld` and `name at host dot tld`, from the word `dot` or `at` at `word`. */
export function spelledEmail(sweep: Sweep, word: number): void {
  const { text } = sweep;
  SPELLED.lastIndex = spelledStart(text, word);
  const match = SPELLED.exec(text);
  if (match === null || match.index + match[0].length <= word) return;
  const start = match.index;
  if (start < sweep.resume) return;
  sweep.take("EMAIL", start, start + match[0].length, 0.85);
}

/** Bracketed `at` with any host, or bare words when both `at` and `dot` are spelled out. */
export const SPELLED =
  /[\w.+-]{2,40}(?: ?[[({<]? ?(?:dot|DOT) ?[\])}>]? ?[\w.+-]{2,40})?(?: ?[[({<] ?(?:at|AT|@) ?[\])}>] ?[\w-]{2,40}(?:(?: ?[[({<] ?(?:dot|DOT|\.) ?[\])}>] ?| (?:dot|DOT) |\.)[\w-]{2,20}){1,3}| (?:at|AT) [\w-]{2,40}(?: (?:dot|DOT) [\w-]{2,20}){1,3})/y;

/** Where the word in front of this one begins, brackets and spaces between. */
function spelledStart(text: string, word: number): number {
  let index = word;
  while (index > 0 && index > word - 3 && /[ [({<]/.test(text.charAt(index - 1))) index -= 1;
  const limit = Math.max(0, index - 40);
  while (index > limit && /[\w.+-]/.test(text.charAt(index - 1))) index -= 1;
  return index;
}
