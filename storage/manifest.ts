import { constants } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
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
  readonly publications: readonly Publication[];
  through(): Sequence;
  files(): readonly PublishedFile[];
  append(publication: Omit<Publication, "format">): Promise<void>;
}

/** Throws when a line before the last one is damaged: then files would be missing from every answer without a word. */
export async function manifest(dataDir: string): Promise<Manifest> {
  const file = join(dataDir, "manifest.jsonl");
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  const lines = text.split("\n");
  const publications: Publication[] = [];
  let whole = 0;
  for (const [index, line] of lines.entries()) {
    if (line === "") continue;
    const publication = readLine(line);
    if (publication === undefined) {
      // The last line may be torn by a crash while it was written: it was never in force.
      if (index >= lines.length - 2) break;
      throw new Error(`line ${index + 1} of ${file} is damaged; restore it from a backup, or move it away to start with an empty list`);
    }
    if (publication.format > FORMAT)
      throw new Error(`${file} was written by a newer Spangate (format ${publication.format}, this one reads up to ${FORMAT})`);
    publications.push(publication);
    whole += Buffer.byteLength(line) + 1;
  }
  const handle = await open(file, constants.O_CREAT | constants.O_RDWR, 0o600);
  try {
    if (whole < Buffer.byteLength(text)) await handle.truncate(whole);
  } finally {
    await handle.close();
  }

  return {
    publications,
    through: () => publications.at(-1)?.through ?? 0,
    files: () => publications.flatMap(({ files }) => files),
    async append(publication) {
      const line: Publication = { format: FORMAT, ...publication };
      const appended = await open(file, "a", 0o600);
      try {
        await appended.write(writeLine(line));
        await appended.datasync();
      } finally {
        await appended.close();
      }
      publications.push(line);
    },
  };
}

function writeLine(publication: Publication): string {
  const json = JSON.stringify(publication);
  return `${json}\t${crc32(json).toString(16).padStart(8, "0")}\n`;
}

function readLine(line: string): Publication | undefined {
  const tab = line.lastIndexOf("\t");
  const json = line.slice(0, tab);
  if (tab === -1 || crc32(json).toString(16).padStart(8, "0") !== line.slice(tab + 1)) return undefined;
  return JSON.parse(json) as Publication;
}
