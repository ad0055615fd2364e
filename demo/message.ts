import { createHash, type Hash } from "node:crypto";
import { z } from "zod";

const toolCall = z.looseObject({
  id: z.string(),
  type: z.literal("function"),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
});
export type ToolCall = z.infer<typeof toolCall>;

/** A message of a chat completion: what the demo reads of it, and the rest as it came. */
export const message = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]).nullish(),
  refusal: z.string().nullish(),
  tool_calls: z.array(toolCall).nullish(),
  tool_call_id: z.string().nullish(),
});
export type Message = z.infer<typeof message>;

/** The words of a message; images, files and sounds are left out. */
export function textOf({ content }: Message): string {
  if (typeof content === "string") return content;
  return (content ?? [])
    .map((part) => part["text"])
    .filter((text) => typeof text === "string")
    .join("");
}

/**
 * What tells one message history from another. Fields that clients add or drop on the way (names, annotations, nulls) do not count,
 * so a reply that was pushed back into the history as it came is still recognised.
 */
function canonical(each: Message): string {
  const calls = (each.tool_calls ?? []).map((call) => [call.id, call.function.name, call.function.arguments]);
  return `${JSON.stringify([each.role, textOf(each), each.refusal ?? null, calls, each.tool_call_id ?? null])}\n`;
}

/** Adds one message to the digest of the history before it. */
export function extend(history: Hash, each: Message): Hash {
  return history.update(canonical(each));
}

export function digestOf(messages: readonly Message[]): string {
  return messages.reduce(extend, createHash("sha256")).digest("hex");
}
