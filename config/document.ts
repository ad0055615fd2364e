import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expects, jsonSchema } from "./keys.ts";
import type { SchemaNode } from "./keys.ts";

/** The pages made from the schema, by their path from the repository's root. `node config/document.ts` writes them. */
export const DOCUMENTS: { readonly [path: string]: () => string } = {
  "docs/config.md": markdown,
  "docs/config.schema.json": () => `${JSON.stringify({ title: "Spangate configuration", ...jsonSchema }, null, 2)}\n`,
};

const INTRODUCTION = `<!-- Written by \`node config/document.ts\` from the schema; change the descriptions there. -->

# Settings

Spangate reads one YAML file and the environment: flags over environment over file over the defaults below. The file is
\`./spangate.yaml\` when it exists, or what \`--config\` or \`SPANGATE_CONFIG\` names. \`spangate check\` explains everything that is wrong, each
with its line, or prints the settings in effect. SIGHUP or a changed file reloads; a file with a mistake leaves the old settings running.
Other \`processors\` work on what is recorded from then on and what waits; modules among them are loaded anew.
Only the next start changes \`data_dir\`, \`demo\`, \`control\`, \`journal\`, \`prices\` and, in \`gateway\`, \`host\`, \`port\`, \`processes\`,
\`max_buffered_bytes\` and \`max_capture_bytes\`; a reload that would says so in the log.

- A key that does not exist is a mistake, and so is a \`SPANGATE_\` variable that looks like a setting and is none. A key with nothing behind
  it, and an empty variable, count as not set.
- A variable's value is YAML: \`SPANGATE_GATEWAY__ORIGINS='[https://chat.example.com]'\`. \`<NAME>\` is the upstream's name in capitals, with \`_\`
  for \`-\`; \`<N>\` counts clients from 0.
- A credential is never written out. It is named: \`{env: NAME}\` for an environment variable, \`{file: PATH}\` for a file. Printed anywhere, it
  reads \`[redacted]\`.
- Relative paths start where Spangate starts.
- Editors complete and check the file when its first line is \`# yaml-language-server: $schema=<path to docs/config.schema.json>\`.

| flag of \`serve\` | setting |
| --- | --- |
| \`--data DIR\` | \`data_dir\` |
| \`--host H\`, \`--port N\` | \`gateway.host\`, \`gateway.port\` |
| \`--control-port N\` | \`control.port\` |
| \`--upstream URL\` | \`upstreams.default.base_url\`, and \`default_upstream: default\` |
| \`--durability M\` | \`durability\` |

These variables are no settings: \`SPANGATE_CONFIG\` (the file), \`SPANGATE_ADMIN_TOKEN\` or \`SPANGATE_ADMIN_TOKEN_FILE\` (a token of the control
plane that needs no \`spangate token create\`), \`SPANGATE_INTAKE_KEY_FILE\` (the key that encrypts records until they are processed), and for
commands that talk to a control plane elsewhere \`SPANGATE_CONTROL_URL\` and \`SPANGATE_TOKEN\`.
`;

interface Section {
  readonly title: string;
  readonly description?: string | undefined;
  /** What stands before the last part of the variable's name; absent where no variable reaches. */
  readonly prefix?: string;
  readonly node: SchemaNode;
}

function markdown(): string {
  const shared = [...titled(jsonSchema)].map(([title, node]) => ({ title: `A ${title}`, description: node.description, node }));
  return [INTRODUCTION, ...[...sections(), ...shared].map(sectionText)].join("\n");
}

function sections(): readonly Section[] {
  const top: Section = { title: "Top level", prefix: "SPANGATE_", node: jsonSchema };
  return [top, ...Object.entries(jsonSchema.properties ?? {}).flatMap(([key, node]) => sectionOf(key, node))];
}

function sectionOf(key: string, node: SchemaNode): readonly Section[] {
  const described = node.description === undefined ? {} : { description: node.description };
  const prefix = `SPANGATE_${key.toUpperCase()}__`;
  if (node.additionalProperties)
    return [{ title: `\`${key}.<name>\``, prefix: `${prefix}<NAME>__`, node: node.additionalProperties, ...described }];
  if (node.items?.oneOf) return kindsOf(key, node, `${prefix}<N>__`);
  if (node.items?.properties) return [{ title: `\`${key}[]\``, prefix: `${prefix}<N>__`, node: node.items, ...described }];
  return node.properties ? [{ title: key, prefix, node, ...described }] : [];
}

