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

  /** The line of the label that was looked at last. */
  readonly #header = new Row();
  #rowsFollow = false;
  /** The row that was looked at last. */
  readonly #row = new Row();

  clear(): void {
    this.#active = false;
    this.#headerEnd = 0;
    this.#header.clear();
    this.#row.clear();
  }

  /** Whether the label from `start` to `end` fills a cell of a header; then the table remembers its column. */
  isHeader(text: string, families: number, start: number, end: number): boolean {
    const after = text.charCodeAt(over(text, end, 1));
    if (!isSeparator(after) && !isEdge(after)) return false;
    const before = text.charCodeAt(over(text, start - 1, -1)); // NaN at the beginning
    if (!isSeparator(before) && !isEdge(before) && start > 2) return false;
    const separator = isSeparator(after) ? after : before;
    if (!isSeparator(separator) || (isSeparator(before) && before !== separator)) return false;
    const header = this.#header;
    if (start >= header.to || header.separator !== separator) {
      header.begin(text, start, separator, after === 41 || separator === 44);
      if (separator === 44 && header.known && header.isCode(text)) header.known = false;
      this.#rowsFollow =
        header.known && header.count > (isSeparator(text.charCodeAt(header.to - 1)) ? 1 : 0) && hasRows(text, header.to, separator);
    }
    if (!this.#rowsFollow) return false;
    if (this.#headerEnd !== header.to) {
      this.#columns = [];
      this.#separator = separator;
      this.#headerEnd = header.to;
      this.#width = header.count;
      this.#parenthesised = text.charCodeAt(header.to) === 41;
      this.#row.clear();
    }
    this.#active = true;
    this.#columns[header.columnOf(text, start)] = families;
    return true;
  }

  /** The families of the column that a place below the header is in; 0 for none. Places come in order. */
  columnAt(text: string, start: number): number {
    if (!this.#active || start <= this.#headerEnd) return 0;
    if (start - this.#headerEnd > LONGEST_TABLE) this.#active = false;
    if (start >= this.#row.to) this.#row.begin(text, start, this.#separator, this.#parenthesised);
    if (!this.#row.known || this.#row.count !== this.#width) return 0;
    const column = this.#row.columnOf(text, start);
    this.cellStart = this.#row.cell;
    return this.#columns[column] ?? 0;
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
}

/** Whether the next line has the separator too, or values in parentheses follow. */
function hasRows(text: string, to: number, separator: number): boolean {
  if (text.charCodeAt(to) === 41) return /^\)\s{0,4}values\b/i.test(text.slice(to, to + 12));
  const limit = Math.min(text.length, to + LONGEST_ROW);
  for (let index = to + 1; index < limit; index++) {
    const code = text.charCodeAt(index);
    if (code === separator) return true;
    if (code === 10) return false;
  }
  return false;
}

/** A line, or what is in parentheses, and its cells. Walked once, however many places in it are asked for, in order. */
class Row {
  #from = 0;
  /** Where it ends, or up to where it is known to go on. */
  to = 0;
  /** Whether it is short enough to be a row. */
  known = false;
  separator = 0;
  /** Separators in the whole row. */
  count = 0;
  /** Where the cell of the place asked for last begins, behind spaces and a quote. */
  cell = 0;
  #index = 0;
  #column = 0;
  #quote = 0;

  clear(): void {
    this.to = 0;
  }

  /** The row around a place. */
  begin(text: string, start: number, separator: number, parenthesised: boolean): void {
    this.separator = separator;
    const lowest = Math.max(0, start - LONGEST_ROW);
    let from = start;
    while (from > lowest && text.charCodeAt(from - 1) !== 10 && !(parenthesised && text.charCodeAt(from - 1) === 40)) from -= 1;
    const opened = text.charCodeAt(from - 1) === 40;
    const highest = Math.min(text.length, start + LONGEST_ROW);
    let to = start;
    while (to < highest && text.charCodeAt(to) !== 10 && !(opened && text.charCodeAt(to) === 41)) to += 1;
    this.#from = from;
    this.to = to;
    this.known = (from > lowest || lowest === 0) && (to < highest || highest === text.length);
    if (!this.known) return;
    this.#rewind();
    this.columnOf(text, to);
    this.count = this.#column;
    this.#rewind();
  }

  /** Whether a line has what code has and headers have not. */
  isCode(text: string): boolean {
    return text.charCodeAt(this.to) !== 41 && /[(){}[\]=<>]/.test(text.slice(this.#from, this.to));
  }

  /** Separators before the place; those inside quotes do not count. */
  columnOf(text: string, start: number): number {
    for (; this.#index < start; this.#index++) {
      const code = text.charCodeAt(this.#index);
      if (this.#quote !== 0) {
        if (code === this.#quote) this.#quote = 0;
      } else if (code === this.separator) {
        this.#column += 1;
        this.cell = this.#index + 1;
      } else if (this.#index === this.cell && code === 32) this.cell += 1;
      else if (this.#index === this.cell && (code === 34 || code === 39)) {
        this.#quote = code;
        this.cell += 1;
      }
    }
    return this.#column;
  }

  #rewind(): void {
    this.#index = this.#from;
    this.cell = this.#from;
    this.#column = 0;
    this.#quote = 0;
  }
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
