import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Span } from "../genai/span.ts";
import type { Sequence } from "../journal/record.ts";
import { engine } from "./engine.ts";
import { COLUMNS, rowOf } from "./columns.ts";
import { manifest } from "./manifest.ts";
import { checkFiles, publishParquet } from "./publish.ts";
import { readRows } from "./rows.ts";
import type { SpanStore } from "./store.ts";
import { publishedRows, writeViews } from "./views.ts";

export interface DuckdbStoreOptions {
  readonly dataDir: string;
  /** Rows wait in memory no longer than this. Milliseconds. */
  readonly publishAfterMs?: number;
  /** Nor do more of them than about this: who appends then waits until they are published. Bytes of JSON. */
  readonly publishAtBytes?: number;
  /** Told of a span the table would not take; it is left out. */
  readonly onRefused: (span: Span, error: unknown) => void;
  readonly onError: (error: unknown) => void;
}

const CHECK_EVERY_MS = 1000;

/** Column types in the terms of `from_json`, which reads a nanosecond timestamp as the integer it is. */
const STRUCTURE = JSON.stringify([
  Object.fromEntries(
    COLUMNS.map(({ name, type }) => [name, type === "TIMESTAMP_NS" ? "BIGINT" : type.endsWith("[]") ? [type.slice(0, -2)] : type]),
  ),
]);
/** Without them a row has no partition. */
const REQUIRED = new Set(["tenant", "start_time"]);
const COLUMN_LIST = COLUMNS.map(({ name, type }) => `${name} ${type}${REQUIRED.has(name) ? " NOT NULL" : ""}`).join(", ");
const VALUES = COLUMNS.map(({ name, type }) => (type === "TIMESTAMP_NS" ? `make_timestamp_ns(r.${name})` : `r.${name}`)).join(", ");
const ROWS = `SELECT ${VALUES} FROM (SELECT unnest(from_json($1::JSON, '${STRUCTURE}')) AS r)`;

/**
 * A table of rows that are in no file yet. Two take turns: one takes new rows while those of the other are published. That one is then
 * replaced, not emptied, because DuckDB gives the memory of long texts back with their table only.
 */
interface Tail {
  readonly table: string;
  rows: number;
  /** Bytes of JSON. */
  bytes: number;
  /** When its first row came, on the monotonic clock. */
  since: number;
  /** The last batch that went to it. */
  through: Sequence;
}

const newTail = (table: string): Tail => ({ table, rows: 0, bytes: 0, since: Infinity, through: 0 });

