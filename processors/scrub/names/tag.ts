import { featuresOf, MOST_FEATURES } from "./features.ts";
import { ADDRESS_BEGINS, ADDRESS_GOES_ON, NAME_BEGINS, NAME_GOES_ON, OUTSIDE, TAGS } from "./model.ts";
import type { Sentence } from "./sentence.ts";
import { candidacy, MAYBE_ADDRESS, MAYBE_NAME, startsSentence } from "./sentence.ts";
import { ADDRESS_MARKER, LINE, MARGIN, NAME_MARKER } from "./tokens.ts";

const rows = new Int32Array(MOST_FEATURES);

/**
 * Tags each token, left to right, seeing the tags it gave before. `reserve` is what a name or an address must be ahead of nothing: the
 * threshold. `margins` takes by how much it is, for each token of a name. Only open tokens are tagged.
 */
export function tag(sentence: Sentence, weights: Int8Array, reserve: number, margins: Float32Array): void {
  const { tags, tokens, open } = sentence;
  const { shape, gapKind, end } = tokens;
  for (let row = MARGIN; row < end; row++) {
    if (open[row] === 0) continue;
    const form = shape[row] as number;
    if (form >= NAME_MARKER) {
      tags[row] = form === NAME_MARKER ? NAME_BEGINS : form === ADDRESS_MARKER ? ADDRESS_GOES_ON : OUTSIDE;
      continue;
    }
    const maybe = candidacy(sentence, row);
    if (maybe === 0) continue;
    const count = featuresOf(sentence, row, rows);
    let outside = reserve;
    let nameBegins = 0;
    let nameGoesOn = 0;
    let addressBegins = 0;
    let addressGoesOn = 0;
    if (maybe === MAYBE_NAME) {
      for (let at = 0; at < count; at++) {
        const weight = (rows[at] as number) * TAGS;
        outside += weights[weight] as number;
        nameBegins += weights[weight + 1] as number;
        nameGoesOn += weights[weight + 2] as number;
      }
    } else {
      for (let at = 0; at < count; at++) {
        const weight = (rows[at] as number) * TAGS;
        outside += weights[weight] as number;
        nameBegins += weights[weight + 1] as number;
        nameGoesOn += weights[weight + 2] as number;
        addressBegins += weights[weight + 3] as number;
        addressGoesOn += weights[weight + 4] as number;
      }
    }
    const previous = startsSentence(sentence, row) ? OUTSIDE : (tags[row - 1] as number);
    let best = outside;
    let chosen = OUTSIDE;
    if ((maybe & MAYBE_NAME) !== 0) {
      if (nameBegins > best) {
        best = nameBegins;
        chosen = NAME_BEGINS;
      }
      if ((previous === NAME_BEGINS || previous === NAME_GOES_ON) && gapKind[row] !== LINE && nameGoesOn > best) {
        best = nameGoesOn;
        chosen = NAME_GOES_ON;
      }
    }
    if ((maybe & MAYBE_ADDRESS) !== 0) {
      if (addressBegins > best) {
        best = addressBegins;
        chosen = ADDRESS_BEGINS;
      }
      if ((previous === ADDRESS_BEGINS || previous === ADDRESS_GOES_ON) && addressGoesOn > best) {
        best = addressGoesOn;
        chosen = ADDRESS_GOES_ON;
      }
    }
    tags[row] = chosen;
    margins[row] = best - outside + reserve;
  }
}
