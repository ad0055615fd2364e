/** Control characters and marks that turn text around: from a model or a caller they could repaint the terminal. */
// oxlint-disable-next-line no-control-regex -- these are what it is about
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

export function printable(text: string): string {
  return text.replace(UNSAFE, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The same for a text of several lines. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** JSON itself escapes control characters of ASCII only. */
export function json(value: unknown): string {
  return printableLines(JSON.stringify(value, null, 2));
}

const WIDEST = 60;

/** Columns as wide as they need to be, numbers to the right. */
export function table(columns: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = rows.map((row) => row.map((value) => shorten(printable(cell(value)))));
  const numeric = columns.map((_, i) => rows.some((row) => row[i] !== null) && rows.every((row) => row[i] === null || isNumber(row[i])));
  const widths = columns.map((name, i) => cells.reduce((widest, row) => Math.max(widest, row[i]?.length ?? 0), name.length));
  const line = (row: readonly string[]): string =>
    row
      .map((text, i) => (numeric[i] ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  return [line(columns), line(widths.map((width) => "─".repeat(width))), ...cells.map(line)].join("\n");
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function shorten(text: string): string {
  return text.length > WIDEST ? `${text.slice(0, WIDEST - 1)}…` : text;
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" || (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value));
}

/** RFC 4180. A text that a spreadsheet would take for a formula is kept from being one. */
export function csv(columns: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const quote = (value: unknown): string => {
    let text = cell(value);
    if (typeof value === "string" && /^[\s\u00a0]*[=+\-@]/.test(text) && !isNumber(value)) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows].map((row) => `${row.map(quote).join(",")}\r\n`).join("");
}
