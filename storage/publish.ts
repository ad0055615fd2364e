import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { syncFolder } from "../journal/append.ts";
import type { Sequence } from "../journal/record.ts";
import { COLUMNS } from "./columns.ts";
import { FORMAT, type Publication, type PublishedFile } from "./manifest.ts";
import { literal } from "./views.ts";

export interface PublishOptions {
  readonly connection: DuckDBConnection;
  readonly dataDir: string;
  /** Where the last publication ended; its rows are gone from the tail. */
  readonly after: Sequence;
  readonly through: Sequence;
}

const SELECTED = COLUMNS.map(({ name }) => name).join(", ");
const DAY = "strftime(start_time::TIMESTAMP, '%Y-%m-%d')";

/**
 * Writes the rows of the tail up to `through` to Parquet files, one for each tenant and day, durable and under their final names.
 * They count once the manifest names them.
 */
export async function publishParquet({ connection, dataDir, after, through }: PublishOptions): Promise<Omit<Publication, "format">> {
  const publishedAt = new Date().toISOString();
  const partitions = await connection.runAndReadAll(
    `SELECT tenant, ${DAY}, count(*) FROM tail WHERE batch <= ${through} GROUP BY ALL ORDER BY ALL`,
  );
  const files: PublishedFile[] = [];
  for (const [tenant, day, count] of partitions.getRowsJson() as [string, string, string][]) {
    const path = `parquet/tenant=${tenant}/day=${day}/${place(after + 1)}-${place(through)}.parquet`;
    const final = join(dataDir, path);
    const draft = join(dirname(final), `.${randomBytes(8).toString("hex")}.tmp`);
    await mkdir(dirname(final), { recursive: true, mode: 0o700 });
    const about = JSON.stringify({ format: FORMAT, tenant, day, rows: Number(count), through, publishedAt, replaces: [] });
    await connection.run(
      `COPY (SELECT ${SELECTED} FROM tail WHERE batch <= ${through} AND tenant = ${literal(tenant)} AND ${DAY} = ${literal(day)} ORDER BY start_time)
       TO ${literal(draft)} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {spangate: ${literal(about)}})`,
    );
    const { bytes, sha256 } = await makeDurable(draft);
    await rename(draft, final);
    await syncFolder(dirname(final));
    files.push({ path, tenant, day, rows: Number(count), bytes, sha256 });
  }
  return { through, publishedAt, files };
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
 * Deletes what a publication left that was cut short: drafts, and files behind the last place the manifest names. Their rows are still in
 * the span journal and will be published again.
 */
export async function removeStrays(dataDir: string, through: Sequence): Promise<void> {
  const folder = join(dataDir, "parquet");
  const entries = await readdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  for (const entry of entries) {
    const first = /(?:^|\/)(\d{12})-\d{12}\.parquet$/.exec(entry)?.[1];
    const isStray = first !== undefined && Number(first) > through;
    if (isStray || /(?:^|\/)\.[0-9a-f]{16}\.tmp$/.test(entry)) await rm(join(folder, entry));
  }
}
