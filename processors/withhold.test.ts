import { expect, test } from "vitest";
import type { Span } from "../genai/span.ts";
import { byTier, whenScrubbed, withhold } from "./withhold.ts";

const attributes = {
  "gen_ai.request.model": "m",
  "gen_ai.input.messages": [{ role: "user", parts: [{ type: "text", content: "private" }] }],
  "gen_ai.output.messages": [],
  "gen_ai.prompt.variable.name": "private",
  "spangate.error.message": "private",
};

const span = (capture: Span["capture"]): Span => ({
  tenant: "default",
  source: "gateway",
  traceId: "0".repeat(31) + "1",
  spanId: "0".repeat(15) + "1",
  name: "chat m",
  kind: "client",
  startTimeUnixNano: 1n,
  endTimeUnixNano: 2n,
  status: "unset",
  capture,
  attributes,
});

const ALL = Object.keys(attributes);
const NO_CONTENT = ["gen_ai.request.model"];
const cases = [
  { tier: "full", scrubbed: false, tiers: ALL, finished: ALL },
  { tier: "scrubbed", scrubbed: false, tiers: ALL, finished: NO_CONTENT },
  { tier: "scrubbed", scrubbed: true, tiers: ALL, finished: ALL },
  { tier: "metadata", scrubbed: false, tiers: NO_CONTENT, finished: NO_CONTENT },
  { tier: "metadata", scrubbed: true, tiers: NO_CONTENT, finished: NO_CONTENT },
  { tier: "none", scrubbed: true, tiers: NO_CONTENT, finished: NO_CONTENT },
] as const;
for (const { tier, scrubbed, tiers, finished } of cases) {
  test(`tier ${tier}${scrubbed ? ", marked as scrubbed," : ""} goes on with ${tiers.length} attributes and is stored with ${finished.length}`, async () => {
    const given: Span = { ...span(tier), ...(scrubbed && { scrubbed }) };
    for (const { guard, kept } of [
      { guard: withhold(byTier), kept: tiers },
      { guard: withhold(whenScrubbed), kept: finished },
    ]) {
      const [out] = await guard.process([given]);
      expect(Object.keys(out?.attributes ?? {})).toEqual(kept);
      expect(given.attributes).toBe(attributes);
    }
  });
}
