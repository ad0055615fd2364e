import type { Message, Part } from "./dialect.ts";
import { asArray, asAttribute, asObject, asText, present, type JsonObject } from "./json.ts";
import { contentParts, genericPart, toolCallPart, toolResponsePart } from "./openai_content.ts";
import { reasoningPart, textPart } from "./parts.ts";

// Items of the Responses API, in a request's `input` and in a reply's `output`.
// Source: https://platform.openai.com/docs/api-reference/responses/object

/** Items that ask the client to run something and wait for its answer. */
const CLIENT_CALLS: ReadonlySet<unknown> = new Set([
  "function_call",
  "custom_tool_call",
  "computer_call",
  "local_shell_call",
  "shell_call",
  "apply_patch_call",
]);

/** The members of a server tool's item that are its outcome; all others describe the call. */
const OUTCOMES: ReadonlySet<string> = new Set(["results", "outputs", "output", "error", "tools"]);

/** Members that are said elsewhere, or are not for reading. */
const NOT_OF_THE_TOOL: ReadonlySet<string> = new Set(["type", "id", "call_id", "status", "name", "result", "encrypted_content"]);

export function isClientCall(item: unknown): boolean {
  return CLIENT_CALLS.has(asObject(item)?.["type"]);
}

/** An item of a request's `input` as a message: each stands for a turn, or a step of one. */
export function inputMessage(value: unknown): Message | undefined {
  const item = asObject(value);
  if (!item) return typeof value === "string" ? { role: "user", parts: [textPart(value)] } : undefined;
  const type = asText(item["type"]);
  const role = asText(item["role"]);
  if (role !== undefined && (type === "message" || type === undefined)) return { role, parts: contentParts(item["content"]) };
  if (type?.endsWith("_call_output")) {
    // Some outputs have no text of their own and only say how it went.
    return { role: "tool", parts: [toolResponsePart(item["call_id"] ?? item["id"], item["output"] ?? item["status"])] };
  }
  const parts = itemParts(item);
  return parts.length > 0 ? { role: type === "mcp_approval_response" ? "user" : "assistant", parts } : undefined;
}

/** An item the model made, as parts of its one message. */
export function itemParts(item: JsonObject): readonly Part[] {
  const type = asText(item["type"]) ?? "";
  switch (type) {
    case "message":
      return contentParts(item["content"]);
    case "reasoning":
      return reasoning(item);
    case "function_call":
      return [toolCallPart(item["call_id"], item["name"], item["arguments"])];
    case "custom_tool_call":
      return [toolCallPart(item["call_id"], item["name"], item["input"], true)];
    case "item_reference":
      return [present({ type, id: asText(item["id"]) })];
    case "compaction":
      return [present({ type, id: asText(item["id"]), content: asText(item["content"]) })];
    default:
      return type.endsWith("_call") || type === "mcp_list_tools" ? serverTool(type, item) : unknownItem(item);
  }
}

/** Thought in full where it was sent, else its summary; the encrypted form is for the provider alone. */
function reasoning(item: JsonObject): readonly Part[] {
  const content = contentParts(item["content"]);
  return (content.length > 0 ? content : contentParts(item["summary"])).map((part) => reasoningPart(asText(part["content"]) ?? ""));
}

function serverTool(type: string, item: JsonObject): readonly Part[] {
  // Where there is a `call_id`, the output that the client sends back names it.
  const id = asText(item["call_id"]) ?? asText(item["id"]);
  const name = asText(item["name"]) ?? asText(item["server_label"]) ?? type.replace(/_call$/, "");
  const call: Record<string, NonNullable<ReturnType<typeof asAttribute>>> = { type };
  const outcome: typeof call = { type };
  for (const [key, value] of Object.entries(item)) {
    const kept = NOT_OF_THE_TOOL.has(key) || value === null ? undefined : asAttribute(value);
    if (kept !== undefined && kept !== null) (OUTCOMES.has(key) ? outcome : call)[key] = kept;
  }
  const parts: Part[] = [present({ type: "server_tool_call", id, name, server_tool_call: call })];
  if (Object.keys(outcome).length > 1) parts.push(present({ type: "server_tool_call_response", id, server_tool_call_response: outcome }));
  const image = type === "image_generation_call" ? asText(item["result"]) : undefined;
  if (image !== undefined)
    parts.push({ type: "blob", modality: "image", mime_type: `image/${asText(item["output_format"]) ?? "png"}`, content: image });
  return parts;
}

function unknownItem(item: JsonObject): readonly Part[] {
  const { encrypted_content: _, ...rest } = item;
  const part = genericPart(rest);
  return part ? [part] : [];
}

export function outputParts(output: unknown): readonly Part[] {
  return asArray(output).flatMap((item) => itemParts(asObject(item) ?? {}));
}
