import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import type { Span } from "../genai/span.ts";
import type { Sequence } from "../journal/record.ts";
import { COLUMNS, rowOf } from "./columns.ts";
import { manifest } from "./manifest.ts";
import { publishParquet, removeStrays } from "./publish.ts";
import { readRows } from "./rows.ts";
import type { SpanStore } from "./store.ts";
import { publishedRows, writeViews } from "./views.ts";

export interface DuckdbStoreOptions {
  readonly dataDir: string;
  /** Rows wait in memory no longer than this. Milliseconds. */
  readonly publishAfterMs?: number;
  /** Nor do more of them than about this. Bytes of JSON. */
  readonly publishAtBytes?: number;
  /** Told of a span the table would not take; it is left out. */
  readonly onRefused: (span: Span, error: unknown) => void;
  readonly onError: (error: unknown) => void;
}

const MEMORY_LIMIT = "512MB";
const CHECK_EVERY_MS = 1000;

/** Column types in the terms of `from_json`, which reads a nanosecond timestamp as the integer it is. */
const STRUCTURE = JSON.stringify([
  Object.fromEntries(
    COLUMNS.map(({ name, type }) => [name, type === "TIMESTAMP_NS" ? "BIGINT" : type.endsWith("[]") ? [type.slice(0, -2)] : type]),
  ),
]);
const VALUES = COLUMNS.map(({ name, type }) => (type === "TIMESTAMP_NS" ? `make_timestamp_ns(r.${name})` : `r.${name}`)).join(", ");
const INSERT = `INSERT INTO tail SELECT $1::UBIGINT, ${VALUES} FROM (SELECT unnest(from_json($2::JSON, '${STRUCTURE}')) AS r)`;

/** Newest rows in memory, all others in Parquet files; one view over both. */
export async function duckdbStore(options: DuckdbStoreOptions): Promise<SpanStore> {
  const { dataDir, publishAfterMs = 60_000, publishAtBytes = 64 * 1024 * 1024 } = options;
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const published = await manifest(dataDir);
  await removeStrays(dataDir, published.through());
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: MEMORY_LIMIT,
    threads: "2",
    temp_directory: "",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    allow_community_extensions: "false",
  });
  const writer = await instance.connect();
  const publisher = await instance.connect();
  await writer.run(`CREATE TABLE tail (batch UBIGINT, ${COLUMNS.map(({ name, type }) => `${name} ${type}`).join(", ")})`);

  let through: Sequence = published.through();
  let tailBytes = 0;
  let tailSince: number | undefined;
  let stored = 0;
  let publishing: Promise<void> | undefined;
  let appending: Promise<void> = Promise.resolve();

  const files = (): string[] => published.files().map(({ path }) => path);
  await setView(publisher);
  await writeViews(dataDir, files());

  const timer = setInterval(() => {
    const old = tailSince !== undefined && performance.now() - tailSince >= publishAfterMs;
    if (old || tailBytes >= publishAtBytes) flush().catch(options.onError);
  }, CHECK_EVERY_MS);
  timer.unref();

  async function setView(connection: DuckDBConnection): Promise<void> {
    const columns = COLUMNS.map(({ name }) => name).join(", ");
    const all = publishedRows(files().map((file) => resolve(dataDir, file)));
    await connection.run(`CREATE OR REPLACE VIEW spans AS SELECT ${columns} FROM tail UNION ALL ${all}`);
  }

  async function insert(spans: readonly Span[], batch: Sequence): Promise<number> {
    const text = toJson(spans.map(rowOf));
    const statement = await writer.prepare(INSERT);
    try {
      statement.bindBigInt(1, BigInt(batch));
      statement.bindVarchar(2, text);
      await statement.run();
      return text.length;
    } finally {
      statement.destroySync();
    }
  }

  async function append(spans: readonly Span[], batch: Sequence): Promise<void> {
    if (spans.length > 0) {
      try {
        tailBytes += await insert(spans, batch);
        stored += spans.length;
      } catch (error) {
        // One of them is at fault: find it, and keep the others.
        if (spans.length === 1 && spans[0]) options.onRefused(spans[0], error);
        else for (const span of spans) await append([span], batch);
      }
      tailSince ??= performance.now();
    }
    through = Math.max(through, batch);
  }

  async function publish(): Promise<void> {
    const upTo = through;
    if (upTo === published.through()) return;
    const waiting = { since: tailSince, bytes: tailBytes };
    tailSince = undefined;
    tailBytes = 0;
    const publication = await publishParquet({ connection: publisher, dataDir, after: published.through(), through: upTo }).catch(
      (error: unknown) => {
        tailSince = waiting.since;
        tailBytes += waiting.bytes;
        throw error;
      },
    );
    await published.append(publication);
    await publisher.run("BEGIN");
    await publisher.run(`DELETE FROM tail WHERE batch <= ${upTo}`);
    await setView(publisher);
    await publisher.run("COMMIT");
    if (publication.files.length > 0) await writeViews(dataDir, files());
  }

  /** One publication at a time; who comes while one runs waits for the next, which has their rows. */
  async function flush(): Promise<void> {
    await publishing?.catch(() => {});
    publishing ??= appending.then(publish).finally(() => {
      publishing = undefined;
    });
    await publishing;
  }

  return {
    async position() {
      return published.through();
    },
    append({ spans, through: batch }) {
      appending = appending.then(() => append(spans, batch));
      return appending;
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
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await flush();
      writer.closeSync();
      publisher.closeSync();
      instance.closeSync();
    },
  };
}

/** JSON that every reader takes: half of a surrogate pair, which JavaScript allows in a string, becomes U+FFFD. */
function toJson(rows: readonly unknown[]): string {
  const text = JSON.stringify(rows, bigintsAsText);
  if (!text.includes("\\ud")) return text;
  return JSON.stringify(rows, (_key, value: unknown) => (typeof value === "string" ? value.toWellFormed() : bigintsAsText(_key, value)));
}

function bigintsAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
