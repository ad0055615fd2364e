import { expect, test } from "vitest";
import type { Span } from "../genai/span.ts";
import { condition, conditionOptions } from "./condition.ts";
import { aSpan } from "./processor_contract.ts";

const attributes = JSON.parse(
  '{"gen_ai.operation.name": "chat", "spangate.upstream": "openai", "gen_ai.request.model": "gpt-5-nano", "gen_ai.response.finish_reasons": ["stop", "length"], "n": 5, "flag": true, "nothing": null, "deep": {"a": 1}, "__proto__": "own"}',
) as Span["attributes"];
const span = aSpan({
  tenant: "acme",
  name: "chat gpt-5-nano",
  ending: "cut",
  outcome: "error",
  attributes: { ...attributes, big: 2n ** 60n },
});

const cases: readonly { when: object; holds: boolean }[] = [
  { when: { tenant: ["acme"] }, holds: true },
  { when: { tenant: ["other", "acme"] }, holds: true },
  { when: { tenant: ["other"] }, holds: false },
  { when: { source: ["gateway"] }, holds: true },
  { when: { upstream: ["openai"] }, holds: true },
  { when: { upstream: ["groq"] }, holds: false },
  { when: { operation: ["chat", "embeddings"] }, holds: true },
  { when: { kind: ["server"] }, holds: false },
  { when: { ending: ["cut", "abandoned"] }, holds: true },
  { when: { outcome: ["ok"] }, holds: false },
  { when: { name: "gpt-5" }, holds: true },
  { when: { name: "^gpt-5" }, holds: false },
  { when: { tenant: ["acme"], outcome: ["ok"] }, holds: false },
  { when: { attributes: { "gen_ai.request.model": { equals: "gpt-5-nano" } } }, holds: true },
  { when: { attributes: { "gen_ai.request.model": { equals: "gpt-5" } } }, holds: false },
  { when: { attributes: { "gen_ai.request.model": { matches: "^gpt-5" } } }, holds: true },
  { when: { attributes: { "gen_ai.request.model": { matches: "^gpt-5", exists: true, equals: "other" } } }, holds: false },
  { when: { attributes: { "gen_ai.response.finish_reasons": { equals: "length" } } }, holds: true },
  { when: { attributes: { "gen_ai.response.finish_reasons": { matches: "^len" } } }, holds: true },
  { when: { attributes: { n: { equals: 5 } } }, holds: true },
  { when: { attributes: { n: { equals: "5" } } }, holds: false },
  { when: { attributes: { n: { matches: "^5$" } } }, holds: true },
  { when: { attributes: { big: { equals: 2 ** 60 } } }, holds: true },
  { when: { attributes: { flag: { equals: true } } }, holds: true },
  { when: { attributes: { nothing: { exists: true } } }, holds: true },
  { when: { attributes: { nothing: { matches: "." } } }, holds: false },
  { when: { attributes: { deep: { matches: "." } } }, holds: false },
  { when: { attributes: { deep: { exists: true } } }, holds: true },
  { when: { attributes: { absent: { exists: false } } }, holds: true },
  { when: { attributes: { constructor: { exists: true } } }, holds: false },
  { when: { attributes: { absent: { matches: "." } } }, holds: false },
];
for (const { when, holds } of cases) {
  test(`${JSON.stringify(when)} ${holds ? "means" : "does not mean"} the span`, () => {
    expect(condition(conditionOptions.parse(when))(span)).toBe(holds);
  });
}

const refused: readonly { when: object; says: RegExp }[] = [
  { when: {}, says: /says nothing/ },
  { when: { attributes: { a: {} } }, says: /says nothing of the attribute/ },
  { when: { tenant: [] }, says: /./ },
  { when: { name: "(a" }, says: /linear time/ },
  { when: { name: "(a)\\1" }, says: /linear time/ },
  { when: { name: "(?=a)" }, says: /linear time/ },
  { when: { name: "" }, says: /./ },
  { when: { colour: ["red"] }, says: /colour/ },
];
for (const { when, says } of refused) {
  test(`${JSON.stringify(when)} is no condition`, () => {
    expect(conditionOptions.safeParse(when).error?.message).toMatch(says);
  });
}

test("a pattern made to take for ever does not", () => {
  const holds = condition(conditionOptions.parse({ name: "^(a+)+$" }));
  const begun = performance.now();
  expect(holds(aSpan({ name: `${"a".repeat(50_000)}!` }))).toBe(false);
  expect(performance.now() - begun).toBeLessThan(2000);
});
