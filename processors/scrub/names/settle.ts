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
  const { tokens, flags, zone, tags } = sentence;
  const first = firstFound(tokens, tags);
  if (first === tokens.end) return false;
  collapse(sentence, first);
  const { end } = tokens;
  zone.fill(0, 0, end + MARGIN);
  findZones(sentence);
  for (let margin = end; margin < end + MARGIN; margin++) tokens.hash[margin] = tokens.shape[margin] = flags[margin] = tags[margin] = 0;
  return true;
}

/** The first token of a finding that is no marker yet. */
function firstFound({ shape, end }: Tokens, tags: Uint8Array): number {
  for (let row = MARGIN; row < end; row++) if (tags[row] !== OUTSIDE && (shape[row] as number) < OPAQUE) return row;
  return end;
}

/** From `from` on, each run of one finding becomes one row. */
function collapse({ tokens, flags, tags, heads, open }: Sentence, from: number): void {
  const { start, stop, hash, shape, gap, gapKind, lastPart, end } = tokens;
  let to = from;
  let head = heads[from - 1] as number;
  let headIsNew = false;
  let opened = 0;
  open.fill(0, 0, end);
  let row = from;
  for (; row < end; to++) {
    const first = row++;
    const tag = tags[first] as number;
    const isNew = tag !== OUTSIDE && (shape[first] as number) < OPAQUE;
    start[to] = start[first] as number;
    gap[to] = gap[first] as number;
    gapKind[to] = gapKind[first] as number;
    if (isNew) {
      const named = tag === NAME_BEGINS || tag === NAME_GOES_ON;
      const goesOn = named ? NAME_GOES_ON : ADDRESS_GOES_ON;
      while (row < end && tags[row] === goesOn && (shape[row] as number) < OPAQUE) row++;
      stop[to] = stop[row - 1] as number;
      shape[to] = hash[to] = named ? NAME_MARKER : ADDRESS_MARKER;
      lastPart[to] = FOUND;
      flags[to] = 0;
      tags[to] = named ? NAME_BEGINS : ADDRESS_GOES_ON;
      open.fill(1, Math.max(MARGIN, to - REACH), to);
      opened = to + REACH;
    } else {
      stop[to] = stop[first] as number;
      hash[to] = hash[first] as number;
      shape[to] = shape[first] as number;
      lastPart[to] = lastPart[first] as number;
      flags[to] = flags[first] as number;
      tags[to] = tag;
    }
    if (gapKind[to] === LINE) {
      headIsNew = isNew;
      head = hash[to] as number;
    }
    heads[to] = head;
    open[to] = headIsNew || to <= opened ? 1 : 0;
  }
  gap[to] = gap[end] as number;
  gapKind[to] = LINE;
  tokens.end = to;
}
