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
  for (const { key, description } of leaves(jsonSchema)) {
    expect(description, key).toMatch(/^[A-Z`].{15,}\.$/);
    expect(page, key).toContain(`| \`${key}\` |`);
    expect(page, key).toContain(description);
  }
});

function leaves(node: SchemaNode): readonly { readonly key: string; readonly description: string }[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, each]) => {
    const inner = each.properties ? each : each.additionalProperties || each.items;
    return inner?.properties ? leaves(inner) : [{ key, description: each.description ?? "" }];
  });
}
