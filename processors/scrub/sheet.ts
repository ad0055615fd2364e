import type { Finding, PiiType } from "./finding.ts";
import { isMarker, keepMarkers } from "./marker.ts";

/** What takes the place of a stretch of text that was found. */
export type Operate = (found: string, type: PiiType) => string;

/** How a text is to be read, where that is not as it stands. */
export interface Reading {
  /** As long as the text itself: what the detector is shown. */
  readonly seen?: string;
  /** Characters that stay, whatever is found around them. */
  readonly fixed?: RegExp;
  /** What the whole text is, whoever looks at it. */
  readonly is?: PiiType;
}

interface Leaf extends Reading {
  readonly start: number;
  readonly text: string;
}

/**
 * The texts of a value side by side as one text, `label: text` line by line as in YAML, so that a detector sees what belongs together: the
 * key beside its value, and a name in one field that is said again in another. Remembers which stretch is which text.
 */
export class Sheet {
  readonly #pieces: string[] = [];
  readonly #leaves: Leaf[] = [];
  #length = 0;

  /** A text that may be replaced. */
  leaf(text: string, reading?: Reading): void {
    this.#leaves.push({ start: this.#length, text, ...reading });
    this.say(reading?.seen ?? text);
  }

  /** What stands between the texts. */
  say(text: string): void {
    this.#pieces.push(text);
    this.#length += text.length;
  }

  get text(): string {
    return this.#pieces.length === 1 ? (this.#pieces[0] as string) : this.#pieces.join("");
  }

  /**
   * By leaf what stands there after the findings were operated on; undefined where that is what stood there before. A finding over several leaves is
   * operated on in each, and what an earlier pass put there is left alone. `findings` are disjoint and sorted.
   */
  replaced(findings: readonly Finding[], operate: Operate): readonly (string | undefined)[] {
    let first = 0;
    return this.#leaves.map((leaf) => {
      const { start, text, is } = leaf;
      if (is !== undefined) return isMarker(text) ? undefined : changed(text, operate(text, is));
      const end = start + text.length;
      while (first < findings.length && (findings[first] as Finding).end <= start) first++;
      let result = "";
      let at = 0;
      for (let next = first; next < findings.length && (findings[next] as Finding).start < end; next++) {
        const { start: from, end: to, type } = findings[next] as Finding;
        const begin = Math.max(from - start, 0);
        const stop = Math.min(to - start, text.length);
        result += text.slice(at, begin) + put(text.slice(begin, stop), type, leaf, operate);
        at = stop;
      }
      return at === 0 ? undefined : changed(text, result + text.slice(at));
    });
  }
}

function put(found: string, type: PiiType, { fixed }: Reading, operate: Operate): string {
  const replace = (part: string): string => keepMarkers(part, (each) => operate(each, type));
  return fixed === undefined ? replace(found) : found.replace(fixed, replace);
}

function changed(before: string, after: string): string | undefined {
  return after === before ? undefined : after;
}
