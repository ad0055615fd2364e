import { expect, test } from "vitest";
import type { Span } from "../genai/span.ts";
import { aSpan } from "../processors/processor_contract.ts";
import type { Processor } from "../processors/processor.ts";
import { process } from "./process.ts";

const attributes = { "gen_ai.input.messages": "private", "gen_ai.request.model": "m" };
const given = [aSpan({ spanId: "1", capture: "full", attributes }), aSpan({ spanId: "2", capture: "scrubbed", attributes })];
const marked: Processor = { name: "mark", process: (spans) => spans.map((span) => ({ ...span, name: `${span.name}!` })) };
const odd = (returned: (spans: readonly Span[]) => unknown): Processor => ({
  name: "odd",
  process: (spans) => returned(spans) as readonly Span[],
});

test("spans go through one processor after the other", async () => {
  const halved: Processor = { name: "half", process: async (spans) => spans.slice(0, 1) };
  const { spans, dropped, failures } = await process(given, [marked, halved, marked, halved]);
  expect(spans.map(({ spanId, name }) => [spanId, name])).toEqual([["1", "chat m!!"]]);
  expect([dropped, failures]).toEqual([{ half: 1 }, []]);
});

const failing: readonly { title: string; processor: Processor; reason: string }[] = [
  {
    title: "throws",
    processor: odd(() => {
      throw new Error('cannot read "my name is Ada" of 7');
    }),
    reason: "cannot read … of 7",
  },
  { title: "rejects", processor: odd(() => Promise.reject(new Error("not now"))), reason: "not now" },
  { title: "returns nothing", processor: odd(() => undefined), reason: "it returned no list of spans" },
  { title: "returns something else", processor: odd(() => [{}]), reason: "it returned something that is no span" },
  {
    title: "doubles a span",
    processor: odd(([span]) => [span, span]),
    reason: "it returned a span that it was not given: ids, kind, times and order must stay",
  },
  {
    title: "turns them round",
    processor: odd((spans) => spans.toReversed()),
    reason: "it returned a span that it was not given: ids, kind, times and order must stay",
  },
  {
    title: "raises a tier",
    processor: odd((spans) => spans.map((span) => ({ ...span, capture: "full" }))),
    reason: "it raised the tier of a span",
  },
];
for (const { title, processor, reason } of failing) {
  test(`a processor that ${title} loses no span: they go on without content, through those behind it`, async () => {
    const { spans, dropped, failures } = await process(given, [processor, marked]);
    expect(spans).toEqual(given.map((span) => ({ ...span, name: "chat m!", attributes: { "gen_ai.request.model": "m" } })));
    expect([dropped, failures]).toEqual([{}, [{ processor: "odd", reason }]]);
  });
}

test("a tier may be lowered, and two spans that are alike may both stay", async () => {
  const twins = [given[0], given[0]] as readonly Span[];
  const lowered = odd((spans) => spans.map((span) => ({ ...span, capture: "metadata" })));
  const { spans, failures } = await process(twins, [lowered]);
  expect([spans.map(({ capture }) => capture), failures]).toEqual([["metadata", "metadata"], []]);
});
