import { isPlaceholder } from "../credentials.ts";
import type { Sweep } from "../sweep.ts";
import { vendorKey } from "./vendor.ts";

/** The credentials in `scheme://user:password@host`, from the `://` at `scheme`; webhook addresses, which are secrets themselves. */
export function urlCredentials(sweep: Sweep, scheme: number): void {
  const { text } = sweep;
  const from = scheme + 3;
  webhook(sweep, from);
  let colon = -1;
  const limit = Math.min(text.length, from + 320);
  for (let index = from; index < limit; index++) {
    const code = text.charCodeAt(index);
    if (code === 64) {
      if (colon > 0) userinfo(sweep, from, colon, lastAt(text, index, limit));
      return;
    }
    if (code === 58 && colon < 0) colon = index;
    else if (code <= 32 || code === 34 || code === 60 || code === 62 || code === 96 || code === 92) return;
    else if (code === 47 || code === 63) return;
  }
}

/** Passwords with an `@` that should have been escaped: the last one before the host counts. */
function lastAt(text: string, at: number, limit: number): number {
  let last = at;
  for (let index = at + 1; index < limit; index++) {
    const code = text.charCodeAt(index);
    if (code === 64) last = index;
    else if (
      code <= 32 ||
      code === 47 ||
      code === 34 ||
      code === 39 ||
      code === 58 ||
      code === 44 ||
      code === 63 ||
      code === 92 ||
      code === 62
    )
      break;
  }
  return last;
}

function userinfo(sweep: Sweep, from: number, colon: number, at: number): void {
  const { text } = sweep;
  const user = text.slice(from, colon);
  const secret = text.slice(colon + 1, at);
  if (user !== "" && !isPlaceholder(user) && !GENERIC_USERS.has(user) && user.length <= 64) sweep.add("USERNAME", from, colon, 0.7);
  if (secret !== "" && !isPlaceholder(secret) && !vendorKey(sweep, colon + 1)) sweep.add("PASSWORD", colon + 1, at, 0.9);
  sweep.resume = Math.max(sweep.resume, at + 1);
}

const GENERIC_USERS: ReadonlySet<string> = new Set([
  "x-access-token",
  "oauth2",
  "x-token-auth",
  "token",
  "gitlab-ci-token",
  "x-oauth-basic",
  "__token__",
  "user",
  "username",
  "default",
]);

/** Addresses that let anyone post. */
export const WEBHOOK =
  /(?:hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Z]\w{5,14}\/\w{5,20}\/[\w/]{16,80}|(?:canary\.|ptb\.)?discord(?:app)?\.com\/api\/webhooks\/\d{15,22}\/[\w-]{50,90}|[\w-]{1,60}\.webhook\.office\.com\/webhookb2\/[\w@/-]{60,220}|hooks\.zapier\.com\/hooks\/catch\/\d{4,10}\/\w{5,12}|chat\.googleapis\.com\/v1\/spaces\/[\w-]{6,20}\/messages\?key=[\w%&=-]{40,200}|open\.(?:feishu|larksuite)\.(?:cn|com)\/open-apis\/bot\/v2\/hook\/[\w-]{30,40}|api\.telegram\.org\/bot\d{8,10}:[\w-]{35}|outlook\.office(?:365)?\.com\/webhook\/[\w@/-]{60,220}|maker\.ifttt\.com\/trigger\/\w{1,40}\/with\/key\/[\w-]{20,50})/y;

function webhook(sweep: Sweep, from: number): void {
  WEBHOOK.lastIndex = from;
  if (!WEBHOOK.test(sweep.text)) return;
  const start = sweep.text.startsWith("https", from - 8) ? from - 8 : from - 7;
  sweep.take("SECRET", start, WEBHOOK.lastIndex, 0.97);
}

const LONGEST_KEY = 16_384;

