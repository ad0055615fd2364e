import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

const SKIPPED = new Set(["node_modules", ".git", ".cache", "data"]);

/** One source file: its path from the root with `/`, and its text. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

/** Every source of the repository. */
export function sources(folder = ROOT): readonly Source[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length).replaceAll("\\", "/"))
    .filter((file) => !file.split("/").some((part) => SKIPPED.has(part)))
    .sort()
    .map((file) => ({ file, text: readFileSync(join(folder, file), "utf8") }));
}

/**
 * Files of ours that a source imports, types included, as paths from the root. Statements begin their line, since the formatter says so;
 * dynamic imports, and modules named by `new URL("./x.ts", import.meta.url)`, as workers and child processes are, stand anywhere.
 */
export function importsOf({ file, text }: Source): readonly string[] {
  const statements = text.matchAll(/^(?:import|export)\s(?:[^"';]*?\sfrom\s)?"(\.[^"]+)"/gm);
  const expressions = text.matchAll(/\b(?:import\(|new URL\()\s*"(\.[^"]+\.(?:ts|mjs))"/g);
  return [...statements, ...expressions].map(([, path = ""]) => posix.join(posix.dirname(file), path));
}

/** The files a program needs, from its entry on. */
export function reachable(entry: string, all: readonly Source[] = sources()): readonly string[] {
  const byFile = new Map(all.map((source) => [source.file, source]));
  const found = new Set<string>();
  const visit = (file: string): void => {
    const source = byFile.get(file);
    if (!source || found.has(file)) return;
    found.add(file);
    importsOf(source).forEach(visit);
  };
  visit(entry);
  return [...found];
}
