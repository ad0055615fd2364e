import { expect, test } from "vitest";
import { catalog } from "./catalog.ts";
import { readPriceFile } from "./price_lists.ts";

const known = readPriceFile(new URL("known.yaml", import.meta.url));
const listed = catalog();

test("everything that is known says where from", () => {
  for (const { source } of [...known.prices, ...known.factors]) expect(source).toMatch(/^https:\/\//);
  expect(known.version).toMatch(/^\d{4}-\d\d-\d\d$/);
});

test("names of providers lead to ones that the catalog has", () => {
  for (const { is } of [...known.providers, ...known.models]) if (is !== "") expect(listed.provider(is), is).toBe(is);
});

for (const { model, at, known: expected } of [
  { model: "mistral-large-latest", at: "2026-11-01", known: 6 },
  { model: "mistral-small-latest", at: "2026-11-01", known: 0.3 },
] as const) {
  test(`the catalog still has ${model} wrong, so that it stands here`, () => {
    const rates = listed.model("mistral", model, Date.parse(at))?.tiers.at(-1)?.amounts;
    expect(rates?.out_text?.usd.toNumber()).toBe(expected);
  });
}
