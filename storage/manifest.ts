import { constants } from "node:fs";
import { appendFile, open, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { syncFolder } from "../journal/append.ts";
import type { Sequence } from "../journal/record.ts";

/** Version of the rows' schema and of the manifest; every version ever written can be read. */
export const FORMAT = 1;

export interface PublishedFile {
  /** Below the data folder, with `/`. */
  readonly path: string;
  readonly tenant: string;
  /** UTC, `2026-11-21`. */
  readonly day: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

/** One publication: its files and the place in the span journal they reach to, moved together by one line. */
export interface Publication {
  readonly format: number;
  readonly through: Sequence;
  readonly publishedAt: string;
  readonly files: readonly PublishedFile[];
}

/**
 * Which Parquet files count, and how far they go. `manifest.jsonl` has one publication a line, each followed by a tab and its crc32;
 * a line is appended and made durable after its files are, so a file without a line was never published.
 */
export interface Manifest {
  through(): Sequence;
  files(): readonly PublishedFile[];
  append(publication: Omit<Publication, "format">): Promise<void>;
}

/** Throws when a line is damaged: files would be missing from every answer without a word. A torn end is none: it was never in force. */
export async function manifest(dataDir: string): Promise<Manifest> {
  const file = join(dataDir, "manifest.jsonl");
  const text = await readOrCreate(file, dataDir);
  const end = text.lastIndexOf("\n") + 1;
  const publications = text
    .slice(0, end)
    .split("\n")
    .slice(0, -1)
    .map((line, index) => readLine(line, `line ${index + 1} of ${file}`));
  let size = Buffer.byteLength(text.slice(0, end));

  return {
    through: () => publications.at(-1)?.through ?? 0,
    files: () => publications.flatMap(({ files }) => files),
    async append(publication) {
      const written: Publication = { format: FORMAT, ...publication };
      const line = writeLine(written);
      await truncate(file, size); // half a line may stand there, of a write that failed
      await appendFile(file, line, { flush: true });
      size += Buffer.byteLength(line);
      publications.push(written);
    },
  };
}

async function readOrCreate(file: string, folder: string): Promise<string> {
  const handle = await open(file, constants.O_CREAT | constants.O_RDONLY, 0o600);
  await handle.close();
  await syncFolder(folder);
  return await readFile(file, "utf8");
}

function writeLine(publication: Publication): string {
  const json = JSON.stringify(publication);
  return `${json}\t${checksum(json)}\n`;
}

function readLine(line: string, where: string): Publication {
  const tab = line.lastIndexOf("\t");
  const json = line.slice(0, tab);
  if (tab === -1 || checksum(json) !== line.slice(tab + 1)) {
    throw new Error(`${where} is damaged; restore it from a backup (each Parquet file repeats its own entry in its key-value metadata)`);
  }
  const publication = JSON.parse(json) as Publication;
  if (publication.format > FORMAT) {
    throw new Error(`${where} was written by a newer Spangate (format ${publication.format}, this one reads up to ${FORMAT}); update it`);
  }
  return publication;
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, "0");
}
