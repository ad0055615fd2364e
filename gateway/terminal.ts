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
const EMPTY = Buffer.alloc(0);

/**
 * `markers` are beginnings of lines. One that ends like `[DONE]` is the end by itself; behind any other the event's data follows,
 * up to a blank line. A line break inside a JSON text is escaped, so a marker at the beginning of a line is never content.
 */
export function terminalWatch(markers: readonly Buffer[]): TerminalWatch {
  const longest = Math.max(...markers.map(({ length }) => length));
  /** The line that is not over yet, while it is short enough to become a marker. */
  let line: Buffer | undefined = EMPTY;
  /** The last four bytes, the last one lowest. */
  let ending = 0;
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
    // Where there is no CR it is looked for once, not in all that lies behind each line.
    let cr = text.indexOf(CR);
    for (let at = 0, atLineStart = fromLineStart; ; atLineStart = true) {
      const found = atLineStart ? markerAt(text, at) : undefined;
      if (found === "final") done = true;
      if (found !== undefined) {
        announced = true;
        return at;
      }
      if (cr !== -1 && cr < at) cr = text.indexOf(CR, at);
      const lf = text[at] === LF ? at : text.indexOf(LF, at);
      const end = lf === -1 || (cr !== -1 && cr < lf) ? cr : lf;
      if (end === -1) {
        line = atLineStart && text.length - at <= longest ? text.subarray(at) : undefined;
        return -1;
      }
      at = end + 1;
      if (at === text.length) {
        line = EMPTY;
        return -1;
      }
    }
  }

  return {
    seen(bytes) {
      if (done || bytes.length === 0) return false;
      const before = ending;
      for (let at = Math.max(0, bytes.length - 4); at < bytes.length; at++) ending = (ending << 8) | (bytes[at] as number);
      let behind = "";
      let from = 0;
      if (!announced) {
        const text = line === undefined || line.length === 0 ? bytes : Buffer.concat([line, bytes]);
        const at = search(text, line !== undefined);
        if (at === -1) return false;
        if (done) return true;
        from = Math.max(0, at - (text.length - bytes.length));
      } else behind = String.fromCharCode((before >> 24) & 0xff, (before >> 16) & 0xff, (before >> 8) & 0xff, before & 0xff);
      done = BLANK.test(behind + bytes.toString("latin1", from));
      return done;
    },
    get betweenEvents() {
      return (ending & 0xffff) === 0x0a0a || (ending & 0xffff) === 0x0d0d || ending === 0x0d0a0d0a;
    },
  };
}
