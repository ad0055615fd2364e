import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";

export interface Instruction {
  readonly name: string;
  /** `--from=deps` as `from: "deps"`. */
  readonly flags: { readonly [flag: string]: string };
  readonly text: string;
}

export interface Stage {
  readonly name: string;
  readonly image: string;
  readonly instructions: readonly Instruction[];
}

/** The stages of a Dockerfile without heredocs and ONBUILD. */
export function parseDockerfile(text: string): readonly Stage[] {
  const stages: { name: string; image: string; instructions: Instruction[] }[] = [];
  const lines = text
    .replace(/^\s*#.*\n/gm, "")
    .replace(/\\\n/g, " ")
    .split("\n");
  for (const line of lines.filter((each) => each.trim())) {
    const [, name = "", flags = "", rest = ""] = /^(\w+)\s+((?:--\w+=\S+\s+)*)(.*)$/.exec(line.trim()) ?? [];
    const [image = "", , alias] = rest.split(/\s+/);
    if (name === "FROM") stages.push({ name: alias ?? String(stages.length), image, instructions: [] });
    else
      stages.at(-1)?.instructions.push({
        name,
        text: rest,
        flags: Object.fromEntries([...flags.matchAll(/--(\w+)=(\S+)/g)].map(([, flag = "", value = ""]) => [flag, value])),
      });
  }
  return stages;
}

/** Whether a path below the context stays out of the image. The last pattern that matches it, or a folder above it, decides. */
export function isIgnored(path: string, patterns: readonly string[]): boolean {
  const parts = path.split("/");
  const above = parts.map((_, index) => parts.slice(0, index + 1).join("/"));
  return patterns.reduce((ignored, pattern) => {
    const negated = pattern.startsWith("!");
    const glob = negated ? pattern.slice(1) : pattern;
    return above.some((each) => toRegExp(glob).test(each)) ? !negated : ignored;
  }, false);
}

/** Docker's globs; unlike a shell's, their stars match leading dots too. */
function toRegExp(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*\*\/|\*\*|\*|\?/g, (wild) => ({ "**/": "(?:.*/)?", "**": ".*", "*": "[^/]*" })[wild] ?? "[^/]");
  return new RegExp(`^${source}$`);
}

export function readPatterns(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line && !line.startsWith("#"));
}

/** Carries out COPY and RUN of every stage in folders below `into`, one a stage, and returns that of the last. Throws where one fails. */
export function build(
  stages: readonly Stage[],
  context: string,
  patterns: readonly string[],
  into: string,
  env: NodeJS.ProcessEnv,
): string {
  for (const stage of stages) {
    const root = join(into, stage.name);
    let workdir = "/";
    for (const { name, flags, text } of stage.instructions) {
      if (name === "WORKDIR") mkdirSync(join(root, (workdir = text)), { recursive: true });
      if (name === "RUN") run(text, join(root, workdir), env);
      if (name === "COPY") {
        const from = flags["from"] === undefined ? context : join(into, flags["from"]);
        copy(text.split(/\s+/), from, flags["from"] === undefined ? patterns : [], (path) => join(root, posix.resolve(workdir, path)));
      }
    }
  }
  return join(into, stages.at(-1)?.name ?? "");
}

function run(command: string, cwd: string, env: NodeJS.ProcessEnv): void {
  const { status, stdout, stderr } = spawnSync("sh", ["-c", command], { cwd, env, encoding: "utf8" });
  if (status !== 0) throw new Error(`RUN ${command}: exit code ${status}\n${stdout}${stderr}`);
}

/** As COPY does: a folder's content goes into the target, a file becomes it, or goes into it when it ends in a slash. */
function copy(paths: readonly string[], from: string, patterns: readonly string[], to: (path: string) => string): void {
  const [target = "", ...sources] = paths.toReversed();
  for (const source of sources) {
    const path = join(from, source);
    if (!existsSync(path) || (source !== "." && isIgnored(source, patterns))) throw new Error(`COPY ${source}: not in the context`);
    const inner = statSync(path).isFile() && target.endsWith("/") ? join(to(target), source) : to(target);
    mkdirSync(dirname(inner), { recursive: true });
    // Entry by entry, since nothing below an ignored folder can be wanted unless a later pattern says so.
    if (statSync(path).isFile() || patterns.length === 0) cpSync(path, inner, { recursive: true, verbatimSymlinks: true });
    else copyTree(path, inner, (each) => !isIgnored(relative(from, each), patterns));
  }
}

function copyTree(from: string, to: string, wanted: (path: string) => boolean): void {
  for (const entry of readdirSync(from)) {
    const path = join(from, entry);
    if (wanted(path)) cpSync(path, join(to, entry), { recursive: true, verbatimSymlinks: true, filter: wanted });
  }
}
