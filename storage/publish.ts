import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { syncFolder } from "../journal/append.ts";
import type { Sequence } from "../journal/record.ts";
import { COLUMNS } from "./columns.ts";
import { FORMAT, type Manifest, type Publication, type PublishedFile } from "./manifest.ts";
import { literal } from "./views.ts";

export interface PublishOptions {
  readonly connection: DuckDBConnection;
  readonly dataDir: string;
  /** Holds the rows of the batches behind `after` up to `through`. */
  readonly table: string;
  readonly after: Sequence;
  readonly through: Sequence;
}

const SELECTED = COLUMNS.map(({ name }) => name).join(", ");
const DAY = "strftime(start_time::TIMESTAMP, '%Y-%m-%d')";

/**
 * Writes the rows of a table to Parquet files, one for each tenant and day, durable and under their final names.
 * They count once the manifest names them.
 */
export async function publishParquet({ connection, dataDir, table, after, through }: PublishOptions): Promise<Omit<Publication, "format">> {
  const publishedAt = new Date().toISOString();
  const partitions = await connection.runAndReadAll(`SELECT tenant, ${DAY}, count(*) FROM ${table} GROUP BY ALL ORDER BY ALL`);
  const files: PublishedFile[] = [];
  for (const [tenant, day, count] of partitions.getRowsJson() as [string, string, string][]) {
    const path = `parquet/tenant=${encodeURIComponent(tenant)}/day=${day}/${place(after + 1)}-${place(through)}.parquet`;
    const final = join(dataDir, path);
    const draft = join(dirname(final), `.${randomBytes(8).toString("hex")}.tmp`);
    await mkdir(dirname(final), { recursive: true, mode: 0o700 });
    const about = JSON.stringify({ format: FORMAT, tenant, day, rows: Number(count), through, publishedAt, replaces: [] });
    await connection.run(
      `COPY (SELECT ${SELECTED} FROM ${table} WHERE tenant = ${literal(tenant)} AND ${DAY} = ${literal(day)} ORDER BY start_time)
       TO ${literal(draft)} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {spangate: ${literal(about)}})`,
    );
    const { bytes, sha256 } = await makeDurable(draft);
    await rename(draft, final);
    await syncNames(final);
    files.push({ path, tenant, day, rows: Number(count), bytes, sha256 });
  }
  return { through, publishedAt, files };
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
  const sum = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    sum.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: sum.digest("hex") };
}

const place = (sequence: Sequence): string => String(sequence).padStart(12, "0");

/**
 * Compares the files on the disk with those of the manifest, and deletes what a publication left that was cut short: drafts, and files that
 * go on where the manifest ends. Their rows are still in the span journal and will be published again. Throws, and deletes nothing, when
 * files are missing or cut, or when there are more than one publication can have left: then the manifest has lost lines.
 */
export async function checkFiles(dataDir: string, published: Manifest): Promise<void> {
  const folder = join(dataDir, "parquet");
  const entries = await readdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const through = published.through();
  const strays: string[] = [];
  for (const entry of entries) {
    const first = Number(/(?:^|\/)(\d{12})-\d{12}\.parquet$/.exec(entry)?.[1] ?? 0);
    if (first > through + 1) {
      throw new Error(
        `${join(folder, entry)} was published, but ${join(dataDir, "manifest.jsonl")} ends before it, at ${through}; restore the manifest from a backup`,
      );
    }
    if (first === through + 1 || /(?:^|\/)\.[0-9a-f]{16}\.tmp$/.test(entry)) strays.push(entry);
  }
  for (const { path, bytes } of published.files()) {
    const file = join(dataDir, path);
    const size = await stat(file).then(
      (found) => found.size,
      () => undefined,
    );
    if (size === bytes) continue;
    const found = size === undefined ? "is missing" : `has ${size} bytes, not the ${bytes} it was published with`;
    throw new Error(`the file ${file} ${found}; restore it from a backup`);
  }
  for (const stray of strays) await rm(join(folder, stray));
}
