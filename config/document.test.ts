import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DOCUMENTS } from "./document.ts";
import { jsonSchema } from "./keys.ts";
import type { SchemaNode } from "./keys.ts";

for (const [path, text] of Object.entries(DOCUMENTS)) {
  test(`${path} is what the schema says; \`node config/document.ts\` writes it anew`, () => {
    expect(readFileSync(new URL(`../${path}`, import.meta.url), "utf8")).toBe(text());
  });
}

test("every setting is described and has a row", () => {
  const page = DOCUMENTS["docs/config.md"]?.() ?? "";
  const settings = [...leaves(jsonSchema)];
  expect(settings.length).toBeGreaterThan(50);
  for (const { key, description } of settings) {
    expect(description, key).toMatch(/^[A-Z`].{15,}\.$/);
    expect(page, key).toMatch(new RegExp(`^\\| \`([\\w[\\].<>]+\\.)?${key}\` \\|`, "m"));
    expect(page, key).toContain(description);
  }
});

test("each kind of processor has a section with its options, and what they share has one of its own", () => {
  const [, ...sections] = (DOCUMENTS["docs/config.md"]?.() ?? "").split(/^## /m);
  const titles = sections.map((text) => text.split("\n")[0]);
  const uses = jsonSchema.properties?.["processors"]?.items?.oneOf?.map(({ properties }) => properties?.["use"]);
  const kinds = uses?.map((use) => use?.const);
  expect(kinds).toContain("sample");
  for (const use of uses ?? [])
    expect(
      sections.some((text) => use?.description !== undefined && text.includes(use.description)),
      use?.const,
    ).toBe(true);
  expect(titles).toEqual(expect.arrayContaining(kinds?.map((use) => `\`processors[]\` with \`use: ${use}\``) ?? []));
  const sample = sections.find((text) => text.includes("`use: sample`"));
  expect(sample).toContain("| `keep.errors` | true or false | `true` |");
  expect(sample).toContain("`SPANGATE_PROCESSORS__<N>__KEEP__ERRORS`");
  expect(sections.find((text) => text.startsWith("A condition\n"))).toContain(
    "| `outcome` | a list of ok, partial, error, refused, cancelled |",
  );
});

function* leaves(node: SchemaNode): Iterable<{ readonly key: string; readonly description: string }> {
  for (const kind of node.oneOf ?? []) yield* leaves(kind);
  for (const [key, each] of Object.entries(node.properties ?? {})) {
    const inner = each.properties ? each : each.additionalProperties || each.items;
    const deeper = inner?.properties ?? inner?.oneOf;
    if (each.const === undefined && (deeper === undefined || inner?.title)) yield { key, description: each.description ?? "" };
    else if (inner) yield* leaves(inner);
  }
}
