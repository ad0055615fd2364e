import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What the benchmark builds and installs for itself. */
export const CACHE = fileURLToPath(new URL("../.cache/bench/", import.meta.url));
const SOURCES = fileURLToPath(new URL(".", import.meta.url));

export interface Tools {
  readonly load: string;
  readonly upstream: string;
}

/** Compiles the load generator and the upstream where they are older than their sources. Throws when there is no compiler. */
export function compileTools(folder = CACHE): Tools {
  mkdirSync(folder, { recursive: true });
  return { load: compile("load", folder), upstream: compile("upstream", folder) };
}

function compile(name: string, folder: string): string {
  const [source, target] = [join(SOURCES, `${name}.c`), join(folder, name)];
  const changedMs = Math.max(...[source, join(SOURCES, "script.h")].map((file) => statSync(file).mtimeMs));
  if (existsSync(target) && statSync(target).mtimeMs > changedMs) return target;
  if (pathOf("cc") === undefined) {
    throw new Error(`cannot compile ${source}: there is no C compiler (cc); install one, on Debian: apt-get install gcc libc6-dev`);
  }
  execFileSync("cc", ["-O2", "-Wall", "-Wextra", "-o", target, source], { stdio: ["ignore", "inherit", "inherit"] });
  return target;
}

/** Where a program is; system programs may stand outside the PATH of a plain user. */
export function pathOf(program: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin"].filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, program)).find((file) => existsSync(file));
}
