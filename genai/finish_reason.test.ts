import { expect, test } from "vitest";
import { finishReason } from "./finish_reason.ts";

const cases: readonly (readonly [raw: string | undefined, normalised: string])[] = [
  ["stop", "stop"],
  ["end_turn", "stop"],
  ["STOP", "stop"],
  ["length", "length"],
  ["max_output_tokens", "length"],
  ["tool_calls", "tool_call"],
  ["function_call", "tool_call"],
  ["content_filter", "content_filter"],
  ["SAFETY", "content_filter"],
  ["cancelled", "error"],
  ["MALFORMED_FUNCTION_CALL", "error"],
  ["Pause_Turn", "pause_turn"],
  [undefined, "error"],
];

for (const [raw, normalised] of cases) {
  test(`the finish reason ${raw} reads ${normalised}`, () => {
    expect(finishReason(raw)).toBe(normalised);
  });
}
