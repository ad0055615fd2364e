import assert from "node:assert/strict";
import type { TokenBuckets } from "../../genai/span.ts";
import { carry } from "../../pipeline/carry.ts";
import { countTokens, countTokensOptions } from "../../processors/count_tokens.ts";
import type { Entry } from "../data_plane.ts";

/** A request whose tokens are known: three for the message, three for the reply, one each for the role and the word. */
export const ASKED = JSON.stringify({ model: "gpt-4o", stream: true, messages: [{ role: "user", content: "hello" }] });
export const ASKED_TOKENS = 8;

const counting = countTokens(countTokensOptions.parse({ use: "count_tokens" }));

/** The tokens that the pipeline estimates of what is on record; fails where they are not marked as estimated. */
export async function estimated({ opened, closed, request, chunks }: Entry): Promise<TokenBuckets> {
  assert.ok(closed);
  const spans = await carry([{ opened, closed, request, response: chunks }], [counting], { userKey: () => "key" });
  const model = spans.spans.find(({ usageSource }) => usageSource !== undefined);
  assert.equal(model?.usageSource, "estimated");
  return model.tokens ?? {};
}
