import { z } from "zod";
import type { Resolved } from "../config/secret.ts";
import { GEN_AI_OPERATION_NAME, UPSTREAM } from "../genai/attributes.ts";
import type { AttributeValue, Span } from "../genai/span.ts";
import { finder, linearPattern } from "./linear_pattern.ts";
import { isSound } from "./sound.ts";

const ENDINGS = ["completed", "cut", "abandoned", "incomplete", "rejected"] as const;
const OUTCOMES = ["ok", "partial", "error", "refused", "cancelled"] as const;
const KINDS = ["internal", "server", "client", "producer", "consumer"] as const;

const names = z.array(z.string().min(1)).min(1);

const attributeTest = z
  .strictObject({
    equals: z.union([z.string(), z.number(), z.boolean()], { error: "not text, a number, true or false" }).optional(),
    matches: linearPattern.optional(),
    exists: z.boolean().optional(),
  })
  .refine(saysSomething, { error: "says nothing of the attribute", when: isSound, params: { fix: "Give equals, matches or exists." } });

/** Which spans are meant. Everything it says must hold. */
export const conditionOptions = z
  .strictObject({
    tenant: names.optional().meta({ description: "Tenants; one of them." }),
    source: names.optional().meta({ description: "Who reported the span: `gateway`, or the sender of received spans." }),
    upstream: names.optional().meta({ description: "Names of upstreams. Only spans of kind `client` have one." }),
    operation: names.optional().meta({ description: "Operations such as `chat` or `embeddings`. Only spans of models have one." }),
    kind: z
      .array(z.enum(KINDS))
      .min(1)
      .optional()
      .meta({ description: "Kinds: `server` for the call as the client saw it, `client` beyond it." }),
    ending: z.array(z.enum(ENDINGS)).min(1).optional().meta({ description: "How the call ended." }),
    outcome: z.array(z.enum(OUTCOMES)).min(1).optional().meta({ description: "What came of it." }),
    name: linearPattern.optional().meta({ description: "A pattern that is found in the span's name." }),
    attributes: z.record(z.string().min(1), attributeTest).optional().meta({
      description:
        "By attribute: `{equals: value}`, `{matches: pattern}` or `{exists: false}`. Of a list, one element must fit; structured values only exist.",
    }),
  })
  .refine(saysSomething, {
    error: "says nothing, so it would mean every span",
    when: isSound,
    params: { fix: "Say what must hold, or leave it out." },
  })
  .meta({ title: "condition", description: "Which spans are meant. Everything that a condition says must hold." });
export type ConditionOptions = Resolved<z.output<typeof conditionOptions>>;

/** Compiles a condition, once for many spans. */
export function condition(options: ConditionOptions): (span: Span) => boolean {
  const tests: ((span: Span) => boolean)[] = [];
  const oneOf = (listed: readonly string[] | undefined, of: (span: Span) => unknown): void => {
    if (listed !== undefined) tests.push((span) => listed.some((each) => each === of(span)));
  };
  oneOf(options.kind, ({ kind }) => kind);
  oneOf(options.tenant, ({ tenant }) => tenant);
  oneOf(options.source, ({ source }) => source);
  oneOf(options.ending, ({ ending }) => ending);
  oneOf(options.outcome, (span) => span.outcome);
  oneOf(options.operation, (span) => valueOf(span, GEN_AI_OPERATION_NAME));
  oneOf(options.upstream, (span) => valueOf(span, UPSTREAM));
  if (options.name !== undefined) {
    const found = finder(options.name);
    tests.push(({ name }) => found(name));
  }
  for (const [name, { equals, matches, exists }] of Object.entries(options.attributes ?? {})) {
    if (exists !== undefined) tests.push((span) => (valueOf(span, name) !== undefined) === exists);
    if (equals !== undefined) tests.push((span) => some(valueOf(span, name), (value) => same(value, equals)));
    if (matches !== undefined) {
      const found = finder(matches);
      tests.push((span) => some(valueOf(span, name), (value) => isScalar(value) && found(String(value))));
    }
  }
  return (span) => tests.every((holds) => holds(span));
}

/** An attribute's own value: a name like `constructor` is none unless it was given. */
function valueOf({ attributes }: Span, name: string): AttributeValue | undefined {
  return Object.hasOwn(attributes, name) ? attributes[name] : undefined;
}

function some(value: AttributeValue | undefined, fits: (value: AttributeValue) => boolean): boolean {
  if (value === undefined) return false;
  return Array.isArray(value) ? (value as readonly AttributeValue[]).some(fits) : fits(value);
}

const isScalar = (value: AttributeValue): value is string | number | bigint | boolean => value !== null && typeof value !== "object";

const same = (value: AttributeValue, wanted: string | number | boolean): boolean =>
  value === wanted || (typeof value === "bigint" && typeof wanted === "number" && Number.isInteger(wanted) && value === BigInt(wanted));

function saysSomething(given: object): boolean {
  return Object.values(given).some((value) => value !== undefined);
}
