import { z } from "zod";
import { configSchema } from "./schema.ts";

/** The part of JSON Schema that our settings use. */
export interface SchemaNode {
  /** Several where one of them is meant. */
  readonly type?: string | readonly string[];
  /** Of a node that is described once and used in several places. */
  readonly title?: string;
  readonly const?: string;
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
  /** Kinds of entries, told apart by the one property that is `const` in each. */
  readonly oneOf?: readonly SchemaNode[];
}

export type Path = readonly (string | number)[];

export const jsonSchema = z.toJSONSchema(configSchema, { io: "input" }) as SchemaNode;

/** The schema of a setting; undefined where there is no such setting. Where kinds are told apart, `input` says which one is meant. */
export function nodeAt(path: Path, input?: unknown): SchemaNode | undefined {
  return nodesAt(path, input)[0];
}

/** All that may stand at a path: several where nothing says yet of which kind an entry is. */
export function nodesAt(path: Path, input?: unknown): readonly SchemaNode[] {
  return path.reduce<readonly SchemaNode[]>(
    (nodes, key, depth) => nodes.flatMap((node) => inside(node, String(key), valueAt(input, path.slice(0, depth)))),
    [jsonSchema],
  );
}

/** What a key of a node takes; of a choice, in the options that have the key. */
function inside(node: SchemaNode, key: string, value: unknown): readonly SchemaNode[] {
  return (node.anyOf ?? kindsLike(node, value) ?? [node]).flatMap((option) => child(option, key) ?? []);
}

/** The kind that a value says it is; all of them when it says nothing. */
function kindsLike({ oneOf }: SchemaNode, value: unknown): readonly SchemaNode[] | undefined {
  const [key, kind] = Object.entries(isObject(value) ? value : {}).find(([each]) => oneOf?.some((option) => constOf(option, each))) ?? [];
  const [said] = oneOf?.filter((option) => key !== undefined && constOf(option, key) === kind) ?? [];
  return said ? [said] : oneOf;
}

const constOf = ({ properties }: SchemaNode, key: string): string | undefined =>
  properties && Object.hasOwn(properties, key) ? properties[key]?.const : undefined;

function child(node: SchemaNode, key: string): SchemaNode | undefined {
  if (node.items) return /^\d{1,3}$/.test(key) ? node.items : undefined;
  if (node.properties && Object.hasOwn(node.properties, key)) return node.properties[key];
  return node.additionalProperties || undefined;
}

/** Keys that may stand at a path, in the order of the schema; none where any name may. */
export function keysAt(path: Path, input?: unknown): readonly string[] {
  const node = nodeAt(path, input);
  const kinds = node && kindsLike(node, valueAt(input, path));
  return [...new Set((kinds ?? [node]).flatMap((each) => Object.keys(each?.properties ?? {})))];
}

/** The words that tell kinds of entries apart, at the path of the one that does. */
export function kindsAt(path: Path): readonly string[] {
  const options = nodeAt(path.slice(0, -1))?.oneOf ?? [];
  return options.flatMap((option) => constOf(option, String(path.at(-1))) ?? []);
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
  if (node.title) return `a ${node.title}`;
  if (node.const) return `\`${node.const}\``;
  if (node.enum) return `one of ${node.enum.join(", ")}`;
  if (node.anyOf?.every((option) => option.type === "string")) return "text";
  if (node.anyOf?.every((option) => option.type !== "object")) return node.anyOf.map(expects).join(" or ");
  if (node.anyOf) return node.anyOf.map((option) => `{${Object.keys(option.properties ?? {}).join(", ")}: …}`).join(" or ");
  if (node.oneOf) return "a mapping";
  if (typeof node.type === "object") return node.type.map((type) => expects({ type })).join(" or ");
  switch (node.type) {
    case "boolean":
      return "true or false";
    case "integer":
      return `a whole number ${range(node)}`;
    case "number":
      return `a number ${range(node)}`.trimEnd();
    case "array":
      if (node.items?.enum) return `a list of ${node.items.enum.join(", ")}`;
      return node.items?.title ? `a list of ${node.items.title}s` : "a list";
    case "object":
      return "a mapping";
    default:
      return "text";
  }
}

function range({ minimum, maximum = Number.MAX_SAFE_INTEGER }: SchemaNode): string {
  if (minimum === undefined && maximum === Number.MAX_SAFE_INTEGER) return "";
  return maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum ?? 0} to ${maximum}`;
}
