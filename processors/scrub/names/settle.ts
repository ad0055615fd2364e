import { ADDRESS_GOES_ON, NAME_BEGINS, NAME_GOES_ON, OUTSIDE } from "./model.ts";
import type { Sentence } from "./sentence.ts";
import { findZones } from "./sentence.ts";
import type { Tokens } from "./tokens.ts";
import { ADDRESS_MARKER, LINE, MARGIN, NAME_MARKER, OPAQUE } from "./tokens.ts";

/** Where `lastPart` says so, a marker stands for something found in this text, not for a marker written in it. */
const FOUND = -1;

export function isFound(tokens: Tokens, row: number): boolean {
  return tokens.lastPart[row] === FOUND && (tokens.shape[row] as number) >= NAME_MARKER;
}

/** How far from a token its features and its zone reach, and one more. */
const REACH = 9;

/**
 * Replaces what was found by its marker, as scrubbing does, and opens the tokens around it: they may read otherwise now. Answers false
 * when nothing new was found. Tagging and settling in turn ends where scrubbing the text again would find nothing.
 */
export function settle(sentence: Sentence): boolean {
  if (!collapse(sentence)) return false;
  const { tokens, flags, zone, tags } = sentence;
  const { end } = tokens;
  zone.fill(0, 0, end + MARGIN);
  findZones(sentence);
  for (let margin = end; margin < end + MARGIN; margin++) tokens.hash[margin] = tokens.shape[margin] = flags[margin] = tags[margin] = 0;
  return true;
}

/** Each run of one finding becomes one row; says whether there was any. */
function collapse(sentence: Sentence): boolean {
  const { tokens, flags, tags, heads, open } = sentence;
  const { start, stop, hash, shape, gap, gapKind, lastPart, end } = tokens;
  let to = MARGIN;
  let head = 0;
  let headIsNew = false;
  let opened = 0;
  let any = false;
  open.fill(0, 0, end);
  let row = MARGIN;
  for (; row < end; to++) {
    const first = row++;
    const tag = tags[first] as number;
    const isNew = tag !== OUTSIDE && (shape[first] as number) < OPAQUE;
    const named = tag === NAME_BEGINS || tag === NAME_GOES_ON;
    let last = first;
    if (isNew) {
      const goesOn = named ? NAME_GOES_ON : ADDRESS_GOES_ON;
      while (row < end && tags[row] === goesOn && (shape[row] as number) < OPAQUE) last = row++;
    }
    const marker = named ? NAME_MARKER : ADDRESS_MARKER;
    start[to] = start[first] as number;
    stop[to] = stop[last] as number;
    hash[to] = isNew ? marker : (hash[first] as number);
    shape[to] = isNew ? marker : (shape[first] as number);
    gap[to] = gap[first] as number;
    gapKind[to] = gapKind[first] as number;
    lastPart[to] = isNew ? FOUND : (lastPart[first] as number);
    flags[to] = isNew ? 0 : (flags[first] as number);
    tags[to] = shape[to] === NAME_MARKER ? NAME_BEGINS : shape[to] === ADDRESS_MARKER ? ADDRESS_GOES_ON : OUTSIDE;
    if (gapKind[to] === LINE) {
      headIsNew = isNew;
      head = hash[to] as number;
    }
    heads[to] = head;
    if (isNew) {
      any = true;
      open.fill(1, Math.max(MARGIN, to - REACH), to);
      opened = to + REACH;
    }
    open[to] = headIsNew || to <= opened ? 1 : 0;
  }
  gap[to] = gap[end] as number;
  gapKind[to] = LINE;
  tokens.end = to;
  return any;
}
