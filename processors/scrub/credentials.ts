import { TYPES } from "./finding.ts";
import type { Bridge } from "./bridge.ts";
import type { Sweep } from "./sweep.ts";

/** `… as the password`: the value in front of the label at `start`. */
export function passwordBefore(sweep: Sweep, start: number): void {
  const { text } = sweep;
  if (text.charCodeAt(start - 1) !== 32) return;
  const window = Math.max(0, start - 80);
  const match = AS_PASSWORD.exec(text.slice(window, start));
  const value = match?.[1];
  if (match === null || value === undefined || !/\d/.test(value) || !/[^\d.,:/-]/.test(value) || isPlaceholder(value)) return;
  sweep.take("PASSWORD", window + match.index, window + match.index + value.length, 0.7);
}

export const AS_PASSWORD =
  /(?<!\S)([^\s"'`]{6,40})["'`]? as (?:(?:the|your|my|his|her|our|a|its) )?(?:(?:new|temporary|temp|default|admin|wifi|root) )?$/;

/** A password behind its label; `faint`: the label is a short word that means other things as often. */
export function password(sweep: Sweep, bridge: Bridge, faint: boolean): void {
  if (bridge.link === "none") return;
  const { text } = sweep;
  const start = bridge.at;
  const whole = text.slice(start, bridge.endOf(text, "", 128));
  // The next pair of a connection string or a query is not part of it.
  const next = bridge.quote === 0 ? whole.search(PAIRED) : -1;
  const end = trimmed(text, start, start + (next < 0 ? whole.length : next), bridge.quote !== 0);
  const value = text.slice(start, end);
  if (!isPassword(value, bridge) || (faint && !/\d/.test(value))) return;
  sweep.take("PASSWORD", start, end, 0.8);
  // "Reset password … for jdoe": whose it is.
  WHOSE.lastIndex = end;
  if (!WHOSE.test(text)) return;
  bridge.beAt(WHOSE.lastIndex, text.length);
  bridge.link = "space";
  username(sweep, bridge, "of");
}

export const PAIRED = /[;&,](?=[A-Za-z_]{2,30}=)/;

export const WHOSE = /["'`]? (?:for|of|belongs to|from)(?: (?:the )?(?:user|account|login))? /y;

/** Words that stand behind a password label in prose and code, and are none. */
const NO_PASSWORDS: ReadonlySet<string> = new Set(
  (
    "await required incorrect wrong invalid expired stored saved hashed encrypted protected empty blank missing weak strong correct same different changed reset forgotten none null undefined true false string str text varchar char password passwd secret hidden visible optional mandatory unique valid " +
    "example changeme change_me placeholder redacted removed masked yourpassword your_password your-password mypassword self type value field input name email username user must should can will may not never only also too very at least with for and the and or but if when on in by from to a an it this that your my our his her their " +
    "hunter wird nicht falsch richtig vergessen no incorrecta incorrecto obligatorio requis incorrect oublié secure auth basic bearer any number boolean object bool int function const let var"
  ).split(" "),
);

function isPassword(value: string, bridge: Bridge): boolean {
  if (value.length < 4 || isPlaceholder(value) || NO_PASSWORDS.has(value.toLowerCase())) return false;
  const quoted = bridge.quote !== 0;
  if (quoted && bridge.link === "assigned") return !/\s/.test(value) || value.length <= 40;
  if (quoted) return bridge.link === "said" ? value.length <= 40 : /\d/.test(value) && !/\s/.test(value);
  // Code: a call, a property, an element.
  if (
    /^[A-Za-z_$][A-Za-z_$]{2,40}(?:[.?!]{1,2}[A-Za-z_$][\w$]{0,40}){0,8}(?:\(|\[|\?\.)/.test(value) ||
    /^[a-z_]\w{0,40}(?:\.[A-Za-z_]\w{0,40}){1,8};?$/.test(value) ||
    /^https?:/.test(value)
  )
    return false;
  const digit = /\d/.test(value);
  const symbol = /[^A-Za-z0-9]/.test(value);
  const letters = /\p{L}/u.test(value);
  if (bridge.link === "assigned") return digit || (symbol && letters && value.length >= 6) || (value.length >= 5 && !symbol);
  // In prose only what no word looks like.
  if (/^\d+$/.test(value)) return bridge.link === "said" && value.length >= 4 && value.length <= 10;
  if (digit) return letters || symbol ? value.length >= 5 : false;
  if (symbol)
    return value.length >= 6 && (/[!@#$%^&*_+=]/.test(value.slice(0, -1)) || /[@#$%^&*_+=]$/.test(value) || /[a-z][A-Z].*!$/.test(value));
  return value.length >= 6 && /[a-z]/.test(value) && /[A-Z]/.test(value.slice(1)) && bridge.link === "said";
}

/** Whether something was taken out of the value before. */
export function isMarked(value: string): boolean {
  return value.includes("_") || value.includes("[") ? MARKED.test(value) : false;
}

/** What stands where a value would: templates, references, asterisks, markers of a scrubber. */
export function isPlaceholder(value: string): boolean {
  return PLACEHOLDER.test(value) || MARKER.test(value) || isMarked(value);
}

export const PLACEHOLDER =
  /^(?:(?:\$[{(]|\{\{|<%).{0,200}|[<[{($%].{0,80}[>\]})%]|\$\{?\w{1,60}\}?|\$\(.{0,80}|\{\{.{0,80}|%\w{1,40}%|[*•.x#_-]{3,80}|(?:your|my|the|some|example|sample|dummy|fake|test|insert|enter|replace|put)[-_ ][^\d]{0,60}|(?:os|process|env|config|secrets|vars|settings|self|this|options|props|req|request|data|params|args)[.[].{0,80}|(?:xxx|changeme|change-me|placeholder|redacted|todo|tbd|null|none|undefined|true|false|n\/a).{0,12})$/i;
/** A marker or pseudonym in a value's place, as `EMAIL`, `[PERSON]`, `SECRET_1`, `EMAIL_ab12cd34ef`. */
export const MARKER = new RegExp(`^\\[?(?:${TYPES.join("|")}|[A-Z]+(?:_[A-Z]+)*)(?:_[0-9a-z]{1,26}){0,2}\\]?$`);

const MARKED = new RegExp(`\\[(?:${TYPES.join("|")})(?:_\\w{1,26})?\\]|(?<![A-Za-z])(?:${TYPES.join("|")})_[0-9a-z]{4,26}`);

/** Cut before the full stop or bracket that ends the sentence rather than the value. */
export function trimmed(text: string, start: number, end: number, quoted: boolean): number {
  let to = end;
  if (quoted) return to;
  while (to > start && ".,;:)]}|".includes(text.charAt(to - 1))) to -= 1;
  return to;
}

/** `name / password` or `name:password` behind a label such as `credentials`. */
export const PAIR = /([\w.@-]{2,40}) ?[/:|] ?([^\s"'<>,]{5,64})/y;

/** Both halves of a login in one value; whether they are. */
export function pair(sweep: Sweep, bridge: Bridge): boolean {
  if (bridge.link === "none") return false;
  PAIR.lastIndex = bridge.at;
  const match = PAIR.exec(sweep.text);
  if (match === null) return false;
  const [whole, user = "", written = ""] = match;
  const secret = written.replace(/[.,;:)\]}]+$/, "");
  if (
    !/\d/.test(secret) ||
    !/[^\d.:/-]/.test(secret) ||
    secret.includes("/") ||
    /^\d+$/.test(user) ||
    isPlaceholder(secret) ||
    NO_USERS.has(user.toLowerCase())
  )
    return false;
  const from = bridge.at + whole.length - written.length;
  sweep.take("USERNAME", bridge.at, bridge.at + user.length, 0.7);
  sweep.take("PASSWORD", from, from + secret.length, 0.8);
  return true;
}

/** By a label that says so, by a phrase that people stand behind too, or by a word that anything may follow. */
export type Announced = "label" | "of" | "cue";

/** A user name behind its label. */
export function username(sweep: Sweep, bridge: Bridge, announced: Announced): void {
  if (bridge.link === "none") return;
  const { text } = sweep;
  let start = bridge.at;
  if (text.charCodeAt(start) === 64) start += 1;
  USER.lastIndex = start;
  const match = USER.exec(text);
  if (match === null) return;
  let value = match[0];
  while (/[._-]$/.test(value)) value = value.slice(0, -1);
  const end = start + value.length;
  if (!isUsername(text, start, end, value, bridge, announced)) return;
  sweep.take("USERNAME", start > bridge.at ? bridge.at : start, end, 0.7);
}

export const USER = /[\p{L}\d](?:[\p{L}\d._-]|\\(?![ntr])(?=[A-Za-z]{2})){1,39}(?![\p{L}\d])/uy;

const NO_USERS: ReadonlySet<string> = new Set(
  (
    "is was are has have had can could will would should must may might does did do not and or but the a an this that these those to for from with without in on at by of as if when who which where what why how all any each every some none null undefined true false string name email admin root user users guest anonymous test me you him her them it us " +
    "user_id userid user_name await id type password login page form button failed success error required optional invalid valid unknown default system assistant account accounts access activity info data details profile settings session token role roles group groups count agent agents node input output message messages query prompt request response content context preferences permission permissions location image images number " +
    "wants asked says said logged signed created updated deleted clicks clicked enters entered types typed sees gets needs uses used using via here there now then today please into over out up down off again after before during until above below first last new old own same other another free only just also your my our their his its int text varchar number boolean char public private static void return const let var function self " +
    "feedback experience interface story stories guide manual base research testing-data friendly defined generated journey centric facing case cases level space support service services management authentication authorization registration story-telling reviews review comments behavior behaviour satisfaction engagement list table model class object record records entry file directory home folder named called operator developer customer client member manager owner person people reports reported"
  ).split(" "),
);

function isUsername(text: string, start: number, end: number, value: string, bridge: Bridge, announced: Announced): boolean {
  if (value.length < 3 || value.length > 32 || isPlaceholder(value) || NO_USERS.has(value.toLowerCase())) return false;
  if (/\sto\s$/.test(text.slice(bridge.from, start)) || /^[a-z]{1,4}_[0-9A-Za-z]{8,}$/.test(value)) return false;
  const after = text.charCodeAt(end);
  if (after === 64 || after === 40 || after === 91 || after === 61 || /^\d+$/.test(value)) return false;
  if (/^[0-9a-f]{8}-[0-9a-f]{4}/i.test(value) || /^\d{4}-\d\d/.test(value)) return false;
  const handle = text.charCodeAt(start - 1) === 64;
  const marked = /\d/.test(value) || /[._]/.test(value) || (value.includes("-") && !/^[A-Z]/.test(value));
  if (handle) return true;
  if (announced === "cue") return FOLLOWED.test(text.slice(end, end + 24)) || (bridge.link !== "assigned" && /^[a-z].*\d$/.test(value));
  if (bridge.quote !== 0) return text.charCodeAt(end) === bridge.quote || (bridge.escaped && after === 92);
  if (bridge.link === "assigned" && announced === "label") {
    if (after === 46 && /[A-Za-z(]/.test(text.charAt(end + 1))) return false;
    if (!marked && isTurn(text, bridge.from)) return /^[a-z]{3,}$/.test(value) && /^(?:\s*$|\n|[,;"'|)&])/.test(text.slice(end, end + 2));
    return marked || /^[a-z]{3,}$/.test(value) || (/^[A-Z]?[a-z]{3,}$/.test(value) && value.length >= 4);
  }
  if (text.startsWith(" pass", end)) return true;
  if (/^[A-Z]/.test(value) && !/\d/.test(value)) return false;
  if (/\d/.test(value) && /\p{L}/u.test(value)) return !/^v?\d+(?:\.\d+)*$/.test(value);
  if (marked && /^[a-z]+(?:[._-][a-z]+)+$/.test(value) && /[._]/.test(value)) return true;
  return (
    value.length >= 5 &&
    /^[a-z]+$/.test(value) &&
    !isCommon(value) &&
    (bridge.link === "said" || isTerminal(text, end) || FOLLOWED.test(text.slice(end, end + 24)))
  );
}

/** What follows somebody rather than something. */
export const FOLLOWED =
  /^ (?:failed|logged|authenticated|connected|disconnected|not found|locked|from \d|\(e-?mail|at [\w.+-]{1,20}@|registered|logged|signed|\()/;

/** Whether the label is "user" and no more, with which a transcript begins what somebody says. */
function isTurn(text: string, labelEnd: number): boolean {
  return /(?:^|[^\w-])user$/i.test(text.slice(Math.max(0, labelEnd - 5), labelEnd));
}

/** Whether the sentence or clause ends here. */
function isTerminal(text: string, end: number): boolean {
  return /^(?:[.,;)"']|\s*$|\n)/.test(text.slice(end, end + 2));
}

/** Endings that English words have and user names seldom. */
function isCommon(value: string): boolean {
  return /(?:ing|tion|ment|ness|able|ible|ious|ance|ence|ships?|ities|ity|ally|edly|ed|ly|ers|ives?|sses|ful|less|ised|ized|ical)$/.test(
    value,
  );
}
