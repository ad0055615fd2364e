/** How far behind its header a table may go on, and how long a row of it may be. */
const LONGEST_TABLE = 65_536;
const LONGEST_ROW = 600;

/**
 * The columns of a table in the text: lines of CSV or Markdown, or the rows of an SQL insert. A label that fills a cell of its own heads a
 * column, and says what the cells below it are.
 */
export class Table {
  #active = false;
  /** By column: the families of its header. */
  #columns: number[] = [];
  #separator = 0;
  /** Separators per row: a line with another number is no row. */
  #width = 0;
  #headerEnd = 0;
  /** Rows in parentheses rather than lines. */
  #parenthesised = false;
  /** Where the cell that `columnAt` looked at begins, behind a quote. */
  cellStart = 0;

  clear(): void {
    this.#active = false;
  }

  /** Whether the label from `start` to `end` fills a cell of a header; then the table remembers its column. */
  isHeader(text: string, families: number, start: number, end: number): boolean {
    const after = text.charCodeAt(over(text, end, 1));
    if (!isSeparator(after) && !isEdge(after)) return false;
    const before = text.charCodeAt(over(text, start - 1, -1)); // NaN at the beginning
    if (!isSeparator(before) && !isEdge(before) && start > 2) return false;
    const separator = isSeparator(after) ? after : before;
    if (!isSeparator(separator) || (isSeparator(before) && before !== separator)) return false;
    const [from, to] = this.#row(text, start, after === 41 || separator === 44);
    if (from < 0 || !this.#hasRows(text, to, separator)) return false;
    const { count, column } = cells(text, from, to, start, separator);
    if (count === 0) return false;
    if (!this.#active || this.#headerEnd !== to || this.#separator !== separator) {
      this.#active = true;
      this.#columns = [];
      this.#separator = separator;
      this.#headerEnd = to;
      this.#width = count;
    }
    this.#columns[column] = families;
    return true;
  }

  /** The families of the column that a place below the header is in; 0 for none. */
  columnAt(text: string, start: number): number {
    if (!this.#active || start <= this.#headerEnd) return 0;
    if (start - this.#headerEnd > LONGEST_TABLE) this.#active = false;
    const [from, to] = this.#row(text, start, this.#parenthesised);
    if (from < 0) return 0;
    const { count, column, cell } = cells(text, from, to, start, this.#separator);
    this.cellStart = cell;
    return count === this.#width ? (this.#columns[column] ?? 0) : 0;
  }

  cellEnd(text: string, start: number): number {
    let index = start;
    for (; index < text.length && index - start < 200; index++) {
      const code = text.charCodeAt(index);
      if (code === this.#separator || code === 10 || code === 13 || code === 34 || code === 39 || (code === 41 && this.#parenthesised))
        break;
    }
    while (text.charCodeAt(index - 1) === 32) index -= 1;
    return index;
  }

  /** The bounds of the row around a place; -1 when it is too long to be one. */
  #row(text: string, start: number, parenthesised: boolean): readonly [number, number] {
    let from = start;
    const lowest = Math.max(0, start - LONGEST_ROW);
    while (from > lowest && text.charCodeAt(from - 1) !== 10 && !(parenthesised && text.charCodeAt(from - 1) === 40)) from -= 1;
    const opened = text.charCodeAt(from - 1) === 40;
    if (from === lowest && lowest > 0) return NOWHERE;
    let to = start;
    const highest = Math.min(text.length, start + LONGEST_ROW);
    while (to < highest && text.charCodeAt(to) !== 10 && !(opened && text.charCodeAt(to) === 41)) to += 1;
    return to === highest && highest < text.length ? NOWHERE : [from, to];
  }

  /** Whether the next line has the separator too, or values in parentheses follow. */
  #hasRows(text: string, to: number, separator: number): boolean {
    this.#parenthesised = text.charCodeAt(to) === 41;
    if (this.#parenthesised) return /^\)\s{0,4}values\b/i.test(text.slice(to, to + 12));
    const next = text.indexOf("\n", to + 1);
    const line = text.slice(to + 1, Math.min(next < 0 ? text.length : next, to + LONGEST_ROW));
    return line.includes(String.fromCharCode(separator));
  }
}

const NOWHERE = [-1, -1] as const;

interface Cells {
  /** Separators in the row. */
  readonly count: number;
  /** Separators before the place. */
  readonly column: number;
  /** Where the cell of the place begins, behind spaces and a quote. */
  readonly cell: number;
}

/** Counts separators outside quotes. */
function cells(text: string, from: number, to: number, start: number, separator: number): Cells {
  let count = 0;
  let column = 0;
  let cell = from;
  let found = from;
  let quote = 0;
  for (let index = from; index < to; index++) {
    const code = text.charCodeAt(index);
    if (index === start) {
      column = count;
      found = cell;
    }
    if (quote !== 0) {
      if (code === quote) quote = 0;
    } else if (code === separator) {
      count += 1;
      cell = index + 1;
    } else if (index === cell && code === 32) cell += 1;
    else if (index === cell && (code === 34 || code === 39)) {
      quote = code;
      cell += 1;
    }
  }
  return { count, column, cell: found };
}

function isSeparator(code: number): boolean {
  return code === 44 || code === 124 || code === 9 || code === 59;
}

/** A line's end, or a parenthesis. */
function isEdge(code: number): boolean {
  return code === 10 || code === 13 || code === 40 || code === 41;
}

/** Over spaces and quotes. */
function over(text: string, from: number, step: 1 | -1): number {
  let index = from;
  for (let count = 0; count < 4; count++) {
    const code = text.charCodeAt(index);
    if (code !== 32 && code !== 34 && code !== 39 && code !== 96) break;
    index += step;
  }
  return index;
}
