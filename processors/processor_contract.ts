import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isContent } from "../genai/attributes.ts";
import { toJson } from "../genai/json.ts";
import type { AttributeValue, Span } from "../genai/span.ts";
import type { Processor } from "./processor.ts";
import { placesOf } from "./returned.ts";

export interface ProcessorPromises {
  /** Whether doing it twice is doing it once. */
  readonly idempotent: boolean;
}

/** A chat call that went well, with what the test says otherwise. */
export function aSpan(span: Partial<Span> = {}): Span {
  return {
    tenant: "default",
    source: "gateway",
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    exchangeId: "one",
    name: "chat m",
    kind: "client",
    startTimeUnixNano: 1_767_225_600_000_000_000n, // 2026-01-01
    endTimeUnixNano: 1_767_225_601_000_000_000n,
    status: "unset",
    ending: "completed",
    outcome: "ok",
    capture: "full",
    attributes: {},
    ...span,
  };
}

/** What every processor keeps of its promises. */
export function processorContract(name: string, open: () => Processor, { idempotent }: ProcessorPromises): void {
  describe(`the processor ${name}`, () => {
    /** Runs a batch that nobody can change, and checks what holds for all. */
    async function run(processor: Processor, spans: readonly Span[]): Promise<readonly Span[]> {
      const returned = await processor.process(frozen(spans));
      placesOf(spans, returned); // no span invented, doubled, moved or made another; no tier raised
      expect(structuredClone(returned)).toEqual(returned);
      expect(() => JSON.parse(toJson(returned)) as unknown).not.toThrow();
      for (const [at, i] of placesOf(spans, returned).entries()) {
        const [before, after] = [spans[i], returned[at]];
        if (before?.scrubbed === undefined && processor.name !== "scrub") expect(after?.scrubbed).toBeUndefined();
      }
      return returned;
    }
    const using = async (spans: readonly Span[]): Promise<readonly Span[]> => {
      const processor = open();
      try {
        return await run(processor, spans);
      } finally {
        await processor[Symbol.asyncDispose]?.();
      }
    };

    test("has a name that metrics can show", async () => {
      const processor = open();
      expect(processor.name).toMatch(/^[a-z][a-z0-9_]{0,62}$/);
      await processor[Symbol.asyncDispose]?.();
    });

    test("gives nothing for nothing", async () => {
      expect(await using([])).toEqual([]);
    });

    for (const [title, span] of Object.entries(ODD)) {
      test(`takes a span ${title}`, async () => {
        await using([aSpan(span)]);
      });
    }

    test("takes a text that is as long as a body may be, within seconds", async () => {
      const begun = performance.now();
      await using([aSpan({ attributes: { "gen_ai.input.messages": message("a ".repeat(4 * 1024 * 1024)) } })]);
      expect(performance.now() - begun).toBeLessThan(20_000);
    });

    test("keeps whose span, which and when, and the order, whatever it is given", { timeout: 60_000 }, async () => {
      const processor = open();
      await fc.assert(
        fc.asyncProperty(batches, async (spans) => {
          const once = await run(processor, spans);
          if (idempotent) expect(await run(processor, once)).toEqual(once);
        }),
        { numRuns: 50 },
      );
      await processor[Symbol.asyncDispose]?.();
    });

    test("gives each batch the same answer, whatever was asked before", async () => {
      const processor = open();
      const batch = Array.from({ length: 20 }, (_, i) =>
        aSpan({ spanId: hex(i, 16), traceId: hex(i * 7_654_321, 32), exchangeId: `e${i}` }),
      );
      const [first, second] = [await run(processor, batch), await run(processor, batch)];
      expect(second).toEqual(first);
      await processor[Symbol.asyncDispose]?.();
    });

    test("puts no content where there was none", async () => {
      const out = await using([aSpan({ capture: "metadata", attributes: { a: "b", "gen_ai.request.model": "m" } })]);
      expect(out.flatMap(({ attributes }) => Object.keys(attributes)).filter(isContent)).toEqual([]);
    });
  });
}

const message = (content: string): AttributeValue => [{ role: "user", parts: [{ type: "text", content }] }];
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

/** Nested deeper than any parser of ours goes, and shallower than a stack. */
function nested(depth: number): AttributeValue {
  let value: AttributeValue = "deep";
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

const ODD: Readonly<Record<string, Partial<Span>>> = {
  "without attributes": { attributes: {} },
  "of no exchange": { exchangeId: undefined } as unknown as Partial<Span>,
  "with a name like __proto__": {
    attributes: JSON.parse('{"__proto__": "own", "constructor": {"__proto__": 1}, "toString": "x"}') as Span["attributes"],
  },
  "with a bigint": { attributes: { big: 2n ** 80n, list: [1n, "two", null] } },
  "with empty texts": { name: "", attributes: { "": "", empty: "", "gen_ai.input.messages": message("") } },
  "with halves of characters": { name: "\ud83d", attributes: { half: "\udc00\ud83d", "gen_ai.output.messages": message("\ud83d") } },
  "with content that is no list of messages": {
    attributes: { "gen_ai.input.messages": "text", "gen_ai.output.messages": [null, 7, [[]]], "gen_ai.tool.definitions": {} },
  },
  "with values that nest": { attributes: { deep: nested(60), "gen_ai.input.messages": nested(60) } },
  "with numbers that JSON has none for": { attributes: { nan: NaN, infinite: -Infinity, zero: -0 } },
  "with many attributes": { attributes: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`a.${i}`, i])) },
  "that ended before it began": { startTimeUnixNano: 2n, endTimeUnixNano: 1n },
  "with a trace id that is none": { traceId: "not hexadecimal", spanId: "" },
};

function frozen<Value>(value: Value): Value {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const each of Object.values(value)) frozen(each);
  return value;
}

const name = fc.oneof(
  fc.constantFrom(
    "gen_ai.input.messages",
    "gen_ai.request.model",
    "spangate.upstream",
    "spangate.error.message",
    "spangate.usage.source",
    "__proto__",
  ),
  fc.string({ maxLength: 12 }),
);
const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.bigInt(),
  fc.constant(null),
  fc.array(fc.string(), { maxLength: 3 }),
  fc.string().map(message),
);
const span: fc.Arbitrary<Span> = fc
  .record({
    traceId: fc.integer({ min: 1, max: 2 ** 31 }).map((each) => `${hex(each, 16)}${hex(each * 2 ** 20, 16)}`),
    exchangeId: fc.constantFrom("one", "two", "three"),
    tenant: fc.constantFrom("default", "acme"),
    name: fc.string(),
    status: fc.constantFrom("unset" as const, "error" as const),
    outcome: fc.constantFrom("ok" as const, "error" as const, "partial" as const),
    kind: fc.constantFrom("client" as const, "server" as const),
    capture: fc.constantFrom("full" as const, "scrubbed" as const, "metadata" as const),
    attributes: fc.array(fc.tuple(name, value), { maxLength: 6 }).map((entries) => Object.fromEntries(entries)),
  })
  .map(aSpan);
/** Ids differ within a batch, as they do. */
const batches = fc.array(span, { maxLength: 8 }).map((spans) => spans.map((each, i) => ({ ...each, spanId: hex(i + 1, 16) })));
