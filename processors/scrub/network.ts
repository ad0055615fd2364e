import { FAMILY } from "./families.ts";
import { ALPHANUMERIC, isDigit, kindAt, LETTER, WORD } from "./characters.ts";
import type { Sweep } from "./sweep.ts";

/** An IPv4 address that begins with the digits at `start`. */
export function ipv4(sweep: Sweep, start: number, end: number): boolean {
  const { text } = sweep;
  if (text.charCodeAt(end) !== 46 || end - start > 3) return false;
  const before = text.charCodeAt(start - 1);
  if ((kindAt(text, start - 1) & WORD) !== 0 || before === 46 || (before === 45 && (kindAt(text, start - 2) & ALPHANUMERIC) !== 0))
    return false;
  if (before === 47 && (kindAt(text, start - 2) & LETTER) !== 0) return false; // Chrome/120.0.0.0
  let index = start;
  let address = 0;
  for (let octet = 0; octet < 4; octet++) {
    if (octet > 0) {
      if (text.charCodeAt(index) !== 46) return false;
      index += 1;
    }
    const from = index;
    let value = 0;
    while (index - from < 4 && isDigit(text, index)) value = value * 10 + text.charCodeAt(index++) - 48;
    if (index === from || index - from > 3 || value > 255 || (index - from > 1 && text.charCodeAt(from) === 48)) return false;
    address = address * 256 + value;
  }
  if ((kindAt(text, index) & WORD) !== 0 || (text.charCodeAt(index) === 46 && isDigit(text, index + 1))) return false;
  if (text.charCodeAt(index) === 45 && (kindAt(text, index + 1) & ALPHANUMERIC) !== 0 && !isDigit(text, index + 1)) return false;
  const first = Math.floor(address / 0x1000000);
  const second = (address >>> 16) & 255;
  const last = address & 255;
  // Nobody's: this host, everybody, netmasks, whole networks.
  if (first === 0 || first === 127 || (first === 255 && second === 255)) return true;
  if (last === 0 && text.charCodeAt(index) === 47 && isDigit(text, index + 1)) return true;
  if (sweep.near(FAMILY.other, start, 12) || (address & 0xffffff) === 0) return true;
  sweep.take("IP_ADDRESS", start, index, 0.85);
  return true;
}

/** A MAC or IPv6 address around the run from `start` to `end`; both are hex groups parted by `:`, a MAC also by `-` or dots. */
export function hexGroups(sweep: Sweep, start: number, end: number): boolean {
  if (start < sweep.grouped) return false;
  const { text } = sweep;
  const joint =
    text.charCodeAt(end) === 58 || text.charCodeAt(start - 1) === 58
      ? 58
      : text.charCodeAt(end) === 45 || text.charCodeAt(start - 1) === 45
        ? 45
        : 46;
  const limit = Math.max(0, start - 42);
  let from = start;
  while (from > limit && isGroup(text, from - 1, joint)) from -= 1;
  let to = end;
  const stop = Math.min(text.length, end + 42);
  while (to < stop && isGroup(text, to, joint)) to += 1;
  sweep.grouped = to;
  while (to > end && text.charCodeAt(to - 1) === joint && !(joint === 58 && text.charCodeAt(to - 2) === 58)) to -= 1;
  while (from < start && text.charCodeAt(from) === joint && !(joint === 58 && text.charCodeAt(from + 1) === 58)) from += 1;
  if ((kindAt(text, from - 1) & WORD) !== 0 || (kindAt(text, to) & WORD) !== 0) return false;
  if (to - from > LONGEST || to - from < 4) return false;
  const written = text.slice(from, to);
  if (MAC.test(written)) {
    if (!/[1-9a-f]/i.test(written) || /^(?:ff[:-]){5}ff$/i.test(written)) return false;
    sweep.take("MAC_ADDRESS", from, to, 0.85);
    return true;
  }
  if (joint !== 58 || !isIpv6(written)) return false;
  sweep.take("IP_ADDRESS", from, to, 0.85);
  return true;
}

/** Eight groups of four with seven colons. */
const LONGEST = 39;
export const MAC = /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$|^(?:[0-9a-f]{2}-){5}[0-9a-f]{2}$|^(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}$/i;

function isGroup(text: string, index: number, joint: number): boolean {
  const code = text.charCodeAt(index);
  if (code === joint) return true;
  return (code >= 48 && code <= 57) || (code >= 97 && code <= 102) || (code >= 65 && code <= 70);
}

/** Eight groups, or fewer around one `::`; times (`12:30:45`) and this host (`::1`) are not meant. */
function isIpv6(written: string): boolean {
  const halves = written.split("::");
  if (halves.length > 2 || written.includes(":::")) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  if (groups.some((group) => group.length > 4 || group === "")) return false;
  if (halves.length === 1) return groups.length === 8;
  if (halves[1] === "") return false; // a network's beginning
  return groups.length >= 2 && groups.length <= 7 && written.length >= 6;
}

/** Whether a run may be a group of a MAC or IPv6 address: 1 to 4 hex characters beside a separator. */
export function mayBeHexGroup(text: string, start: number, end: number): boolean {
  if (end - start > 4) return false;
  const after = text.charCodeAt(end);
  const before = text.charCodeAt(start - 1);
  if (
    after !== 58 &&
    before !== 58 &&
    (end - start !== 2 || (after !== 45 && before !== 45)) &&
    (end - start !== 4 || (after !== 46 && before !== 46))
  )
    return false;
  for (let index = start; index < end; index++) if (!isGroup(text, index, 58)) return false;
  return true;
}