/** Newest rows in memory, all others in Parquet files; one view over both. */
export async function duckdbStore(options: DuckdbStoreOptions): Promise<SpanStore> {
  const { dataDir, publishAfterMs = 60_000, publishAtBytes = 64 * 1024 * 1024 } = options;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const published = await manifest(dataDir);
  await checkFiles(dataDir, published);
  const instance = await engine();
  const writer = await instance.connect();
  const publisher = await instance.connect();

  let open = newTail("tail_a");
  let other = newTail("tail_b");
  let stored = 0;
  let refused = 0;
  let filesShown = -1;
  let publishing: Promise<void> | undefined;
  let appending: Promise<void> = Promise.resolve();

  const files = (): string[] => published.files().map(({ path }) => path);
  await transaction(writer, [createTable(open), createTable(other), createView()]);
  await showFiles();

  const timer = setInterval(() => {
    const due = performance.now() - open.since >= publishAfterMs || open.bytes >= publishAtBytes;
    const failedBefore = publishing === undefined && other.rows > 0;
    if (due || failedBefore) flush().catch(options.onError);
  }, CHECK_EVERY_MS);
  timer.unref();

  function createView(): string {
    const columns = COLUMNS.map(({ name }) => name).join(", ");
    const rows = [open, other].map(({ table }) => `SELECT ${columns} FROM ${table}`);
    const paths = files().map((file) => resolve(dataDir, file));
    return `CREATE OR REPLACE VIEW spans AS ${[...rows, publishedRows(paths)].join(" UNION ALL ")}`;
  }

  async function showFiles(): Promise<void> {
    const paths = files();
    if (filesShown === paths.length) return;
    await writeViews(dataDir, paths);
    filesShown = paths.length;
  }

  async function insert(spans: readonly Span[]): Promise<void> {
    const text = toJson(spans.map(rowOf));
    const statement = await writer.prepare(`INSERT INTO ${open.table} ${ROWS}`);
    try {
      statement.bindVarchar(1, text);
      await statement.run();
    } finally {
      statement.destroySync();
    }
    open.rows += spans.length;
    open.bytes += text.length;
    open.since = Math.min(open.since, performance.now());
    stored += spans.length;
  }

  async function append(spans: readonly Span[]): Promise<void> {
    const [first] = spans;
    if (first === undefined) return;
    try {
      await insert(spans);
    } catch (error) {
      await writer.run("SELECT 1"); // throws when the engine is at fault: then none of them may be given up
      if (spans.length === 1) {
        refused++;
        options.onRefused(first, error);
      } else for (const span of spans) await append([span]); // one of them is at fault: find it, and keep the others
    }
  }

  async function publish(): Promise<void> {
    await publishTail(other); // has rows when a publication failed
    appending = appending.then(() => {
      [open, other] = [other, open];
    });
    await appending;
    await publishTail(other);
  }

  /** Moves rows from memory to files; goes on where it failed the last time. */
  async function publishTail(tail: Tail): Promise<void> {
    const after = published.through();
    if (tail.through > after) {
      await published.append(await publishParquet({ connection: publisher, dataDir, table: tail.table, after, through: tail.through }));
    }
    if (tail.rows > 0) {
      await transaction(publisher, [createTable(tail), createView()]);
      Object.assign(tail, newTail(tail.table));
    }
    await showFiles();
  }

  /** One publication at a time; who comes while one runs waits for the next, which has their rows. */
  async function flush(): Promise<void> {
    await publishing?.catch(() => {});
    publishing ??= publish().finally(() => {
      publishing = undefined;
    });
    await publishing;
  }

  return {
    async position() {
      return published.through();
    },
    async append({ spans, through: batch }) {
      if (open.bytes >= publishAtBytes) await flush();
      appending = appending.then(async () => {
        await append(spans);
        open.through = batch;
      });
      await appending;
    },
    flush,
    async query(statement, parameters = []) {
      const connection = await instance.connect();
      try {
        const prepared = await connection.prepare(statement);
        prepared.bind([...parameters]);
        return await readRows(await prepared.run());
      } finally {
        connection.closeSync();
      }
    },
    files,
    get stored() {
      return stored;
    },
    get refused() {
      return refused;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      try {
        await flush();
      } finally {
        writer.closeSync();
        publisher.closeSync();
        instance.closeSync();
      }
    },
  };
}

const createTable = ({ table }: Tail): string => `CREATE OR REPLACE TABLE ${table} (${COLUMN_LIST})`;

async function transaction(connection: DuckDBConnection, statements: readonly string[]): Promise<void> {
  await connection.run("BEGIN");
  try {
    for (const statement of statements) await connection.run(statement);
    await connection.run("COMMIT");
  } catch (error) {
    await connection.run("ROLLBACK").catch(() => {}); // the engine may have done so itself
    throw error;
  }
}

/** JSON that every reader takes: half of a surrogate pair, which JavaScript allows in a string and a name, becomes U+FFFD. */
function toJson(rows: readonly unknown[]): string {
  const text = JSON.stringify(rows, bigintsAsText);
  if (!text.includes("\\ud")) return text;
  // Only such halves are written as `\ud…`; what looks the same behind a backslash of the text itself is passed over with it.
  return text.replace(/\\(ud[0-9a-f]{3}|.)/g, (escape, code: string) => (code.startsWith("ud") ? "\ufffd" : escape));
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
