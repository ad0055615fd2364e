import fc from "fast-check";
import { expect, test } from "vitest";
import { GEN_AI_OUTPUT_MESSAGES } from "../genai/attributes.ts";
import { carry } from "../pipeline/carry.ts";
import { scrubOptions } from "../processors/scrub/options.ts";
import { scrub } from "../processors/scrub/scrub.ts";
import { aRecorded, events } from "./recorded.ts";

const ANSWER =
  "Dear Mr. Okafor, we wrote to anna.keller@gmail.com and called +49 151 23456789; the card 4111 1111 1111 1111 and " +
  "the key ghp_16C7e42F292c6912E7710c838347Ae178B4a belong to Ann-Sofie Lindqvist, 12 Elm Street, Springfield, IL 62704. 😀 Ünal";

const processor = scrub(scrubOptions.parse({ use: "scrub", memo_bytes: 2 ** 20 }), { key: Buffer.alloc(32) });

/** What is stored of a reply that came in deltas of these sizes, over a connection that cut its bytes at those. */
async function stored(deltas: readonly number[], cuts: readonly number[]): Promise<unknown> {
  const pieces: string[] = [];
  for (let at = 0, i = 0; at < ANSWER.length; i++) {
    const size = Math.max(1, deltas[i % deltas.length] ?? 1);
    pieces.push(ANSWER.slice(at, at + size));
    at += size;
  }
  const response = events(...pieces.map((content) => ({ id: "c", choices: [{ index: 0, delta: { content }, finish_reason: null }] })), {
    id: "c",
    choices: [{ index: 0, delta: {}, finish_reason: "stop" }],
  });
  const recorded = aRecorded({ opened: { tier: "scrubbed" }, request: { model: "gpt-4o", stream: true, messages: [] }, response, cuts });
  const { spans } = await carry([recorded], [processor], { userKey: () => "key" });
  return spans.map(({ attributes }) => attributes[GEN_AI_OUTPUT_MESSAGES]).find((messages) => messages !== undefined);
}

test("however a stream is cut, what is stored of it is what is stored of the whole, and nothing personal is in it", async () => {
  const whole = await stored([ANSWER.length], []);
  const text = JSON.stringify(whole);
  expect(text).toContain("[EMAIL]");
  for (const secret of ["Okafor", "anna", "23456789", "1111", "ghp_", "Lindqvist", "Elm Street"]) expect(text).not.toContain(secret);
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(sizes, sizes, async (deltas, cuts) => {
      expect(await stored(deltas, cuts)).toEqual(whole);
    }),
    { numRuns: 60 },
  );
});
