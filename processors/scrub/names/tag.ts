import { featuresOf, MOST_FEATURES } from "./features.ts";
import { ADDRESS_BEGINS, ADDRESS_GOES_ON, NAME_BEGINS, NAME_GOES_ON, OUTSIDE, WEIGHT_ZERO } from "./model.ts";
import type { Sentence } from "./sentence.ts";
import { addressMayGoOn, candidacy, MAYBE_ADDRESS, MAYBE_NAME, nameMayGoOn } from "./sentence.ts";
import { ADDRESS_MARKER, MARGIN, NAME_MARKER } from "./tokens.ts";

const rows = new Int32Array(MOST_FEATURES);

/**
 * Tags each open token, left to right, seeing the tags it gave before. `reserve` is what a name or an address must be ahead of nothing: the
 * threshold. `margins` takes by how much it is ahead.
 */
export function tag(sentence: Sentence, weights: Int32Array, reserve: number, margins: Float32Array): void {
  const { tags, tokens, open } = sentence;
  const { shape, end } = tokens;
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
    // Two sums stand in each number, sixteen bits apart: beginnings in one, continuations in the other.
    let begins = 0;
    let goesOn = 0;
    for (let at = 0; at < count; at++) {
      const four = weights[rows[at] as number] as number;
      begins += four & 0xff00ff;
      goesOn += (four >>> 8) & 0xff00ff;
    }
    const zero = count * WEIGHT_ZERO;
    let best = reserve;
    let chosen = OUTSIDE;
    if ((maybe & MAYBE_NAME) !== 0) {
      const nameBegins = (begins & 0xffff) - zero;
      if (nameBegins > best) {
        best = nameBegins;
        chosen = NAME_BEGINS;
      }
      const nameGoesOn = (goesOn & 0xffff) - zero;
      if (nameGoesOn > best && nameMayGoOn(sentence, row)) {
        best = nameGoesOn;
        chosen = NAME_GOES_ON;
      }
    }
    if ((maybe & MAYBE_ADDRESS) !== 0) {
      const addressBegins = (begins >>> 16) - zero;
      if (addressBegins > best) {
        best = addressBegins;
        chosen = ADDRESS_BEGINS;
      }
      const addressGoesOn = (goesOn >>> 16) - zero;
      if (addressGoesOn > best && addressMayGoOn(sentence, row)) {
        best = addressGoesOn;
        chosen = ADDRESS_GOES_ON;
      }
    }
    tags[row] = chosen;
    margins[row] = best;
  }
}
