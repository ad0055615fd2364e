import { chmod, mkdir, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { COLUMNS } from "./columns.ts";

/** A text as a SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The rows of published files, whichever version wrote them: a column a file does not have reads null. */
export function publishedRows(files: readonly string[]): string {
  const typed = COLUMNS.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${name}`).join(", ");
  const none = `SELECT ${typed} WHERE false`;
  if (files.length === 0) return none;
  const columns = COLUMNS.map(({ name, type }) => `CAST(${name} AS ${type}) AS ${name}`).join(", ");
  const list = files.map(literal).join(", ");
  return `SELECT ${columns} FROM (${none} UNION ALL BY NAME SELECT * FROM read_parquet([${list}], union_by_name = true, hive_partitioning = false))`;
}

/**
 * Writes `spans.duckdb` anew: a database of views over the published files, and of nothing else, so that any DuckDB opens it while the
 * server runs. It is replaced by rename: whoever has it open keeps the old list.
 */
export async function writeViews(dataDir: string, files: readonly string[]): Promise<void> {
  const folder = join(dataDir, "run");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = join(folder, "spans.new.duckdb");
  for (const left of [draft, `${draft}.wal`]) await rm(left, { force: true });
  const instance = await DuckDBInstance.create(draft, { threads: "1" });
  try {
    const connection = await instance.connect();
    await connection.run(`CREATE VIEW spans AS ${publishedRows(files.map((file) => resolve(dataDir, file)))}`);
    await connection.run("CHECKPOINT");
    connection.closeSync();
  } finally {
    instance.closeSync();
  }
  await chmod(draft, 0o600);
  const file = join(dataDir, "spans.duckdb");
  await rename(draft, file);
  await rm(`${file}.wal`, { force: true }); // of somebody who wrote to the old one: the engine would replay it on the new one
}
