import { expect, test } from "vitest";
import { z } from "zod";
import { sampleOf } from "./sample_json.ts";

const tree: z.ZodType = z.object({ name: z.string(), parent: z.lazy(() => tree).nullable() });

const cases = [
  {
    title: "an object with every kind of value",
    schema: z.strictObject({ a: z.string(), b: z.int(), c: z.number(), d: z.boolean(), e: z.null() }),
  },
  { title: "numbers between bounds", schema: z.strictObject({ low: z.int().min(7).max(9), high: z.number().max(-3) }) },
  {
    title: "texts of a certain length and format",
    schema: z.strictObject({ code: z.string().min(30), mail: z.email(), day: z.iso.date(), id: z.uuid() }),
  },
  {
    title: "arrays, enums, constants and unions",
    schema: z.strictObject({ list: z.array(z.enum(["x", "y"])).min(2), kind: z.literal("k"), either: z.union([z.int(), z.string()]) }),
  },
  { title: "a schema that refers to itself", schema: tree },
];
for (const { title, schema } of cases) {
  test(`fills in ${title}`, () => {
    expect(schema.safeParse(sampleOf(z.toJSONSchema(schema))).error).toBeUndefined();
  });
}