/** A list whose entries say of which kind they are: a section for all, then one for each kind. */
function kindsOf(key: string, node: SchemaNode, prefix: string): readonly Section[] {
  const all: Section = {
    title: `\`${key}[]\``,
    description: [node.description, `Left out: \`${JSON.stringify(node.default ?? [])}\`.`].join(" "),
    node: {},
  };
  const kinds = (node.items?.oneOf ?? []).map((kind): Section => {
    const [[word, { const: value, description }] = ["", {}]] = Object.entries(kind.properties ?? {}).filter(([, each]) => each.const);
    return { title: `\`${key}[]\` with \`${word}: ${value}\``, description, prefix, node: without(kind, word) };
  });
  return [all, ...kinds];
}

function without({ properties = {}, ...node }: SchemaNode, key: string): SchemaNode {
  return { ...node, properties: Object.fromEntries(Object.entries(properties).filter(([each]) => each !== key)) };
}

/** Nodes that are described once for all places that use them, by title. */
function titled(node: SchemaNode): ReadonlyMap<string, SchemaNode> {
  const inner = [
    ...Object.values(node.properties ?? {}),
    ...[node.items, node.additionalProperties].flatMap((each) => each || []),
    ...(node.anyOf ?? []),
    ...(node.oneOf ?? []),
  ];
  return new Map([...(node.title ? ([[node.title, node]] as const) : []), ...inner.flatMap((each) => [...titled(each)])]);
}

function sectionText({ title, description, prefix, node }: Section): string {
  const rows = rowsOf(node).filter(({ key, node: each }) => node !== jsonSchema || sectionOf(key, each).length === 0);
  const cells = rows.map(({ key, node: each, required }) => {
    const names = each.anyOf?.flatMap((option) => Object.keys(option.properties ?? {})) ?? [];
    const variable = `${prefix}${key.toUpperCase().replaceAll("[]", "__<N>").replaceAll(".", "__")}`;
    const variables = names.length ? names.map((name) => `${variable}__${name.toUpperCase()}`) : [variable];
    return [
      `\`${key}\``,
      expects(each),
      byDefault(each) ?? (required ? "required" : ""),
      each.description,
      ...(prefix === undefined ? [] : [variables.map((name) => `\`${name}\``).join(", ")]),
    ];
  });
  const head = ["key", "takes", "default", "meaning", ...(prefix === undefined ? [] : ["variable"])];
  const lines = [head, head.map(() => "---"), ...cells].map((each) => `| ${each.join(" | ")} |`);
  return [`## ${title}`, "", ...(description ? [description, ""] : []), ...(rows.length > 0 ? [...lines, ""] : [])].join("\n");
}

interface Row {
  readonly key: string;
  readonly node: SchemaNode;
  readonly required: boolean;
}

/** Settings of a section; those of a mapping within it stand as `keep.errors`, those of a list's entries as `deny[].type`, those behind names as `tenants.<name>.operator`. */
function rowsOf(node: SchemaNode): readonly Row[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, each]): readonly Row[] => {
    const row = { key, node: each, required: node.required?.includes(key) ?? false };
    if (node === jsonSchema || each.title) return [row];
    if (each.items?.properties && !each.items.title) return [row, ...within(`${key}[]`, each.items)];
    if (each.additionalProperties && each.additionalProperties.properties)
      return [row, ...within(`${key}.<name>`, each.additionalProperties)];
    return each.properties ? within(key, each) : [row];
  });
}

const within = (outer: string, node: SchemaNode): readonly Row[] => rowsOf(node).map((row) => ({ ...row, key: `${outer}.${row.key}` }));

function byDefault({ default: value }: SchemaNode): string | undefined {
  if (value === undefined) return undefined;
  const mebibytes = typeof value === "number" && value >= 1024 * 1024 ? ` (${value / 1024 / 1024} MiB)` : "";
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\`${mebibytes}`;
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(DOCUMENTS)) writeFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), text());
}
