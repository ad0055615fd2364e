import { readFileSync } from "node:fs";
import { recall } from "./memory.ts";
import type { Model } from "./model.ts";
import { decodeModel } from "./model.ts";
import { dropHollowAddresses, emptySentence, readSentence } from "./sentence.ts";
import type { Sentence } from "./sentence.ts";
import { isFound, settle } from "./settle.ts";
import { tag } from "./tag.ts";
import { MARGIN, NAME_MARKER } from "./tokens.ts";

export type NameMode = "precision" | "balanced" | "recall";

/** How far ahead of nothing a name must be, in the units of the weights. */
export const RESERVE: Readonly<Record<NameMode, number>> = { precision: 15, balanced: -5, recall: -25 };
/** How far ahead it must be to be looked for in the rest of the text. */
const SURE = 30;
/** What is found may change what stands beside it; real texts settle at the second look, and a made-up one must not take for ever. */
const LOOKS = 4;
/** Columns larger than this are given back after the text that needed them. */
const KEPT_ROWS = 1 << 17;

let shipped: Model | undefined;
let sentence: Sentence | undefined;
let margins = new Float32Array(0);

/** The model in this folder, read at the first call. */
export function shippedModel(): Model {
  shipped ??= decodeModel(readFileSync(new URL("names.model", import.meta.url)));
  return shipped;
}

export type Found = (start: number, end: number, type: "PERSON" | "ADDRESS") => void;

/**
 * Calls `found` for each person's name and each postal address, in the order of the text, without overlaps.
 * `skip` are sorted, disjoint triples of start, end and shape (`OPAQUE` or a marker's) to leave alone: what is found already, opaque runs, URLs.
 * A second look, after each finding was replaced by its marker, finds nothing more. Linear in the text. Not re-entrant: `found` must not call it.
 */
export function findNames(text: string, skip: Int32Array, found: Found, mode: NameMode): void {
  findNamesWith(shippedModel(), text, skip, found, RESERVE[mode]);
}

/** As `findNames`, with a model and a threshold of one's own. */
export function findNamesWith(model: Model, text: string, skip: Int32Array, found: Found, reserve: number): void {
  sentence ??= emptySentence();
  readSentence(text, skip, model.lexicon, sentence);
  if (margins.length < sentence.tags.length) margins = new Float32Array(sentence.tags.length);
  for (let look = 0; look < LOOKS; look++) {
    tag(sentence, model.weights, reserve, margins);
    dropHollowAddresses(sentence);
    recall(sentence, margins, SURE + Math.max(0, reserve));
    if (!settle(sentence)) break;
  }
  report(sentence, found);
  if (sentence.tags.length > KEPT_ROWS) {
    sentence = undefined;
    margins = new Float32Array(0);
  }
}

function report({ tokens }: Sentence, found: Found): void {
  const { start, stop, shape, end } = tokens;
  for (let row = MARGIN; row < end; row++) {
    if (isFound(tokens, row)) found(start[row] as number, stop[row] as number, shape[row] === NAME_MARKER ? "PERSON" : "ADDRESS");
  }
}
