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
  /** Holds the rows of the batches behind `after` up to `through`, */
  readonly table: string;
  /** as those with a `rowid` from here up to, and without, there; all of its rows when it does not say. */
  readonly rows?: { readonly from: number; readonly to: number };
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
 * Writes the rows of a table to Parquet files, one for each tenant and day, durable and under their final names, and lists them in the
 * manifest. What fails before the list is written leaves no file; after it, the next try writes the same names.
 */
export async function publishTable(options: PublishOptions): Promise<readonly PublishedFile[]> {
  const { connection, dataDir, published, table, rows: range, after, through, replaces = [], onStep } = options;
  const publishedAt = new Date().toISOString();
  const source = range === undefined ? table : `(FROM ${table} WHERE rowid >= ${range.from} AND rowid < ${range.to})`;
  const partitions = await connection.runAndReadAll(`SELECT tenant, ${DAY}, count(*) FROM ${source} GROUP BY ALL ORDER BY ALL`);
  const found = partitions.getRowsJson() as [string, string, string][];
  const total = found.reduce((sum, [, , count]) => sum + Number(count), 0);
  if (range !== undefined && total !== range.to - range.from)
    throw new Error(`the rows ${range.from} to ${range.to} of ${table} are ${total}; each was to be there once`);
  const files: PublishedFile[] = [];
  const written: string[] = [];
  try {
    for (const [tenant, day, count] of found) {
      const rows = Number(count);
      const folder = `parquet/tenant=${encodeURIComponent(tenant)}/day=${day}`;
      const path = `${folder}/${freeName(folder, after, through, published)}`;
      const final = join(dataDir, path);
      const draft = join(dirname(final), `.${randomBytes(8).toString("hex")}.tmp`);
      await mkdir(dirname(final), { recursive: true, mode: 0o700 });
      written.push(draft, final);
      const about: About = { format: FORMAT, path, tenant, day, rows, after, through, publishedAt, of: found.length, replaces };
      await connection.run(
        `COPY (SELECT ${SELECTED} FROM ${source} WHERE tenant = ${literal(tenant)} AND ${DAY} = ${literal(day)})
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
function freeName(folder: string, after: Sequence, through: Sequence, published: Manifest): string {
  const taken = new Set([...published.files(), ...published.gaps().map(({ file }) => file)].map(({ path }) => path));
  const stretch = `${place(after + 1)}-${place(through)}`;
  for (let n = 1; ; n++) {
    const name = `${stretch}${n === 1 ? "" : `-${n}`}.parquet`;
    if (!taken.has(`${folder}/${name}`)) return name;
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