/** A private key in its armour, from the dashes at `start`; without its end it goes as far as it looks like one. */
export function privateKey(sweep: Sweep, start: number): void {
  const { text } = sweep;
  OPENER.lastIndex = start;
  if (!OPENER.test(text)) return;
  let end = OPENER.lastIndex;
  const limit = Math.min(text.length, end + LONGEST_KEY);
  while (end < limit && isArmour(text.charCodeAt(end))) end += 1;
  CLOSER.lastIndex = end;
  if (CLOSER.test(text)) end = CLOSER.lastIndex;
  else if (end - OPENER.lastIndex < 32) return;
  sweep.take("PRIVATE_KEY", start, end, 0.97);
}

export const OPENER = /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}(?:PRIVATE KEY|PRIVATE KEY BLOCK)-----/y;
export const CLOSER = /-----END (?:[A-Z0-9]{1,12} ){0,3}(?:PRIVATE KEY|PRIVATE KEY BLOCK)-----/y;

/** Base64, line ends (escaped ones too) and the headers of older keys; a dash ends it. */
function isArmour(code: number): boolean {
  return (
    (code >= 47 && code <= 58) ||
    (code >= 65 && code <= 90) ||
    (code >= 97 && code <= 122) ||
    code === 43 ||
    code === 61 ||
    code === 10 ||
    code === 13 ||
    code === 32 ||
    code === 92 ||
    code === 44 ||
    code === 46 ||
    code === 40 ||
    code === 41
  );
}

/** `-u user:password`, and `-u user -ppassword` of the database clients. */
export const OPTION = /-u ?["']?([\w.@-]{1,64})(?::([^\s"']{1,128}))?["']?(?:[ \t]{1,4}-p ?["']?([^\s"']{4,128}))?/y;
export const CLIENT =
  /\b(?:mysql|mysqldump|mysqladmin|mariadb|curl|wget|http|https|ldapsearch|smbclient|sshpass|rsync|influx|mongo|redis-cli|psql|docker login|sqlcmd)\b/;

/** The credentials behind a command's `-u`, `-p` or `-a`. */
export function commandOption(sweep: Sweep, start: number): void {
  const { text } = sweep;
  if (text.charCodeAt(start + 1) !== 117) {
    passwordOption(sweep, start);
    return;
  }
  OPTION.lastIndex = start;
  const match = OPTION.exec(text);
  if (match === null) return;
  const [whole, user = "", first, second] = match;
  const secret = first ?? second;
  if (first === undefined && !CLIENT.test(text.slice(Math.max(0, start - 120), start))) return;
  if (secret === undefined ? user.length < 3 : /^\d*$/.test(secret) && /^\d*$/.test(user)) return;
  const at = start + whole.indexOf(user, 2);
  if (!isPlaceholder(user)) sweep.add("USERNAME", at, at + user.length, 0.7);
  if (secret !== undefined && !isPlaceholder(secret)) {
    const from = start + whole.lastIndexOf(secret);
    sweep.add("PASSWORD", from, from + secret.length, 0.85);
  }
  sweep.resume = start + whole.length;
}

/** The password behind `-p` or `-a` of the few commands that take one there. */
function passwordOption(sweep: Sweep, start: number): void {
  const { text } = sweep;
  if (!KEYED.test(text.slice(Math.max(0, start - 60), start))) return;
  KEY.lastIndex = start;
  const secret = KEY.exec(text)?.[1];
  if (secret === undefined || isPlaceholder(secret) || /^\d*:?\d*$/.test(secret)) return;
  const from = text.indexOf(secret, start + 2);
  sweep.take("PASSWORD", from, from + secret.length, 0.8);
}

export const KEYED = /\b(?:sshpass|redis-cli|mysql|mysqldump|mariadb|docker login|ldapsearch|mongosh?|smbclient)\b[^\n|;&]{0,48}$/;
export const KEY = /-[pa] ?["']?([^\s"']{4,128})/y;
