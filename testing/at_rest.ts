import { DuckDBInstance } from "@duckdb/node-api";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { journalReader } from "../journal/read.ts";
import { loadKeys } from "../journal/seal.ts";
import { deadLetters } from "../pipeline/dead_letters.ts";
import { literal } from "../storage/views.ts";

/** Something a data folder holds. */
export interface AtRest {
  /** A file, relative to the folder, and what of it. */
  readonly where: string;
  readonly text: string;
}

export async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** What stands on the span journal, decompressed. */
export async function spanBatches(dataDir: string): Promise<string> {
  await using reader = journalReader({ folder: join(dataDir, "journal", "spans"), after: 0, onDamage: () => {} });
  const batches = [];
  for (let records = await reader.read(); records.length > 0; records = await reader.read()) {
    batches.push(...records.map(({ payload }) => zstdDecompressSync(payload).toString()));
  }
  return batches.join("\n");
}

/**
 * All that a stopped server left behind, as anybody could read it: the bytes of every file, every column of every Parquet file, every record of the span
 * journal and every dead letter. One after the other, because all of it together may be large.
 */
export async function* allAtRest(dataDir: string): AsyncGenerator<AtRest> {
  for (const file of await filesOf(dataDir)) {
    const where = relative(dataDir, file);
    yield { where, text: (await readFile(file)).toString("utf8") };
    if (file.endsWith(".parquet")) yield* columnsOf(file, where);
  }
  yield { where: "journal/spans, decoded", text: await spanBatches(dataDir) };
  const masters = loadKeys(join(dataDir, "keys", "intake.key"));
  const letters = deadLetters({ folder: join(dataDir, "dead-letters"), masters, onDamage: () => {}, onError: () => {} });
  for (const { id } of await letters.list()) {
    yield { where: `dead letter ${id}`, text: JSON.stringify(await letters.find(id), (_name, value: unknown) => decoded(value)) };
  }
}

async function* columnsOf(file: string, where: string): AsyncGenerator<AtRest> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    const rows = await connection.runAndReadAll(`SELECT * FROM read_parquet(${literal(file)})`);
    const columns = rows.getColumnsJson();
    for (const [i, name] of rows.columnNames().entries()) yield { where: `${where}, ${name}`, text: JSON.stringify(columns[i]) };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Bytes as the text they are, and integers that JSON has no place for. */
function decoded(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null || !("type" in value) || value.type !== "Buffer") return value;
  return Buffer.from((value as unknown as { data: number[] }).data).toString("utf8");
}
