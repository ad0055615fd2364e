/** What providers say when a generation ends, in the words of the message schema of the GenAI conventions. */
const NORMALISED: ReadonlyMap<string, string> = new Map([
  ["stop", "stop"],
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["eos", "stop"],
  ["length", "length"],
  ["max_tokens", "length"],
  ["max_output_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["tool_calls", "tool_call"],
  ["tool_call", "tool_call"],
  ["function_call", "tool_call"],
  ["tool_use", "tool_call"],
  ["content_filter", "content_filter"],
  ["refusal", "content_filter"],
  ["safety", "content_filter"],
  ["recitation", "content_filter"],
  ["blocklist", "content_filter"],
  ["prohibited_content", "content_filter"],
  ["spii", "content_filter"],
  ["image_safety", "content_filter"],
  ["compaction", "compaction"],
  ["cancelled", "error"],
  ["failed", "error"],
  ["malformed_function_call", "error"],
  ["unexpected_tool_call", "error"],
]);

/** A reason nobody gave reads `error`; one we do not know stays as it is, in lower case. */
export function finishReason(raw: string | undefined): string {
  if (raw === undefined) return "error";
  const lower = raw.toLowerCase();
  return NORMALISED.get(lower) ?? lower;
}
