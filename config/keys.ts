import { z } from "zod";
import { configSchema } from "./schema.ts";

/** The part of JSON Schema that our settings use. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: { readonly [key: string]: SchemaNode };
  readonly additionalProperties?: SchemaNode | false;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

export type Path = readonly (string | number)[];

export const jsonSchema = z.toJSONSchema(configSchema, { io: "input" }) as SchemaNode;

/** The schema of a setting; undefined where there is no such setting. */
export function nodeAt(path: Path): SchemaNode | undefined {
  return path.reduce<SchemaNode | undefined>((node, key) => node && inside(node, String(key)), jsonSchema);
}

/** What a key of a node takes; of a choice, in the option that has the key. */
function inside(node: SchemaNode, key: string): SchemaNode | undefined {
  return (node.anyOf ?? [node]).map((option) => child(option, key)).find(Boolean);
}

function child(node: SchemaNode, key: string): SchemaNode | undefined {
  if (node.items) return /^\d{1,3}$/.test(key) ? node.items : undefined;
  if (node.properties && Object.hasOwn(node.properties, key)) return node.properties[key];
  return node.additionalProperties || undefined;
}

/** Keys that may stand at a path, in the order of the schema; none where any name may. */
export function keysAt(path: Path): readonly string[] {
  return Object.keys(nodeAt(path)?.properties ?? {});
}

/** What stands at a path of an unchecked input. */
export function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined), input);
}

function isObject(value: unknown): value is { readonly [key: string | number]: unknown } {
  return typeof value === "object" && value !== null;
}

/** `gateway.port`, `clients[0].name` */
export function pathText(path: Path): string {
  return path.map((key, index) => (typeof key === "number" ? `[${key}]` : `${index ? "." : ""}${key}`)).join("");
}

/** What a setting takes, in words: `a whole number from 0 to 65535`. */
export function expects(node: SchemaNode): string {
  if (node.enum) return `one of ${node.enum.join(", ")}`;
  if (node.anyOf?.every((option) => option.type === "string")) return "text";
  if (node.anyOf) return node.anyOf.map((option) => `{${Object.keys(option.properties ?? {}).join(", ")}: …}`).join(" or ");
  switch (node.type) {
    case "boolean":
      return "true or false";
    case "integer":
      return `a whole number ${range(node)}`;
    case "array":
      return "a list";
    case "object":
      return "a mapping";
    default:
      return "text";
  }
}

function range({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: SchemaNode): string {
  return maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
}
