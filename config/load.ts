import { existsSync } from "node:fs";
import { fromEnvironment, read } from "./environment.ts";
import type { Assignment } from "./environment.ts";
import { readConfigFile } from "./file.ts";
import type { ConfigFile } from "./file.ts";
import { nodeAt, valueAt } from "./keys.ts";
import type { Path } from "./keys.ts";
import { merge } from "./merge.ts";
import { parseConfig } from "./parse.ts";
import type { RawConfig } from "./parse.ts";
import type { Problem } from "./problem.ts";
import type { Environment } from "./resolve.ts";
import type { Settings } from "./schema.ts";

export const DEFAULT_FILE = "./spangate.yaml";

/** Command-line flags, as their text. */
export interface Overrides {
  readonly config?: string;
  readonly data?: string;
  readonly host?: string;
  readonly port?: string;
  readonly controlPort?: string;
  /** Becomes the upstream `default`, and the default one. */
  readonly upstream?: string;
  readonly durability?: string;
}

export interface Loaded {
  /** Undefined while there are problems. */
  readonly settings?: Settings;
  readonly problems: readonly Problem[];
  /** What `parseConfig` takes in another process. */
  readonly raw: RawConfig;
  /** The file that was read, if any. */
  readonly file?: string;
  /** Says of a mistake that is found later where it was made. */
  readonly located: (problem: Problem) => Problem;
}

/** Reads flags over environment over file over defaults, and reports everything that is wrong at once. */
export function loadConfig(from: { readonly env: Environment; readonly overrides?: Overrides }): Loaded {
  const { env, overrides = {} } = from;
  const file = overrides.config ?? (env["SPANGATE_CONFIG"] || (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined));
  const read = file === undefined ? undefined : readConfigFile(file);
  const input = read?.input ?? { demo: true };

  const { assignments, problems: strangers } = fromEnvironment(env, input);
  const all = [...assignments, ...fromFlags(overrides)];
  const raw = merge(input, all);
  const { settings, problems: mistakes } = parseConfig(raw, env);
  const where = (problem: Problem): Problem => located(problem, all, read);
  const problems = [...(read?.problems ?? []), ...strangers, ...mistakes.map(where)];
  return { problems, raw, located: where, ...(settings && !problems.length && { settings }), ...(file !== undefined && { file }) };
}

function fromFlags({ data, host, port, controlPort, upstream, durability }: Overrides): readonly Assignment[] {
  const flags: readonly (readonly [where: string, path: Path, text: string | undefined])[] = [
    ["--data", ["data_dir"], data],
    ["--host", ["gateway", "host"], host],
    ["--port", ["gateway", "port"], port],
    ["--control-port", ["control", "port"], controlPort],
    ["--upstream", ["upstreams", "default", "base_url"], upstream],
    ["--upstream", ["default_upstream"], upstream && "default"],
    ["--durability", ["durability"], durability],
  ];
  return flags.flatMap(([where, path, text]) => (text === undefined ? [] : [{ where, path, value: read(text, nodeAt(path)) }]));
}

/** Says where a mistake was made: the last flag or variable that set this or something in it, else the file, else one that set what stands beside it. */
function located(problem: Problem, assignments: readonly Assignment[], file: ConfigFile | undefined): Problem {
  const { path } = problem;
  const parent = path.slice(0, -1);
  const inFile = file && valueAt(file.input, parent) !== undefined;
  const setBy = (found: (assigned: Path) => boolean) => assignments.findLast((each) => found(each.path))?.where;
  const where =
    setBy((assigned) => isWithin(path, assigned)) ??
    setBy((assigned) => isWithin(assigned, path)) ??
    (inFile ? file.locate(path) : (setBy((assigned) => isWithin(assigned, parent)) ?? file?.locate(path)));
  return where === undefined ? problem : { ...problem, where };
}

function isWithin(path: Path, outer: Path): boolean {
  return outer.every((key, index) => path[index] === key);
}
