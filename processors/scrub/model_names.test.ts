import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { aSpan } from "../processor_contract.ts";
import { scrubOptions } from "./options.ts";
import { scrub } from "./scrub.ts";

async function scrubbed(model: string, options: object = {}): Promise<readonly unknown[]> {
  const processor = scrub(scrubOptions.parse({ use: "scrub", ...options }), { key: new Uint8Array(32) });
  const attributes = { "gen_ai.operation.name": "chat", "gen_ai.request.model": model, "gen_ai.response.model": model };
  const [span] = await processor.process([aSpan({ capture: "scrubbed", name: `chat ${model}`, attributes })]);
  return [span?.attributes["gen_ai.request.model"], span?.attributes["gen_ai.response.model"], span?.name];
}

const listed = readFileSync(new URL(import.meta.resolve("@pydantic/genai-prices")), "utf8").matchAll(
  /\b(?:id|equals|starts_with): "([^"]+)"/g,
);

test("no model of the catalog of prices is taken for a person or a number of one", async () => {
  const models = [...new Set([...listed].map(([, name = ""]) => name))];
  expect(models.length).toBeGreaterThan(1000);
  const processor = scrub(scrubOptions.parse({ use: "scrub" }), { key: new Uint8Array(32) });
  const spans = models.map((model) =>
    aSpan({ capture: "scrubbed", name: `chat ${model}`, attributes: { "gen_ai.operation.name": "chat", "gen_ai.request.model": model } }),
  );
  const after = await processor.process(spans);
  expect(after.filter(({ name }, i) => name !== spans[i]?.name).map(({ name }) => name)).toEqual([]);
  expect(after.filter(({ attributes }, i) => attributes["gen_ai.request.model"] !== models[i])).toEqual([]);
});

for (const { title, model, options } of [
  { title: "an e-mail address", model: "jane.doe@example.com" },
  { title: "a key", model: "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH" },
  { title: "a card", model: "gpt-4o:4111111111111111" },
  { title: "a sentence about somebody", model: "My name is Margaret Thatcher, write me a letter" },
  { title: "what is denied", model: "ft:gpt-4o:margaret", options: { deny: [{ type: "PERSON", texts: ["margaret"] }] } },
]) {
  test(`${title} is none, and goes`, async () => {
    const secret = /jane\.doe|abcdefghij|4111|margaret/i;
    const texts = (await scrubbed(model, options)).map(String);
    expect(texts.filter((text) => secret.test(text))).toEqual([]);
  });
}

test("is scrubbed of nothing where nothing that is certain is looked for", async () => {
  const model = "x-ai/grok-4";
  expect(await scrubbed(model, { types: ["PERSON"] })).toEqual([model, model, `chat ${model}`]);
});
