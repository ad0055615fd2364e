import { parse } from "yaml";
import { jsonSchema, nodeAt, nodesAt, valueAt } from "./keys.ts";
import type { Path, SchemaNode } from "./keys.ts";
import { nearest } from "./nearest.ts";
import type { Problem } from "./problem.ts";
import type { RawConfig } from "./parse.ts";
import type { Environment } from "./resolve.ts";

/** A setting from outside the file; `where` is the variable or flag it came from. */
export interface Assignment {
  readonly path: Path;
  readonly value: unknown;
  readonly where: string;
}

const PREFIX = "SPANGATE_";

/** Ours, and no settings. */
const OTHERS = ["CONFIG", "ADMIN_TOKEN", "ADMIN_TOKEN_FILE", "INTAKE_KEY_FILE", "CONTROL_URL", "TOKEN", "REEXECUTED"].map(
  (each) => PREFIX + each,
);

/** Settings among the variables: `SPANGATE_GATEWAY__PORT`. An empty one counts as not set, as compose files produce them. */
export function fromEnvironment(
  env: Environment,
  file: RawConfig,
): { readonly assignments: readonly Assignment[]; readonly problems: readonly Problem[] } {
  const assignments: Assignment[] = [];
  const problems: Problem[] = [];
  const referenced = referencedVariables(file, env);
  for (const [where, text] of Object.entries(env)) {
    if (!where.startsWith(PREFIX) || OTHERS.includes(where) || referenced.has(where) || !text) continue;
    const path = pathOf(where.slice(PREFIX.length), file);
    const node = nodeAt(path);
    if (node) assignments.push({ path, where, value: read(text, node) });
    else if (looksLikeSetting(where, text)) problems.push({ path: [], where, message: "no such setting", fix: suggestion(where) });
  }
  return { assignments, problems };
}

/** A flag or variable's text as the setting means it: text stays text, all else is YAML. */
export function read(text: string, node: SchemaNode | undefined): unknown {
  if (node?.type === "string" || (node?.anyOf?.every((option) => option.type === "string") ?? false)) return text;
  try {
    return parse(text, { prettyErrors: false });
  } catch {
    return text;
  }
}

/** `UPSTREAMS__MY_AZURE__BASE_URL` means the upstream `my-azure` when the file has one: a variable's name cannot hold the dash. */
function pathOf(name: string, file: RawConfig): Path {
  return name.split("__").reduce<Path>((path, segment) => {
    if (/^\d+$/.test(segment) && nodesAt(path).some(({ items }) => items)) return [...path, Number(segment)];
    const known = Object.keys(valueAt(file, path) ?? {});
    return [...path, known.find((key) => variable(key) === segment) ?? segment.toLowerCase()];
  }, []);
}

function variable(key: string): string {
  return key.toUpperCase().replaceAll("-", "_");
}

/** `{env: NAME}` anywhere in the file, and `…__ENV=NAME` among the variables: NAME holds a credential, whatever it is called. */
function referencedVariables(file: RawConfig, env: Environment): ReadonlySet<string> {
  const names = Object.entries(env).flatMap(([name, value]) => (name.endsWith("__ENV") && value ? [value] : []));
  JSON.stringify(file, (key, value: unknown) => {
    if (key === "env" && typeof value === "string") names.push(value);
    return value;
  });
  return new Set(names);
}

/** A Kubernetes service called `spangate` puts `SPANGATE_PORT=tcp://…` and the like beside ours; those are left alone. */
function looksLikeSetting(name: string, text: string): boolean {
  if (/^(tcp|udp|sctp):\/\//.test(text)) return false;
  return name.includes("__") || meant(name) !== undefined;
}

function suggestion(name: string): string {
  const known = meant(name);
  return known ? `Did you mean ${known}?` : "Remove it; docs/config.md lists every setting and its variable.";
}

function meant(name: string): string | undefined {
  const found = nearest(name.slice(PREFIX.length), names(jsonSchema));
  return found && PREFIX + found;
}

/** `GATEWAY__PORT` of every setting that has one name, unlike those of upstreams and clients. */
function names({ properties = {} }: SchemaNode): readonly string[] {
  return Object.entries(properties).flatMap(([key, node]) => [variable(key), ...names(node).map((inner) => `${variable(key)}__${inner}`)]);
}
