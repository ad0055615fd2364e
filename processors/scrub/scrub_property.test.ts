import fc from "fast-check";
import { expect, test } from "vitest";
import type { AttributeValue, Span } from "../../genai/span.ts";
import { aSpan } from "../processor_contract.ts";
import { OPERATORS } from "./operate.ts";
import { scrubOptions } from "./options.ts";
import { scrub } from "./scrub.ts";

const CANARIES = ["anna.keller@gmail.com", "4111 1111 1111 1111", "DE89370400440532013000", "+49 151 23456789"] as const;
const AROUND = [
  "",
  " ",
  "\n",
  "\0",
  "\u200b ",
  "[EMAIL]",
  "EMAIL_abcdefghij ",
  '"',
  "\\ ",
  "{",
  "[",
  ": ",
  "é ",
  "\u202e",
  "\ud83d ",
  "PERSON_",
  "a, b; ",
];

const said = fc
  .array(
    fc.oneof(
      fc.constantFrom(...CANARIES),
      fc.constantFrom(...AROUND),
      fc.string({ maxLength: 8 }),
      fc.constant("Thanks, "),
      fc.constant("My name is Ann Lee. "),
    ),
    { maxLength: 6 },
  )
  .map((pieces) => pieces.map((piece) => ((CANARIES as readonly string[]).includes(piece) ? `; ${piece}; ` : piece)).join(""));
const json = fc.dictionary(
  fc.oneof(fc.constantFrom("note", "email", "title", "n"), said),
  fc.oneof(said, fc.integer({ min: -9999, max: 9999 }), fc.array(said, { maxLength: 2 })),
  { maxKeys: 4 },
);
const text = fc.oneof(
  said,
  json.map((value) => JSON.stringify(value)),
  json.map((value) => JSON.stringify({ deep: JSON.stringify(value) })),
);
const message: fc.Arbitrary<AttributeValue> = fc.oneof(
  text.map((content) => ({ role: "user", parts: [{ type: "text", content }] })),
  fc.oneof(text, json).map((response) => ({ role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response }] })),
);
const span = fc
  .record({ messages: fc.array(message, { maxLength: 3 }), session: said, name: said })
  .map(({ messages, session, name }) =>
    aSpan({ name, capture: "scrubbed", attributes: { "gen_ai.input.messages": messages, "session.id": session } }),
  );

function withoutStamp(span: Span): Span {
  const attributes = Object.fromEntries(Object.entries(span.attributes).filter(([name]) => !name.startsWith("spangate.scrub.")));
  return { ...(Object.fromEntries(Object.entries(span).filter(([name]) => name !== "scrubbed")) as unknown as Span), attributes };
}

/** All but what texts say: JSON in texts stays JSON. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value === "object" && value !== null) return Object.values(value).map(shape);
  if (typeof value !== "string") return "scalar";
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === "object" ? shape(parsed) : "scalar";
  } catch {
    return "scalar";
  }
}

for (const operator of OPERATORS) {
  const scrubber = (options: object): ((given: Span) => Promise<Span>) => {
    const processor = scrub(scrubOptions.parse({ use: "scrub", operator, ...options }), { key: Buffer.alloc(32, 1) });
    return async (given) => withoutStamp((await processor.process([given]))[0] as Span);
  };

  test(`whatever is said, ${operator} leaves nothing of it and keeps its shape`, async () => {
    const scrubbed = scrubber({});
    await fc.assert(
      fc.asyncProperty(span, async (given) => {
        const once = await scrubbed(given);
        const all = JSON.stringify([once.name, once.attributes]);
        for (const canary of CANARIES) expect(all).not.toContain(canary);
        expect(shape(once.attributes["gen_ai.input.messages"])).toEqual(shape(given.attributes["gen_ai.input.messages"]));
      }),
      { numRuns: 300 },
    );
  });

  // Without names: what a name is depends on all around it, and the stamp keeps a second pass from asking.
  if (operator === "drop") continue; // what is dropped leaves its label to what stands behind it
  test(`whatever is said, after ${operator} there is nothing more to find`, async () => {
    const scrubbed = scrubber({ names: "off" });
    await fc.assert(
      fc.asyncProperty(span, async (given) => {
        const once = await scrubbed(given);
        expect(await scrubbed(once)).toEqual(once);
      }),
      { numRuns: 300 },
    );
  });
}
