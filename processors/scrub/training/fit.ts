import { featuresOf, MOST_FEATURES } from "../names/features.ts";
import { FIRST_NAME, LAST_NAME, lexiconOf } from "../names/lexicon.ts";
import {
  ADDRESS_BEGINS,
  ADDRESS_GOES_ON,
  encodeModel,
  NAME_BEGINS,
  NAME_GOES_ON,
  OUTSIDE,
  ROWS,
  TAGS,
  WEIGHT_ZERO,
} from "../names/model.ts";
import { addressMayGoOn, candidacy, emptySentence, MAYBE_ADDRESS, MAYBE_NAME, nameMayGoOn, readSentence } from "../names/sentence.ts";
import type { Sentence } from "../names/sentence.ts";
import { ADDRESS_MARKER, MARGIN, NAME_MARKER, OPAQUE } from "../names/tokens.ts";
import { withMarkers, withOtherNames } from "./augment.ts";
import type { Example } from "./example.ts";
import type { Chance } from "./random.ts";

export interface FitOptions {
  readonly epochs: number;
  readonly rate: number;
}

/** How many steps of a weight's byte make one unit of log-odds. */
const SCALE = 24;
/** How often a name is replaced by another, and a word's mark as a name forgotten: what is not in the lists must be found as well. */
const RENAMED = 0.6;
const FORGOTTEN = 0.3;
const MARKED = 0.12;

const UNKNOWN = 255;

/** The right tag of each token; UNKNOWN where the data does not say. */
function goldTags({ tokens, zone }: Sentence, { spans }: Example, gold: Uint8Array): void {
  gold.fill(OUTSIDE, 0, tokens.end + MARGIN);
  const sorted = spans.toSorted((a, b) => a.start - b.start);
  let row = MARGIN;
  for (const { start, end, type } of sorted) {
    while (row < tokens.end && (tokens.stop[row] as number) <= start) row++;
    let first = true;
    for (let inside = row; inside < tokens.end && (tokens.start[inside] as number) < end; inside++) {
      if (type === "PERSON") gold[inside] = first ? NAME_BEGINS : NAME_GOES_ON;
      else if (type === "ADDRESS") gold[inside] = first ? ADDRESS_BEGINS : ADDRESS_GOES_ON;
      else if (type === "IGNORE" || (type === "LOCATION" && zone[inside] === 1)) gold[inside] = UNKNOWN;
      first = false;
    }
  }
}

/** Words in the lists are forgotten for one text. */
function forget({ tokens, flags }: Sentence, chance: Chance): void {
  const salt = chance.whole(1, 1 << 30) | 1;
  for (let row = MARGIN; row < tokens.end; row++) {
    if (((flags[row] as number) & (FIRST_NAME | LAST_NAME)) === 0) continue;
    if (Math.imul((tokens.hash[row] as number) ^ salt, 0x9e3779b1) >>> 0 < FORGOTTEN * 4294967296)
      flags[row] = (flags[row] as number) & ~(FIRST_NAME | LAST_NAME);
  }
}

/**
 * Fits the weights by logistic regression with adaptive steps (AdaGrad), one token at a time, left to right, seeing the tags it gave
 * itself. The same examples, chance and options give the same bytes.
 */
export function fit(
  examples: (epoch: number) => readonly Example[],
  words: ReadonlyMap<number, number>,
  chance: Chance,
  { epochs, rate }: FitOptions,
): Uint8Array {
  const lexicon = lexiconOf(Int32Array.from(words.keys()), Uint16Array.from(words.values()));
  const weights = new Float32Array(TAGS * ROWS);
  const steps = new Float32Array(TAGS * ROWS).fill(1e-4);
  const sentence = emptySentence();
  const rows = new Int32Array(MOST_FEATURES);
  const scores = new Float64Array(TAGS);
  let gold = new Uint8Array(sentence.tags.length);
  const averaged = Math.ceil(epochs / 2);
  const sum = new Float32Array(TAGS * ROWS);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const pool = [...examples(epoch)];
    for (let at = pool.length - 1; at > 0; at--) {
      const other = chance.whole(0, at);
      [pool[at], pool[other]] = [pool[other] as Example, pool[at] as Example];
    }
    for (const original of pool) {
      let example = chance.often(RENAMED) ? withOtherNames(chance, original) : original;
      if (chance.often(MARKED)) example = withMarkers(chance, example, chance.often(0.3) ? 1 : 0.5);
      const hidden = chance.often(0.5) ? example.spans.filter(({ type }) => !VISIBLE.has(type)) : [];
      const skip = Int32Array.from(hidden.toSorted((a, b) => a.start - b.start).flatMap(({ start, end }) => [start, end, OPAQUE]));
      readSentence(example.text, skip, lexicon, sentence);
      if (gold.length < sentence.tags.length) gold = new Uint8Array(sentence.tags.length);
      goldTags(sentence, example, gold);
      forget(sentence, chance);
      const follow = epoch > 0 && chance.often(0.7);
      learn(sentence, gold, follow, { weights, steps, rows, scores, rate });
    }
    // The mean over the second half of the epochs hangs less on what came last.
    if (epoch >= epochs - averaged) for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] as number) + (weights[at] as number);
  }
  return encodeModel(words, packed(sum.map((weight) => weight / averaged)));
}

