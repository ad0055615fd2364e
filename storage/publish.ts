import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { syncFolder } from "../journal/files.ts";
import type { Sequence } from "../journal/record.ts";
import { COLUMNS } from "./columns.ts";
import { FORMAT, type Manifest, type PublishedFile } from "./manifest.ts";
import { DAY } from "./tail.ts";
import { literal } from "./views.ts";

/** What a publication has just done: each is a place where a process may end. */
export type PublishStep = "draft written" | "draft durable" | "file renamed" | "folders durable" | "line appended";

export interface PublishOptions {
  readonly connection: DuckDBConnection;
  readonly dataDir: string;
  readonly published: Manifest;
  /** Holds the rows of the batches behind `after` up to `through`. */
  readonly table: string;
  readonly after: Sequence;
  readonly through: Sequence;
  /** Withdrawn files whose rows these are. */
  readonly replaces?: readonly string[];
  readonly onStep?: ((step: PublishStep) => void | Promise<void>) | undefined;
}

/** What a Parquet file says of itself under the key `spangate`: enough to write its line of the manifest again. */
export interface About {
  readonly format: number;
  /** From format 2 on, like `after` and `of`. */
  readonly path?: string;
  readonly tenant: string;
  readonly day: string;
  readonly rows: number;
  readonly after?: Sequence;
  readonly through: Sequence;
  readonly publishedAt: string;
  /** How many files its publication has. */
  readonly of?: number;
  readonly replaces: readonly string[];
}

const SELECTED = COLUMNS.map(({ name }) => name).join(", ");

/**
 * Writes the rows of a table to Parquet files, one for each tenant and day, or several where the engine has not the memory to write it at
 * once: durable and under their final names, and lists them in the manifest. What fails before the list is written leaves no file; after
 * it, the next try writes the same names.
 */
export async function publishTable(options: PublishOptions): Promise<readonly PublishedFile[]> {
  for (let pieces = 1; ; pieces *= 2) {
    const parts = await divide(options, pieces);
    try {
      return await publishParts(options, parts);
    } catch (error) {
      if (!isOutOfMemory(error) || parts.every(({ rows }) => rows === 1)) throw error;
    }
  }
}

/** What goes to one file. */
interface Part {
  readonly tenant: string;
  readonly day: string;
  readonly rows: number;
  /** The first and the last of its rows; between them are others, of other tenants and days. */
  readonly from: string;
  readonly to: string;
}

/** Each tenant and day in as many parts, or as many as it has rows. */
async function divide({ connection, table }: PublishOptions, pieces: number): Promise<readonly Part[]> {
  const found = await connection.runAndReadAll(
    `SELECT tenant, day, count(*), min(row), max(row)
     FROM (SELECT tenant, day, row, ntile(${pieces}) OVER (PARTITION BY tenant, day ORDER BY row) AS piece
           FROM (SELECT tenant, ${DAY} AS day, rowid AS row FROM ${table}))
     GROUP BY tenant, day, piece ORDER BY tenant, day, piece`,
  );
  const parts = found.getRowsJson() as [string, string, string, string, string][];
  return parts.map(([tenant, day, rows, from, to]) => ({ tenant, day, rows: Number(rows), from, to }));
}

const isOutOfMemory = (error: unknown): boolean => error instanceof Error && error.message.startsWith("Out of Memory Error");

async function publishParts(options: PublishOptions, parts: readonly Part[]): Promise<readonly PublishedFile[]> {
  const { connection, dataDir, published, table, after, through, replaces = [], onStep } = options;
  const publishedAt = new Date().toISOString();
  const taken = new Set([...published.files(), ...published.gaps().map(({ file }) => file)].map(({ path }) => path));
  const files: PublishedFile[] = [];
  const written: string[] = [];
  try {
    for (const { tenant, day, rows, from, to } of parts) {
      const path = freePath(`parquet/tenant=${encodeURIComponent(tenant)}/day=${day}`, after, through, taken);
      taken.add(path);
      const final = join(dataDir, path);
      const draft = join(dirname(final), `.${randomBytes(8).toString("hex")}.tmp`);
      await mkdir(dirname(final), { recursive: true, mode: 0o700 });
      written.push(draft, final);
      const about: About = { format: FORMAT, path, tenant, day, rows, after, through, publishedAt, of: parts.length, replaces };
      await connection.run(
        `COPY (SELECT ${SELECTED} FROM ${table} WHERE rowid BETWEEN ${from} AND ${to} AND tenant = ${literal(tenant)} AND ${DAY} = ${literal(day)})
         TO ${literal(draft)} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {spangate: ${literal(JSON.stringify(about))}})`,
      );
      await onStep?.("draft written");
      const { bytes, sha256 } = await makeDurable(draft);
      await readBack(connection, draft, rows);
      await onStep?.("draft durable");
      await rename(draft, final);
      await onStep?.("file renamed");
      await syncNames(final);
      files.push({ path, tenant, day, rows, bytes, sha256, after, through });
    }
    await onStep?.("folders durable");
  } catch (error) {
    for (const file of written) await rm(file, { force: true }).catch(() => {}); // what cannot be removed now, the next start removes
    throw error;
  }
  const reached = Math.max(through, published.through());
  await published.append({ through: reached, publishedAt, files, ...(replaces.length > 0 && { replaces }) });
  await onStep?.("line appended");
  return files;
}

/** A name says the stretch of the journal; one that a withdrawn file had is not used again: a reader may still have it open. */
function freePath(folder: string, after: Sequence, through: Sequence, taken: ReadonlySet<string>): string {
  const stretch = `${folder}/${place(after + 1)}-${place(through)}`;
  for (let n = 1; ; n++) {
    const path = `${stretch}${n === 1 ? "" : `-${n}`}.parquet`;
    if (!taken.has(path)) return path;
  }
}

/** The end of the file says how many rows it has, and is the last that was written. */
async function readBack(connection: DuckDBConnection, file: string, expected: number): Promise<void> {
  const { rows } = await readFooter(connection, file);
  if (rows !== expected) throw new Error(`${file} was written with ${expected} rows and reads back with ${rows}`);
}

export async function readFooter(connection: DuckDBConnection, file: string): Promise<{ rows: number; about: About | undefined }> {
  const result = await connection.runAndReadAll(
    `SELECT (SELECT num_rows FROM parquet_file_metadata(${literal(file)}))::VARCHAR,
            (SELECT decode(value) FROM parquet_kv_metadata(${literal(file)}) WHERE decode(key) = 'spangate')`,
  );
  const [rows, about] = (result.getRowsJson()[0] ?? []) as [string, string | null];
  return { rows: Number(rows), about: about === null ? undefined : (JSON.parse(about) as About) };
}

/** Makes the names of a file, its day and its tenant durable. */
async function syncNames(file: string): Promise<void> {
  const day = dirname(file);
  const tenant = dirname(day);
  for (const folder of [day, tenant, dirname(tenant)]) await syncFolder(folder);
}

async function makeDurable(file: string): Promise<{ bytes: number; sha256: string }> {
  const handle = await open(file, "r+");
  try {
    await handle.chmod(0o600);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return await measure(file);
}

export async function measure(file: string): Promise<{ bytes: number; sha256: string }> {
  const sum = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    sum.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: sum.digest("hex") };
}

const place = (sequence: Sequence): string => String(sequence).padStart(12, "0");
