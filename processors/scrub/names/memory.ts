import { COMPANY, ORDINARY, PARTICLE, STREET, TITLE } from "./lexicon.ts";
import { NAME_BEGINS, NAME_GOES_ON, OUTSIDE } from "./model.ts";
import type { Sentence } from "./sentence.ts";
import { CAPITALISED, CAPITALS, MARGIN, MIXED } from "./tokens.ts";

/** Words that stand in names well enough when they stand alone; by hash, open addressing, forgotten by raising `now`. */
const SLOTS = 1 << 12;
const keys = new Int32Array(SLOTS);
const seen = new Int32Array(SLOTS);
let now = 0;
let held = 0;

function remember(hash: number): void {
  if (held > SLOTS / 2) return;
  let slot = hash & (SLOTS - 1);
  while (seen[slot] === now && keys[slot] !== hash) slot = (slot + 1) & (SLOTS - 1);
  if (seen[slot] !== now) held++;
  seen[slot] = now;
  keys[slot] = hash;
}

function remembers(hash: number): boolean {
  let slot = hash & (SLOTS - 1);
  while (seen[slot] === now) {
    if (keys[slot] === hash) return true;
    slot = (slot + 1) & (SLOTS - 1);
  }
  return false;
}

/** Words that are too much else to be a name wherever they stand. */
const ELSE = ORDINARY | PARTICLE | STREET | TITLE | COMPANY;

function isNamed(form: number): boolean {
  return form === CAPITALISED || form === CAPITALS || form === MIXED;
}

/**
 * A name found with confidence once is a name at each mention: its words are tagged wherever they stand capitalised in the text.
 * A word that is also an ordinary one ("Will", "Mark") counts only beside another word of a name.
 */
export function recall({ tokens, tags, flags, text }: Sentence, margins: Float32Array, sure: number): void {
  const { shape, hash, start, stop, end } = tokens;
  now++;
  held = 0;
  for (let row = MARGIN; row < end; row++) {
    const tag = tags[row];
    if ((tag !== NAME_BEGINS && tag !== NAME_GOES_ON) || !isNamed(shape[row] as number)) continue;
    if ((margins[row] as number) >= sure && (stop[row] as number) - (start[row] as number) > 1) remember(hash[row] as number);
  }
  if (held === 0) return;
  for (let row = MARGIN; row < end; row++) {
    if (tags[row] !== OUTSIDE || !isNamed(shape[row] as number) || !remembers(hash[row] as number)) continue;
    const before = tags[row - 1];
    const joins = (before === NAME_BEGINS || before === NAME_GOES_ON) && (start[row] as number) - (stop[row - 1] as number) === 1;
    const glued = text.charCodeAt(stop[row] as number);
    if (glued === 0x2f || glued === 0x5c) continue;
    if (joins) tags[row] = NAME_GOES_ON;
    else if (((flags[row] as number) & ELSE) === 0) tags[row] = NAME_BEGINS;
  }
}
