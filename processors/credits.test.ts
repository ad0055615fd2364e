import { describe, expect, test } from "vitest";
import type { Span } from "../genai/span.ts";
import { credits, creditsOptions } from "./credits.ts";

const RULES = [
  { model: "gpt-5*", per_call: 1, per_1k_tokens: 0.1, per_tool_call: 2 },
  { upstream: "local", tenant: ["acme", "beta"], per_call: 0.5 },
  { model: "counted", per_1k_tokens: 3 },
];

function span(attributes: Span["attributes"], rest: Partial<Span> = {}): Span {
  return {
    tenant: "acme",
    source: "gateway",
    traceId: "1",
    spanId: "1",
    name: "chat",
    kind: "client",
    startTimeUnixNano: 1n,
    endTimeUnixNano: 2n,
    status: "unset",
    capture: "full",
    usageSource: "provider",
    ...rest,
    attributes: { "http.response.status_code": 200, "spangate.upstream": "openai", ...attributes },
  };
}

const cases: readonly { title: string; given: Span; consumed: number | undefined }[] = [
  {
    title: "adds up what a call, its tokens and its tools cost",
    given: span(
      { "gen_ai.request.model": "gpt-5-mini", "spangate.response.tool_calls": 2 },
      { tokens: { inUncached: 1000, cacheRead: 200, outText: 34 } },
    ),
    consumed: 5.1234, // 1 + 2 * 2 + 1.234 * 0.1
  },
  {
    title: "counts by the first rule that matches",
    given: span({ "gen_ai.response.model": "GPT-5", "spangate.upstream": "local" }, { tokens: {} }),
    consumed: undefined,
  },
  { title: "goes by the upstream and the tenant", given: span({ "spangate.upstream": "local" }), consumed: 0.5 },
  { title: "takes both", given: span({ "spangate.upstream": "local" }, { tenant: "gamma" }), consumed: undefined },
  {
    title: "lets the caller's own figure stand",
    given: span({ "gen_ai.request.model": "gpt-5", "spangate.credits.consumed": 7 }, { tokens: { inUncached: 1 } }),
    consumed: 7,
  },
  {
    title: "takes nothing for a call that failed",
    given: span({ "spangate.upstream": "local", "http.response.status_code": 429 }),
    consumed: undefined,
  },
  {
    title: "takes nothing for what is no call of a model",
    given: { ...span({ "spangate.upstream": "local" }), usageSource: undefined } as unknown as Span,
    consumed: undefined,
  },
  {
    title: "tells nothing where tokens count and nobody knows them",
    given: span({ "gen_ai.request.model": "counted" }),
    consumed: undefined,
  },
  {
    title: "is exact where a float is not",
    given: span({ "gen_ai.request.model": "counted" }, { tokens: { inUncached: 100 } }),
    consumed: 0.3,
  },
  {
    title: "rounds to what the column holds, half to even",
    given: span({ "gen_ai.request.model": "gpt-5" }, { tokens: { inUncached: 5, outText: 0 } }),
    consumed: 1.0005,
  },
];

describe("credits", () => {
  for (const { title, given, consumed } of cases) {
    test(title, async () => {
      const [out] = await credits(creditsOptions.parse({ use: "credits", rules: RULES })).process([given]);
      expect(out?.attributes["spangate.credits.consumed"]).toBe(consumed);
    });
  }

  for (const rules of [undefined, [], [{ per_call: -1 }], [{ per_cal: 1 }], [{ model: "" }]]) {
    test(`refuses the rules ${JSON.stringify(rules)}`, () => {
      expect(creditsOptions.safeParse({ use: "credits", rules }).success).toBe(false);
    });
  }
});