/** Each tag's weight against OUTSIDE, in a byte. */
function packed(weights: Float32Array): Int32Array {
  const byte = (weight: number): number => Math.max(0, Math.min(255, Math.round(weight * SCALE) + WEIGHT_ZERO));
  return Int32Array.from({ length: ROWS }, (_, row) => {
    const [outside = 0, ...others] = weights.subarray(row * TAGS, (row + 1) * TAGS);
    return others.reduce((four, weight, at) => four | (byte(weight - outside) << (8 * at)), 0);
  });
}

const VISIBLE = new Set(["PERSON", "ADDRESS", "LOCATION", "ORG", "IGNORE", "AGE", "DATE", "TITLE", "NRP", "ZIP", "ID"]);

interface Learning {
  readonly weights: Float32Array;
  readonly steps: Float32Array;
  readonly rows: Int32Array;
  readonly scores: Float64Array;
  readonly rate: number;
}

function learn(sentence: Sentence, gold: Uint8Array, follow: boolean, { weights, steps, rows, scores, rate }: Learning): void {
  const { tokens, tags } = sentence;
  for (let row = MARGIN; row < tokens.end; row++) {
    const form = tokens.shape[row] as number;
    if (form >= NAME_MARKER) {
      tags[row] = form === NAME_MARKER ? NAME_BEGINS : form === ADDRESS_MARKER ? ADDRESS_GOES_ON : OUTSIDE;
      continue;
    }
    const maybe = candidacy(sentence, row);
    if (maybe === 0) continue;
    const count = featuresOf(sentence, row, rows);
    const named = nameMayGoOn(sentence, row);
    const addressed = addressMayGoOn(sentence, row);
    let truth = gold[row] as number;
    // After a beginning that was missed, the rest begins.
    if (truth === NAME_GOES_ON && !named) truth = NAME_BEGINS;
    if (truth === ADDRESS_GOES_ON && !addressed) truth = ADDRESS_BEGINS;
    const mayName = (maybe & MAYBE_NAME) !== 0;
    const mayAddress = (maybe & MAYBE_ADDRESS) !== 0;
    if (truth !== UNKNOWN && ((!mayAddress && truth > NAME_GOES_ON) || (!mayName && truth < ADDRESS_BEGINS))) truth = OUTSIDE;
    let best = OUTSIDE;
    let most = -Infinity;
    for (let tag = 0; tag < TAGS; tag++) {
      const allowed =
        tag === OUTSIDE ||
        (tag < ADDRESS_BEGINS ? mayName && (tag === NAME_BEGINS || named) : mayAddress && (tag === ADDRESS_BEGINS || addressed));
      let score = allowed ? 0 : -Infinity;
      if (allowed) for (let at = 0; at < count; at++) score += weights[(rows[at] as number) * TAGS + tag] as number;
      scores[tag] = score;
      if (score > most) {
        most = score;
        best = tag;
      }
    }
    if (truth !== UNKNOWN) {
      let total = 0;
      for (let tag = 0; tag < TAGS; tag++) total += scores[tag] = Math.exp((scores[tag] as number) - most);
      for (let tag = 0; tag < TAGS; tag++) {
        const slope = (scores[tag] as number) / total - (tag === truth ? 1 : 0);
        if (slope > -1e-3 && slope < 1e-3) continue;
        const squared = slope * slope;
        for (let at = 0; at < count; at++) {
          const weight = (rows[at] as number) * TAGS + tag;
          const step = (steps[weight] as number) + squared;
          steps[weight] = step;
          weights[weight] = (weights[weight] as number) - (rate * slope) / Math.sqrt(step);
        }
      }
    }
    tags[row] = follow || truth === UNKNOWN ? best : truth;
  }
}
