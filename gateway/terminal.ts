/** Finds the end of an SSE stream in its bytes, without reading its events. */
export interface TerminalWatch {
  /** Whether the terminal event ends in these bytes: what clients wait for before they stop reading. True once. */
  seen(bytes: Buffer): boolean;
  /** Whether the bytes so far end with a blank line, between two events. */
  readonly betweenEvents: boolean;
}

const LF = 0x0a;
const CR = 0x0d;
const CLOSE_BRACKET = 0x5d;
const BLANK = /(\n\n|\r\r|\r\n\r\n)/;

/**
 * `markers` are beginnings of lines. One that ends like `[DONE]` is the end by itself; behind any other the event's data follows,
 * up to a blank line. A line break inside a JSON text is escaped, so a marker at the beginning of a line is never content.
 */
export function terminalWatch(markers: readonly Buffer[]): TerminalWatch {
  const longest = Math.max(...markers.map(({ length }) => length));
  /** The line that is not over yet, while it is short enough to become a marker. */
  let line: Buffer | undefined = Buffer.alloc(0);
  /** The last four bytes. */
  let ending = "";
  let announced = false;
  let done = false;

  /** What the line that begins at `at` announces. */
  function markerAt(text: Buffer, at: number): "final" | "announced" | undefined {
    for (const marker of markers) {
      let same = 0;
      while (same < marker.length && text[at + same] === marker[same]) same++;
      if (same === marker.length) return marker[same - 1] === CLOSE_BRACKET ? "final" : "announced";
    }
    return undefined;
  }

  /** Looks at each beginning of a line; returns where the text behind a marker begins, or -1. */
  function search(text: Buffer, fromLineStart: boolean): number {
    let at = fromLineStart ? 0 : nextLine(text, 0);
    while (at !== -1) {
      const found = markerAt(text, at);
      if (found === "final") done = true;
      if (found !== undefined) {
        announced = true;
        return at;
      }
      const next = nextLine(text, at);
      if (next === -1) {
        line = text.length - at <= longest ? text.subarray(at) : undefined;
        return -1;
      }
      at = next;
    }
    line = undefined;
    return -1;
  }

  return {
    seen(bytes) {
      if (done || bytes.length === 0) return false;
      const before = ending;
      ending = (ending + bytes.toString("latin1", Math.max(0, bytes.length - 4))).slice(-4);
      let behind = before;
      let from = 0;
      if (!announced) {
        const text = line === undefined || line.length === 0 ? bytes : Buffer.concat([line, bytes]);
        const at = search(text, line !== undefined);
        if (at === -1) return false;
        if (done) return true;
        behind = "";
        from = Math.max(0, at - (text.length - bytes.length));
      }
      done = BLANK.test(behind + bytes.toString("latin1", from));
      return done;
    },
    get betweenEvents() {
      return /(\n\n|\r\r|\r\n\r\n)$/.test(ending);
    },
  };
}

/** Index behind the next line break from `at` on; -1 when there is none. A break at the very end begins an empty line. */
function nextLine(text: Buffer, at: number): number {
  const lf = text.indexOf(LF, at);
  const cr = text.indexOf(CR, at);
  if (lf === -1 && cr === -1) return -1;
  return (lf === -1 ? cr : cr === -1 ? lf : Math.min(lf, cr)) + 1;
}
