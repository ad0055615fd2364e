import { expect, test } from "vitest";
import type { Span } from "../genai/span.ts";
import { withhold } from "./withhold.ts";

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

for (const { tier, kept } of [
  { tier: "full", kept: Object.keys(attributes) },
  { tier: "scrubbed", kept: ["gen_ai.request.model"] },
  { tier: "metadata", kept: ["gen_ai.request.model"] },
] as const) {
  test(`tier ${tier} keeps ${kept.length} of ${Object.keys(attributes).length} attributes`, async () => {
    const given = span(tier);
    const [out] = await withhold().process([given]);
    expect(Object.keys(out?.attributes ?? {})).toEqual(kept);
    expect(given.attributes).toBe(attributes);
  });
}
