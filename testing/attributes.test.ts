import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as names from "../genai/attributes.ts";
import { COLUMNS } from "../storage/columns.ts";

const page = readFileSync(new URL("../docs/attributes.md", import.meta.url), "utf8");
const rows = page.split("\n").flatMap((line) => {
  const [, first = "", second = ""] = /^\| `([^`]+)` \| ([^|]*?) \|/.exec(line) ?? [];
  return first === "" ? [] : [{ first, second }];
});
const isAttribute = ({ first }: { readonly first: string }): boolean => first.includes(".");

test("every attribute has its row, and every row its attribute", () => {
  const constants = Object.values(names).filter((value) => typeof value === "string");
  const documented = rows.filter(isAttribute).map(({ first }) => first.replace(/\*$/, ""));
  expect(documented.toSorted()).toEqual(constants.toSorted());
});

test("every column has its row with its type, in the order of the view", () => {
  const documented = rows.filter((row) => !isAttribute(row)).map(({ first, second }) => [first, second]);
  expect(documented).toEqual(COLUMNS.map(({ name, type }) => [name, type]));
});

test("what is content is marked as content", () => {
  const marked = rows.filter(isAttribute).filter(({ second }) => second.startsWith("**content.**"));
  const content = rows.filter(isAttribute).filter(({ first }) => names.isContent(first.replace(/\*$/, "")));
  expect(marked).toEqual(content);
  expect(content.length).toBeGreaterThan(4);
});
