import type { DuckDBConnection, DuckDBPreparedStatement } from "@duckdb/node-api";
import type { Span } from "../genai/span.ts";
import { toJson } from "../genai/json.ts";
import { COLUMNS } from "./columns.ts";
import { isOutOfMemory } from "./engine.ts";

/** Without them a row has no partition. */
const REQUIRED = new Set(["tenant", "start_time"]);
const COLUMN_LIST = COLUMNS.map(({ name, type }) => `${name} ${type}${REQUIRED.has(name) ? " NOT NULL" : ""}`).join(", ");
/** Each column is one parameter, a JSON list of its values. A list that is shorter than others goes on with NULL. */
const ROWS = `SELECT ${COLUMNS.map(({ type }, i) => valuesOf(type, i + 1)).join(", ")}`;

/** `from_json` reads a nanosecond timestamp as the integer it is. A cast to JSON before it would parse the text once more. */
function valuesOf(type: string, parameter: number): string {
  const read = type === "TIMESTAMP_NS" ? "BIGINT" : type.endsWith("[]") ? [type.slice(0, -2)] : type;
  const values = `unnest(from_json($${parameter}::VARCHAR, '${JSON.stringify([read])}'))`;
  return type === "TIMESTAMP_NS" ? `make_timestamp_ns(${values})` : values;
}

/** The UTC day of a row, `2026-11-21`. */
export const DAY = "strftime(start_time::TIMESTAMP, '%Y-%m-%d')";

/** Replaces a table of spans by an empty one: DuckDB gives the memory of long texts back with their table only. */
export const createTable = (table: string): string => `CREATE OR REPLACE TABLE ${table} (${COLUMN_LIST})`;

/** Preparing takes longer than inserting a few rows. A statement also serves the table that replaces the one it was prepared for. */
const prepared = new WeakMap<DuckDBConnection, Map<string, DuckDBPreparedStatement>>();

async function inserting(connection: DuckDBConnection, table: string): Promise<DuckDBPreparedStatement> {
  const known = prepared.get(connection) ?? new Map<string, DuckDBPreparedStatement>();
  prepared.set(connection, known);
  const statement = known.get(table) ?? (await connection.prepare(`INSERT INTO ${table} ${ROWS}`));
  known.set(table, statement);
  return statement;
}

/** All of them or none. Returns their size in bytes of JSON. */
async function insert(connection: DuckDBConnection, table: string, spans: readonly Span[]): Promise<number> {
  const statement = await inserting(connection, table);
  let bytes = 0;
  for (const [i, { of }] of COLUMNS.entries()) {
    const values = spans.map(of);
    const text = values.every((value) => value === undefined) ? "[]" : storable(toJson(values));
    statement.bindVarchar(i + 1, text);
    bytes += Buffer.byteLength(text);
  }
  try {
    await statement.run();
  } finally {
    statement.clearBindings(); // they hold the texts
  }
  return bytes;
}

export interface Taken {
  readonly rows: number;
  readonly refused: number;
  /** Of JSON. */
  readonly bytes: number;
}

/** Of JSON: what a table may hold for the engine to be able to write it to files. */
const MOST_BYTES = 128 * 1024 * 1024;

/** Told of a span that a table does not take. */
export type OnRefused = (span: Span, error: unknown) => void | Promise<void>;

export interface InsertOptions {
  readonly onRefused: OnRefused;
  /** The table is empty, and the engine holds no other rows: what it has no memory for now it never will, so that is refused. */
  readonly alone?: boolean;
  readonly beforeEach?: ((span: Span) => void) | undefined;
}

/**
 * All spans but those that the table does not take. Rejects when the engine is at fault, when it is full and not alone, or when who is told
 * does: then it took none of them.
 */
export async function insertAll(
  connection: DuckDBConnection,
  table: string,
  spans: readonly Span[],
  options: InsertOptions,
): Promise<Taken> {
  if (spans.length === 0) return { rows: 0, refused: 0, bytes: 0 };
  try {
    return { rows: spans.length, refused: 0, bytes: await insert(connection, table, spans) };
  } catch (error) {
    if (isOutOfMemory(error) && !options.alone) throw error;
    return await insertEach(connection, table, spans, options); // one of them is at fault: find it, and keep the others
  }
}

/** The same, span by span: all that it takes go to the table together. */
export async function insertEach(
  connection: DuckDBConnection,
  table: string,
  spans: readonly Span[],
  { onRefused, alone = false, beforeEach }: InsertOptions,
): Promise<Taken> {
  const collected = `${table}_singly`;
  await connection.run(createTable(collected));
  let refused = 0;
  let bytes = 0;
  for (const span of spans) {
    beforeEach?.(span);
    try {
      if (alone && bytes > MOST_BYTES)
        throw new Error(`the spans before it in its batch take ${bytes} bytes, and the store holds no more at once`);
      bytes += await insert(connection, collected, [span]);
    } catch (error) {
      await connection.run("SELECT 1"); // throws when the engine is at fault
      if (isOutOfMemory(error) && !alone) throw error;
      await onRefused(span, error);
      refused++;
    }
  }
  if (alone) {
    // There is not the memory for a second copy, perhaps.
    await connection.run(`DROP TABLE ${table}`);
    await connection.run(`ALTER TABLE ${collected} RENAME TO ${table}`);
  } else {
    await connection.run(`INSERT INTO ${table} FROM ${collected}`);
    await connection.run(createTable(collected)).catch(() => {}); // gives the memory back; else the next one does
  }
  return { rows: spans.length - refused, refused, bytes };
}

/** JSON that every reader takes: half of a surrogate pair, which JavaScript allows in a string and a name, becomes U+FFFD. */
function storable(text: string): string {
  if (!text.includes("\\ud")) return text;
  // Only such halves are written as `\ud…`; what looks the same behind a backslash of the text itself is passed over with it.
  return text.replace(/\\(ud[0-9a-f]{3}|.)/g, (escape, code: string) => (code.startsWith("ud") ? "\ufffd" : escape));
}
