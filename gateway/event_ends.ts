/** Finds where the events of an SSE stream end, however its bytes are cut. A comment before the first line of an event is one of its own. */
export interface EventEnds {
  /** Reads on in `text` from `at`. Returns where the bytes of the stream go on, which is behind an LF that still belongs to the CR before it. */
  read(text: Buffer, at: number): number;
  /** Index behind the next end of an event; -1 when there is none in these bytes. */
  next(): number;
  /** Whether the bytes so far end with an event, all of it. */
  readonly settled: boolean;
}

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;

export function eventEnds(): EventEnds {
  let text: Buffer = NONE;
  let at = 0;
  /** Index of the next CR; -1 when there is none. */
  let cr = -1;
  /** No line of the event is over yet. */
  let first = true;
  /** The line that is not over yet has bytes. */
  let inLine = false;
  let comment = false;
  let afterCr = false;

  return {
    read(bytes, from) {
      text = bytes;
      at = afterCr && text[from] === LF ? from + 1 : from;
      cr = text.indexOf(CR, at);
      afterCr &&= from === text.length;
      return at;
    },
    next() {
      while (at < text.length) {
        if (!inLine) comment = first && text[at] === COLON;
        const lf = text[at] === LF ? at : text.indexOf(LF, at);
        if (cr !== -1 && cr < at) cr = text.indexOf(CR, at);
        const end = lf === -1 || (cr !== -1 && cr < lf) ? cr : lf;
        if (end === -1) {
          inLine = true;
          break;
        }
        const over = comment || (!inLine && end === at);
        inLine = false;
        first = over;
        at = end + 1;
        if (end === cr) {
          if (at === text.length) afterCr = true;
          else if (text[at] === LF) at++;
        }
        if (over) return at;
      }
      text = NONE;
      return -1;
    },
    get settled() {
      return first && !inLine && !afterCr;
    },
  };
}

const NONE = Buffer.alloc(0);
