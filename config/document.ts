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
  readonly description?: string;
  /** What stands before the last part of the variable's name. */
  readonly prefix: string;
  readonly node: SchemaNode;
}

function markdown(): string {
  return [INTRODUCTION, ...sections().map(sectionText)].join("\n");
}

function sections(): readonly Section[] {
  const top: Section = { title: "Top level", prefix: "SPANGATE_", node: jsonSchema };
  return [top, ...Object.entries(jsonSchema.properties ?? {}).flatMap(([key, node]) => sectionOf(key, node))];
}

function sectionOf(key: string, node: SchemaNode): readonly Section[] {
  const described = node.description === undefined ? {} : { description: node.description };
  const prefix = `SPANGATE_${key.toUpperCase()}__`;
  if (node.additionalProperties)
    return [{ title: `${key}.<name>`, prefix: `${prefix}<NAME>__`, node: node.additionalProperties, ...described }];
  if (node.items?.properties) return [{ title: `${key}[]`, prefix: `${prefix}<N>__`, node: node.items, ...described }];
  return node.properties ? [{ title: key, prefix, node, ...described }] : [];
}

function sectionText({ title, description, prefix, node }: Section): string {
  const rows = Object.entries(node.properties ?? {})
    .filter(([key, each]) => node !== jsonSchema || sectionOf(key, each).length === 0)
    .map(([key, each]) => {
      const names = each.anyOf?.flatMap((option) => Object.keys(option.properties ?? {})) ?? [];
      const variable = `${prefix}${key.toUpperCase()}`;
      const variables = names.length ? names.map((name) => `${variable}__${name.toUpperCase()}`) : [variable];
      const required = node.required?.includes(key) ? "required" : "";
      return [
        `\`${key}\``,
        expects(each),
        byDefault(each) ?? required,
        each.description,
        variables.map((name) => `\`${name}\``).join(", "),
      ];
    });
  const table = [["key", "takes", "default", "meaning", "variable"], ["---", "---", "---", "---", "---"], ...rows];
  const lines = table.map((cells) => `| ${cells.join(" | ")} |`);
  return [
    `## ${title.includes("<") || title.includes("[") ? `\`${title}\`` : title}`,
    "",
    ...(description ? [description, ""] : []),
    ...lines,
    "",
  ].join("\n");
}

function byDefault({ default: value }: SchemaNode): string | undefined {
  if (value === undefined) return undefined;
  const mebibytes = typeof value === "number" && value >= 1024 * 1024 ? ` (${value / 1024 / 1024} MiB)` : "";
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\`${mebibytes}`;
}

if (import.meta.main) {
  for (const [path, text] of Object.entries(DOCUMENTS)) writeFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), text());
}
