import { z } from "zod";

/** The words of JSON Schema that structured outputs and tool parameters use. */
const schemaOf = z.looseObject({
  $ref: z.string().optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  allOf: z.array(z.unknown()).optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  items: z.unknown().optional(),
  format: z.string().optional(),
  minItems: z.number().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
});
type Schema = z.infer<typeof schemaOf>;

const FORMATS = new Map(
  Object.entries({
    "date-time": "2026-01-01T12:00:00Z",
    date: "2026-01-01",
    time: "12:00:00",
    duration: "PT1H",
    email: "demo@example.com",
    hostname: "example.com",
    ipv4: "192.0.2.1",
    ipv6: "2001:db8::1",
    uri: "https://example.com/",
    uuid: "00000000-0000-4000-8000-000000000000",
  }),
);

/** Recursive schemas end here: arrays stay empty, optional properties are left out. */
const MAX_DEPTH = 8;

/** A value that satisfies the schema. `pattern` and conditional keywords are not understood. */
export function sampleOf(schema: unknown): unknown {
  return sample(schema, schema, "value", 0);
}

function sample(given: unknown, root: unknown, name: string, depth: number): unknown {
  const parsed = schemaOf.safeParse(given);
  if (!parsed.success) return {};
  const schema = parsed.data;
  if (schema.$ref !== undefined) return sample(follow(schema.$ref, root), root, name, depth + 1);
  if ("const" in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches) return sample(choose(branches, depth), root, name, depth + 1);
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map((part) => sample(part, root, name, depth + 1)));
  const type = typeof schema.type === "string" ? schema.type : schema.type?.[0];
  switch (type ?? (schema.properties ? "object" : "string")) {
    case "object":
      return sampleObject(schema, root, depth);
    case "array":
      return sampleArray(schema, root, name, depth);
    case "integer":
      return Math.ceil(sampleNumber(schema));
    case "number":
      return sampleNumber(schema);
    case "boolean":
      return true;
    case "null":
      return null;
    default:
      return sampleString(schema, name);
  }
}

function sampleObject(schema: Schema, root: unknown, depth: number): unknown {
  const required = new Set(schema.required);
  const wanted = Object.entries(schema.properties ?? {}).filter(([key]) => depth < MAX_DEPTH || required.has(key));
  return Object.fromEntries(wanted.map(([key, property]) => [key, sample(property, root, key, depth + 1)]));
}

function sampleArray(schema: Schema, root: unknown, name: string, depth: number): unknown {
  const length = schema.minItems ?? (depth < MAX_DEPTH ? 1 : 0);
  return Array.from({ length }, () => sample(schema.items, root, name, depth + 1));
}

function sampleNumber({ minimum = -Infinity, maximum = Infinity }: Schema): number {
  return Math.min(Math.max(1, minimum), maximum);
}

function sampleString({ format = "", minLength = 0, maxLength }: Schema, name: string): string {
  return (FORMATS.get(format) ?? `example ${name}`.padEnd(minLength, ".")).slice(0, maxLength);
}

/** The first branch, or past the depth one that ends: no reference, best of all null. */
function choose(branches: readonly unknown[], depth: number): unknown {
  const ends = (branch: unknown): boolean => JSON.stringify(branch).includes('"null"');
  return (depth < MAX_DEPTH ? undefined : branches.find(ends)) ?? branches[0];
}

/** Follows a reference into the same document: `#/$defs/step`. */
function follow(reference: string, root: unknown): unknown {
  const path = reference.split("/").slice(1);
  return path.reduce<unknown>((node, key) => z.record(z.string(), z.unknown()).safeParse(node).data?.[key], root);
}
