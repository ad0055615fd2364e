import { COMPANY, ORDINARY, PARTICLE, STREET, TITLE } from "./lexicon.ts";
import { NAME_BEGINS, NAME_GOES_ON, OUTSIDE } from "./model.ts";
import type { Sentence } from "./sentence.ts";
import { CAPITALISED, CAPITALS, MARGIN, MIXED } from "./tokens.ts";

/** Words of the names found in one text, in an open table by hash; forgotten by raising `now`. */
const SLOTS = 1 << 12;
const keys = new Int32Array(SLOTS);
const seenAt = new Int32Array(SLOTS);
/** How much speaks for the word being a name, less how much speaks against it. */
const evidence = new Int32Array(SLOTS);
let now = 0;
let held = 0;

/** The slot of a word, or the empty one where it would stand. */
function slotOf(hash: number): number {
  let slot = hash & (SLOTS - 1);
  while (seenAt[slot] === now && keys[slot] !== hash) slot = (slot + 1) & (SLOTS - 1);
  return slot;
}

function remember(hash: number, weight: number): void {
  const slot = slotOf(hash);
  if (seenAt[slot] !== now) {
    if (held > SLOTS / 2) return;
    held++;
    seenAt[slot] = now;
    keys[slot] = hash;
    evidence[slot] = 0;
  }
  evidence[slot] = (evidence[slot] as number) + weight;
}

/** One mention found alone outweighs this many that were not, one in a name of several words more. */
const ALONE = 3;
const IN_A_NAME = 12;

/** Words that are too much else to be a name wherever they stand. */
const ELSE = ORDINARY | PARTICLE | STREET | TITLE | COMPANY;

function isNamed(form: number): boolean {
  return form === CAPITALISED || form === CAPITALS || form === MIXED;
}

/**
 * A name found with confidence once is a name at each mention: its words are tagged wherever they stand capitalised in the text, unless
 * most mentions say otherwise. A word that is also an ordinary one ("Will", "Mark") counts only beside another word of a name.
 */
export function recall({ tokens, tags, flags, text }: Sentence, margins: Float32Array, sure: number): void {
  const { shape, hash, start, stop, end } = tokens;
  now++;
  held = 0;
  for (let row = MARGIN; row < end; row++) {
    const tag = tags[row];
    if ((tag !== NAME_BEGINS && tag !== NAME_GOES_ON) || !isNamed(shape[row] as number)) continue;
    if ((margins[row] as number) < sure || (stop[row] as number) - (start[row] as number) === 1) continue;
    remember(hash[row] as number, tag === NAME_GOES_ON || tags[row + 1] === NAME_GOES_ON ? IN_A_NAME : ALONE);
  }
  if (held === 0) return;
  for (let row = MARGIN; row < end; row++) {
    if (tags[row] !== OUTSIDE || !isNamed(shape[row] as number)) continue;
    const slot = slotOf(hash[row] as number);
    if (seenAt[slot] === now) evidence[slot] = (evidence[slot] as number) - 1;
  }
  for (let row = MARGIN; row < end; row++) {
    if (tags[row] !== OUTSIDE || !isNamed(shape[row] as number)) continue;
    const slot = slotOf(hash[row] as number);
    if (seenAt[slot] !== now || (evidence[slot] as number) < 0) continue;
    const glued = text.charCodeAt(stop[row] as number);
    if (glued === SLASH || glued === BACKSLASH) continue;
    const before = tags[row - 1];
    const joins = (before === NAME_BEGINS || before === NAME_GOES_ON) && (start[row] as number) - (stop[row - 1] as number) === 1;
    if (joins) tags[row] = NAME_GOES_ON;
    else if (((flags[row] as number) & ELSE) === 0) tags[row] = NAME_BEGINS;
  }
}

const SLASH = 0x2f;
const BACKSLASH = 0x5c;
