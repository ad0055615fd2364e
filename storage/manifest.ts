import { constants } from "node:fs";
import { appendFile, open, readFile, truncate } from "node:fs/promises";
import { basename, join } from "node:path";
import { crc32 } from "node:zlib";
import { syncFolder } from "../journal/files.ts";
import type { Sequence } from "../journal/record.ts";

/**
 * Version of the rows' schema and of the manifest; every version ever written can be read. 2: files say which part of the span journal
 * they hold, and can be withdrawn.
 */
export const FORMAT = 2;

export interface PublishedFile {
  /** Below the data folder, with `/`. */
  readonly path: string;
  readonly tenant: string;
  /** UTC, `2026-11-21`. */
  readonly day: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  /** Its rows are those of this tenant and day that stand in the span journal behind `after`, up to `through`. */
  readonly after: Sequence;
  readonly through: Sequence;
}

/** One publication: its files and the place in the span journal they reach to, moved together by one line. */
export interface Publication {
  readonly format: number;
  readonly through: Sequence;
  readonly publishedAt: string;
  readonly files: readonly PublishedFile[];
  /** Files that do not count any more. */
  readonly withdrawn?: readonly Withdrawal[];
  /** Withdrawn files whose rows are in `files` again, as many of them as the span journal still had. */
  readonly replaces?: readonly string[];
}

export interface Withdrawal {
  readonly path: string;
  readonly reason: string;
}

/** What is missing since a file was withdrawn. */
export interface Gap {
  readonly file: PublishedFile;
  readonly reason: string;
  /** Rows that no file has. */
  readonly missing: number;
  /** What the span journal had of them is published again. */
  readonly refilled: boolean;
}

/**
 * Which Parquet files count, and how far they go. `manifest.jsonl` has one publication a line, each followed by a tab and its crc32;
 * a line is appended and made durable after its files are, so a file without a line was never published.
 */
export interface Manifest {
  through(): Sequence;
  files(): readonly PublishedFile[];
  gaps(): readonly Gap[];
  append(publication: Omit<Publication, "format" | "publishedAt"> & { readonly publishedAt?: string }): Promise<void>;
  /** Counts at once; when the line cannot be written, it goes with the next one, and until then a restart finds the damage again. */
  withdraw(withdrawal: Withdrawal): Promise<void>;
}

/** Goes on behind the lines that were read. */
export function manifest(dataDir: string, { publications, end }: ReadManifest): Manifest {
  const file = manifestFile(dataDir);
  const live = new Map<string, PublishedFile>();
  const gaps = new Map<string, Gap>();
  let through = 0;
  let size = end;
  let unwritten: Withdrawal[] = [];
  for (const publication of publications) apply(publication);

  function apply(publication: Publication): void {
    through = Math.max(through, publication.through);
    for (const withdrawal of publication.withdrawn ?? []) withdraw(withdrawal);
    let found = publication.files.reduce((sum, { rows }) => sum + rows, 0);
    for (const path of publication.replaces ?? []) {
      withdraw({ path, reason: "was replaced" });
      const gap = gaps.get(path);
      if (gap === undefined) continue;
      const missing = Math.max(0, gap.missing - found);
      found -= gap.missing - missing;
      gaps.set(path, { ...gap, missing, refilled: true });
    }
    for (const each of publication.files) {
      gaps.delete(each.path);
      live.set(each.path, each);
    }
  }

  function withdraw({ path, reason }: Withdrawal): boolean {
    const found = live.get(path);
    if (found === undefined) return false;
    live.delete(path);
    gaps.set(path, { file: found, reason, missing: found.rows, refilled: false });
    return true;
  }

  async function append(publication: Parameters<Manifest["append"]>[0]): Promise<void> {
    const withdrawn = [...unwritten, ...(publication.withdrawn ?? [])];
    const written: Publication = {
      ...publication,
      format: FORMAT,
      publishedAt: publication.publishedAt ?? new Date().toISOString(),
      ...(withdrawn.length > 0 && { withdrawn }),
    };
    const line = writeLine(written);
    await truncate(file, size); // half a line may stand there, of a write that failed
    await appendFile(file, line, { flush: true });
    size += Buffer.byteLength(line);
    unwritten = [];
    apply(written);
  }

  return {
    through: () => through,
    files: () => [...live.values()],
    gaps: () => [...gaps.values()],
    append,
    async withdraw(withdrawal) {
      if (!withdraw(withdrawal)) return;
      unwritten.push(withdrawal);
      await append({ through, files: [] });
    },
  };
}

export interface ReadManifest {
  readonly publications: readonly Publication[];
  /** Lines that are not as they were written. A torn end is none: it was never in force. */
  readonly damaged: number;
  /** Where the last whole line ends. */
  readonly end: number;
}

/** Creates the manifest when there is none. Throws when a newer version wrote it. */
export async function readManifest(dataDir: string): Promise<ReadManifest> {
  const file = manifestFile(dataDir);
  const text = await readOrCreate(file, dataDir);
  const end = text.lastIndexOf("\n") + 1;
  const lines = text.slice(0, end).split("\n").slice(0, -1);
  const read = lines.map((line, index) => readLine(line, `line ${index + 1} of ${file}`));
  const publications = read.filter((each) => each !== undefined);
  return { publications, damaged: read.length - publications.length, end: Buffer.byteLength(text.slice(0, end)) };
}

export function manifestFile(dataDir: string): string {
  return join(dataDir, "manifest.jsonl");
}

export function writeLine(publication: Publication): string {
  const json = JSON.stringify(publication);
  return `${json}\t${checksum(json)}\n`;
}

/** The stretch of the span journal that a file's name says. */
export function stretchOf(path: string): { after: Sequence; through: Sequence } | undefined {
  const [, first, through] = /^(\d{12})-(\d{12})(?:-\d+)?\.parquet$/.exec(basename(path)) ?? [];
  return first === undefined ? undefined : { after: Number(first) - 1, through: Number(through) };
}

async function readOrCreate(file: string, folder: string): Promise<string> {
  const handle = await open(file, constants.O_CREAT | constants.O_RDONLY, 0o600);
  await handle.close();
  await syncFolder(folder);
  return await readFile(file, "utf8");
}

function readLine(line: string, where: string): Publication | undefined {
  const tab = line.lastIndexOf("\t");
  const json = line.slice(0, tab);
  if (tab === -1 || checksum(json) !== line.slice(tab + 1)) return undefined;
  const publication = JSON.parse(json) as Publication;
  if (publication.format > FORMAT) {
    throw new Error(`${where} was written by a newer Spangate (format ${publication.format}, this one reads up to ${FORMAT}); update it`);
  }
  // Format 1 says the stretch in the name alone.
  return { ...publication, files: publication.files.map((each) => ({ ...stretchOf(each.path), ...each })) };
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, "0");
}
