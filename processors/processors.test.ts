import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { processors } from "./index.ts";
import { processorOptions } from "./options.ts";
import { aSpan, processorContract, type ProcessorPromises } from "./processor_contract.ts";
import type { Processor } from "./processor.ts";
import type { ProcessorTools } from "./tools.ts";
import { byTier, whenScrubbed, withhold } from "./withhold.ts";

const tools: ProcessorTools = { key: Buffer.alloc(32, 1), onProblem: () => {}, onPrinted: () => {} };
const upperCase = fileURLToPath(new URL("../testing/modules/upper_case.ts", import.meta.url));

/** Each of them, with options that make it work. */
const ALL: readonly ({ readonly options: object } & ProcessorPromises)[] = [
  {
    options: { use: "attributes", drop: ["spangate.*", "a"], rename: { "gen_ai.request.model": "model" }, set: { team: "a" } },
    idempotent: true,
  },
  { options: { use: "attributes", hash: ["gen_ai.request.model", "__proto__"] }, idempotent: false },
  {
    options: { use: "filter", drop: [{ outcome: ["partial"] }, { attributes: { "gen_ai.request.model": { matches: "a|b" } } }] },
    idempotent: true,
  },
  { options: { use: "filter", by: "span", keep: [{ kind: ["client"] }] }, idempotent: true },
  { options: { use: "sample", ratio: 0.5, content_ratio: 0.25 }, idempotent: true },
  { options: { use: "sample", ratio: 0.1, when: { tenant: ["acme"] } }, idempotent: true },
  { options: { use: "count_tokens" }, idempotent: true },
  { options: { use: "scrub" }, idempotent: true },
  { options: { use: "scrub", operators: { EMAIL: "hmac" }, tenants: { default: { operator: "mask" } } }, idempotent: true },
  { options: { use: "price" }, idempotent: true },
  { options: { use: "credits", rules: [{ per_call: 1 }] }, idempotent: true },
  { options: { use: "module", path: upperCase, name: "upper_case" }, idempotent: true },
];

for (const { options, ...promises } of ALL) {
  const checked = processorOptions.parse(options);
  const made = (): Processor => {
    const step = processors([checked], tools).find(({ name }) => name !== "withhold");
    return step ?? expect.unreachable();
  };
  processorContract(`${checked.use} ${JSON.stringify(options)}`.slice(0, 60), made, promises);
}
processorContract("withhold, by tier", () => withhold(byTier), { idempotent: true });
processorContract("withhold, when scrubbed", () => withhold(whenScrubbed), { idempotent: true });

test("every processor that a configuration can name has kept the contract", () => {
  const named = new Set(ALL.map(({ options }) => processorOptions.parse(options).use));
  expect([...named].sort()).toEqual(processorOptions.options.map(({ shape }) => shape.use.value).sort());
});

test("they stand in the order of the configuration, between guards", async () => {
  const list = [
    { use: "attributes", set: { step: "first" } },
    { use: "module", path: upperCase, name: "mine" },
    { use: "attributes", set: { step: "second" } },
  ].map((each) => processorOptions.parse(each));
  const chain = processors(list, tools);
  expect(chain.map(({ name }) => name)).toEqual(["withhold", "attributes", "withhold", "mine", "attributes", "withhold"]);
  for (const each of chain) await each[Symbol.asyncDispose]?.();
});

test("without a processor that scrubs, the tier `scrubbed` keeps no content, and no module sees it", async () => {
  const spans = (["full", "scrubbed", "metadata"] as const).map((capture) =>
    aSpan({ capture, spanId: capture, attributes: { "gen_ai.input.messages": "private", "acme.id": 7 } }),
  );
  let given = spans;
  for (const each of processors([], tools)) given = [...(await each.process(given))];
  expect(given.map(({ attributes }) => Object.keys(attributes))).toEqual([["gen_ai.input.messages", "acme.id"], ["acme.id"], ["acme.id"]]);
});
