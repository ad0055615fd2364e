import { open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { syncFolder } from "../journal/files.ts";
import type { Sequence } from "../journal/record.ts";
import {
  manifest,
  manifestFile,
  readManifest,
  stretchOf,
  writeLine,
  type Manifest,
  type Publication,
  type PublishedFile,
} from "./manifest.ts";
import { measure, readFooter, type About } from "./publish.ts";
import { copyAside, setAside } from "./set_aside.ts";

export interface RecoverOptions {
  readonly dataDir: string;
  readonly connection: DuckDBConnection;
  /** Told what was found that should not be. */
  readonly onDamage: (message: string, facts: object) => void;
}

/** A file that no line names, of which it says itself that it was published. */
interface Orphan extends PublishedFile {
  readonly about: About;
}

const STRAY = "a file that was never published stands among the published ones; it is ignored";

/** Files of one publication. */
interface Group {
  readonly after: Sequence;
  readonly through: Sequence;
  readonly orphans: readonly Orphan[];
}

/**
 * Reads the manifest and compares it with the files on the disk. Lines that are damaged or missing are written anew from what the Parquet
 * files say of themselves; the old manifest is kept. A publication that was cut short is finished when all of its files are there; else
 * they are deleted, and its rows come from the span journal again.
 */
export async function recover({ dataDir, connection, onDamage }: RecoverOptions): Promise<Manifest> {
  const read = await readManifest(dataDir);
  const listed = manifest(dataDir, read);
  const unlisted = await unlistedFiles(dataDir, listed);
  const orphans: Orphan[] = [];
  for (const path of unlisted) {
    const gap = listed.gaps().find(({ file }) => file.path === path);
    if (gap) await comesBack(path, gap.file, gap.missing);
    else {
      const orphan = await identify(path);
      if (orphan && !isCopy(orphan)) orphans.push(orphan);
      else onDamage(STRAY, { file: path });
    }
  }
  const through = listed.through();
  const groups = inGroups(orphans);
  const linesLost = read.damaged > 0 || groups.some(({ after, orphans: [first] }) => after > through && first?.about.replaces.length === 0);
  const reached = Math.max(through, ...groups.filter(isWhole).map((group) => group.through));
  const adopted: Group[] = [];
  for (const group of groups) {
    const cutShort = !isWhole(group) && group.after >= reached;
    if (isWhole(group) || (linesLost && !cutShort)) adopted.push(group);
    else for (const { path } of group.orphans) await leaveOut(path, cutShort);
  }
  const lines = adopted.map(publicationOf);
  if (!linesLost) {
    for (const line of lines) await listed.append(line);
    return listed;
  }

  for (const { orphans: found } of adopted) {
    const [first] = found;
    const missing = (first?.about.of ?? found.length) - found.length;
    if (missing > 0)
      onDamage("files are missing that no line of the manifest names", { files: missing, published_at: first?.about.publishedAt });
  }
  const publications = [...read.publications, ...lines].sort((a, b) => a.publishedAt.localeCompare(b.publishedAt));
  const kept = await copyAside(dataDir, "manifest.jsonl");
  const end = await rewrite(dataDir, publications);
  onDamage("the manifest was damaged; it was written anew from the Parquet files, and the old one kept", {
    damaged_lines: read.damaged,
    files_found_again: adopted.reduce((sum, { orphans: { length } }) => sum + length, 0),
    kept,
  });
  return manifest(dataDir, { publications, damaged: 0, end });

  /** Deletes what a publication left that was cut short. With lines missing it may be more than that: then it is kept. */
  async function leaveOut(path: string, cutShort: boolean): Promise<void> {
    if (!cutShort) onDamage(STRAY, { file: path });
    else if (!linesLost) await rm(join(dataDir, path));
    else onDamage("a file of a publication that is not whole was set aside", { file: path, moved_to: await setAside(dataDir, path) });
  }

  /** Whether the rows of this file stand in another one. */
  function isCopy({ tenant, day, after, through: last, about }: Orphan): boolean {
    const others = [...listed.files(), ...listed.gaps().map(({ file }) => file)].filter(({ path }) => !about.replaces.includes(path));
    return others.some((each) => each.tenant === tenant && each.day === day && each.after < last && after < each.through);
  }

  /** A file that was withdrawn stands in its place: put back from a backup, or not moved yet. */
  async function comesBack(path: string, file: PublishedFile, missing: number): Promise<void> {
    const { bytes, sha256 } = await measure(join(dataDir, path)).catch(() => ({ bytes: -1, sha256: "" }));
    if (bytes === file.bytes && sha256 === file.sha256 && missing === file.rows)
      await listed.append({ through: listed.through(), files: [file] });
    else await setAside(dataDir, path);
  }

  async function identify(path: string): Promise<Orphan | undefined> {
    const stretch = stretchOf(path);
    if (stretch === undefined) return undefined;
    try {
      const { rows, about } = await readFooter(connection, join(dataDir, path));
      if (about === undefined || rows !== about.rows || (about.path ?? path) !== path) return undefined;
      const { tenant, day, after = stretch.after, through: reached } = about;
      return { path, tenant, day, rows, after, through: reached, about, ...(await measure(join(dataDir, path))) };
    } catch {
      return undefined; // cannot be read
    }
  }
}

/** Below `parquet/`, what the manifest does not name. Drafts of a publication that was cut short are deleted. */
async function unlistedFiles(dataDir: string, listed: Manifest): Promise<string[]> {
  const entries = await readdir(join(dataDir, "parquet"), { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return [];
      throw error;
    },
  );
  const known = new Set(listed.files().map(({ path }) => path));
  const unlisted: string[] = [];
  for (const entry of entries) {
    const file = join(entry.parentPath, entry.name);
    const path = file.slice(join(dataDir, "/").length);
    if (!entry.isFile() || known.has(path)) continue;
    if (/^\.[0-9a-f]{16}\.tmp$/.test(entry.name)) await rm(file);
    else unlisted.push(path);
  }
  return unlisted.sort();
}

/** Format 1 does not say how many files a publication has. */
const isWhole = ({ orphans }: Group): boolean => orphans.length === orphans[0]?.about.of;

function inGroups(orphans: readonly Orphan[]): Group[] {
  const groups = Map.groupBy(orphans, ({ after, through, about }) => `${after} ${through} ${about.publishedAt}`);
  return [...groups.values()]
    .map((found) => ({ after: found[0]?.after ?? 0, through: found[0]?.through ?? 0, orphans: found }))
    .sort((a, b) => a.through - b.through);
}

function publicationOf({ through, orphans }: Group): Publication {
  const [first] = orphans;
  const replaces = first?.about.replaces ?? [];
  return {
    format: first?.about.format ?? 1,
    through,
    publishedAt: first?.about.publishedAt ?? "",
    files: orphans.map(({ about: _about, ...file }) => file),
    ...(replaces.length > 0 && { replaces }),
  };
}

/** Returns its size in bytes. */
async function rewrite(dataDir: string, publications: readonly Publication[]): Promise<number> {
  const file = manifestFile(dataDir);
  const draft = `${file}.new`;
  const text = publications.map(writeLine).join("");
  const handle = await open(draft, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
  await syncFolder(dataDir);
  return Buffer.byteLength(text);
}
