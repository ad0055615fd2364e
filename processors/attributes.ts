import { z } from "zod";
import type { Resolved } from "../config/secret.ts";
import { isContent } from "../genai/attributes.ts";
import { toJson } from "../genai/json.ts";
import type { AttributeValue, Span } from "../genai/span.ts";
import { condition, conditionOptions } from "./condition.ts";
import type { Processor } from "./processor.ts";
import { keyedHashes } from "./keyed_hash.ts";
import type { ProcessorTools } from "./tools.ts";
import { isSound } from "./sound.ts";

/** What Spangate itself says of a span, and sums are made of. What begins like this is nobody else's. */
const RESERVED = [
  "spangate.capture",
  "spangate.cost.",
  "spangate.ending",
  "spangate.exchange.",
  "spangate.price.",
  "spangate.scrub.",
  "spangate.tenant",
  "spangate.usage.",
];
const isReserved = (name: string): boolean => RESERVED.some((each) => name.startsWith(each));

const own = z
  .string()
  .min(1)
  .refine((name) => !isReserved(name), {
    error: ({ input }) => `${String(input)} is said by Spangate alone`,
    params: { fix: `Take a name that does not begin with ${RESERVED.join(", ")}.` },
  });
/** Content keeps its name: by that it is known to the tiers and to retention. */
const plain = own.refine((name) => !isContent(name), {
  error: ({ input }) => `${String(input)} holds content, which stays under its own name, so that it is kept no longer and nowhere else`,
  params: { fix: "Drop it, hash it, or take a name that holds no content." },
});
const scalar = z.union([z.string(), z.number(), z.boolean()], { error: "not text, a number, true or false" });

/** In the order in which it is done. */
export const attributesOptions = z
  .strictObject({
    use: z.literal("attributes").meta({ description: "Drops, renames, hashes and sets attributes, in this order." }),
    when: conditionOptions.optional().meta({ description: "Which spans are changed; left out, all." }),
    drop: z.array(own).default([]).meta({ description: "Names of attributes to take off; `spangate.dim.*` means all that begin so." }),
    rename: z
      .record(plain, plain)
      .default({})
      .meta({ description: "New names by old ones. What stood under the new name is replaced. Content cannot be renamed." }),
    hash: z.array(own).default([]).meta({
      description: "Names of attributes whose values become keyed hashes, 32 hex digits: the same for the same value within a tenant.",
    }),
    set: z.record(plain, scalar).default({}).meta({ description: "Values by name; they replace what stood there." }),
  })
  .refine(({ drop, rename, hash, set }) => drop.length + Object.keys(rename).length + hash.length + Object.keys(set).length > 0, {
    error: "changes nothing",
    when: isSound,
    params: { fix: "Give drop, rename, hash or set, or remove it." },
  });
export type AttributesOptions = Resolved<z.output<typeof attributesOptions>>;

export function attributes({ when, drop, rename, hash, set }: AttributesOptions, { key }: Pick<ProcessorTools, "key">): Processor {
  const meant = when === undefined ? (): boolean => true : condition(when);
  const hashOf = keyedHashes(key);
  const dropped = new Set(drop);
  const prefixes = drop.flatMap((each) => (each.endsWith("*") ? [each.slice(0, -1)] : []));
  const isDropped = (name: string): boolean =>
    !isReserved(name) && (dropped.has(name) || prefixes.some((prefix) => name.startsWith(prefix)));

  function changed(span: Span): Span {
    const entries = new Map(Object.entries(span.attributes).filter(([name]) => !isDropped(name)));
    for (const [from, to] of Object.entries(rename)) {
      const value = entries.get(from);
      if (value === undefined) continue;
      entries.delete(from);
      entries.set(to, value);
    }
    for (const name of hash) {
      const value = entries.get(name);
      if (value !== undefined) entries.set(name, hashOf(span.tenant, "attributes", textOf(value)).toString("hex", 0, 16));
    }
    for (const [name, value] of Object.entries(set)) entries.set(name, value);
    return { ...span, attributes: Object.fromEntries(entries) };
  }

  return { name: "attributes", process: (spans) => spans.map((span) => (meant(span) ? changed(span) : span)) };
}

const textOf = (value: AttributeValue): string => (typeof value === "string" ? value : toJson(value));
