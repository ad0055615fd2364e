import * as names from "../../genai/attributes.ts";
import { asArray, asCount, asObject, asObjects, asText, toJson, type JsonObject } from "../../genai/json.ts";
import type { Attributes } from "../../genai/span.ts";
import type { CountText } from "./tokenizer.ts";

/** Tokens of what was asked and of what was answered. */
export interface Counted {
  readonly input: number | undefined;
  readonly output: number | undefined;
  /** Images, sounds, files: nobody can count them by their text. */
  readonly media: boolean;
}

/**
 * What a chat wraps around its messages and tools. Source, with the figures for the newer models:
 * https://developers.openai.com/cookbook/examples/how_to_count_tokens_with_tiktoken
 */
const PER_MESSAGE = 3;
const PER_NAME = 1;
const PER_REPLY = 3;
const PER_FUNCTION = 7;
const PER_FUNCTIONS = 12;
const PER_PROPERTIES = 3;
const PER_PROPERTY = 3;
const PER_ENUM = -3;
const PER_ENUM_ITEM = 3;

/** Parts that say themselves that they are no text. */
const MEDIA = new Set(["blob", "uri", "file"]);

/** Counts the content attributes of a span; a side that was not kept is undefined. */
export function countContent(attributes: Attributes, count: CountText): Counted {
  const chat = attributes[names.GEN_AI_OPERATION_NAME] === "chat" || attributes[names.GEN_AI_OPERATION_NAME] === "generate_content";
  const asked = [
    ...asArray(attributes[names.GEN_AI_SYSTEM_INSTRUCTIONS]).map((part): JsonObject => ({ role: "system", parts: [part] })),
    ...asObjects(attributes[names.GEN_AI_INPUT_MESSAGES]),
  ];
  const answered = asObjects(attributes[names.GEN_AI_OUTPUT_MESSAGES]);
  const tools = asObjects(attributes[names.GEN_AI_TOOL_DEFINITIONS]);
  let input: number | undefined;
  if (asked.length > 0) {
    input = asked.reduce((sum, message) => sum + (chat ? wrapped(message, count) : bare(message, count)), chat ? PER_REPLY : 0);
    if (tools.length > 0) input += countTools(tools, count);
  }
  return {
    input,
    output: answered.length > 0 ? answered.reduce((sum, message) => sum + bare(message, count), 0) : undefined,
    media: [...asked, ...answered].some((message) => asObjects(message["parts"]).some(isMedia)),
  };
}

function wrapped(message: JsonObject, count: CountText): number {
  const name = asText(message["name"]);
  return PER_MESSAGE + count(asText(message["role"]) ?? "") + bare(message, count) + (name === undefined ? 0 : count(name) + PER_NAME);
}

function bare(message: JsonObject, count: CountText): number {
  return asObjects(message["parts"]).reduce((sum, part) => sum + countPart(part, count), 0);
}

/** A token list tells its own length; a part of a type we do not know counts by its text. */
function countPart(part: JsonObject, count: CountText): number {
  const type = part["type"];
  if (type === "tool_call") return count(asText(part["name"]) ?? "") + count(textOf(part["arguments"]));
  if (type === "tool_call_response") return countResponse(part["response"], count);
  if (type === "tokens") return asCount(part["count"]) ?? 0;
  return isMedia(part) ? 0 : count(asText(part["content"]) ?? "");
}

/** A tool answers with a value of any kind, or with parts of a message where pictures are among them. */
function countResponse(response: unknown, count: CountText): number {
  const parts = asObjects(response);
  return parts.some(isMediaPart) ? parts.reduce((sum, part) => sum + countPart(part, count), 0) : count(textOf(response));
}

function isMedia(part: JsonObject): boolean {
  return MEDIA.has(String(part["type"])) || asObjects(part["response"]).some(isMediaPart);
}

/** A tool may answer with `{"type": "file"}` of its own; our parts say what they are of. */
function isMediaPart(part: JsonObject): boolean {
  return MEDIA.has(String(part["type"])) && typeof part["modality"] === "string";
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : toJson(value);
}

/** Tools of the provider itself have no text of their own here, and count nothing. */
function countTools(tools: readonly JsonObject[], count: CountText): number {
  const own = tools.filter(({ type }) => type === "function" || type === "custom");
  if (own.length === 0) return 0;
  return own.reduce((sum, tool) => {
    const line = `${asText(tool["name"]) ?? ""}:${(asText(tool["description"]) ?? "").replace(/\.$/, "")}`;
    return sum + PER_FUNCTION + count(line) + countProperties(asObject(tool["parameters"]), count);
  }, PER_FUNCTIONS);
}

function countProperties(schema: JsonObject | undefined, count: CountText): number {
  const properties = Object.entries(asObject(schema?.["properties"]) ?? {});
  if (properties.length === 0) return 0;
  return properties.reduce((sum, [key, value]) => {
    const property = asObject(value) ?? {};
    const line = `${key}:${textOf(property["type"])}:${(asText(property["description"]) ?? "").replace(/\.$/, "")}`;
    const choices = asArray(property["enum"]);
    const enumerated = choices.reduce<number>((all, each) => all + PER_ENUM_ITEM + count(textOf(each)), choices.length > 0 ? PER_ENUM : 0);
    return (
      sum + PER_PROPERTY + count(line) + enumerated + countProperties(property, count) + countProperties(asObject(property["items"]), count)
    );
  }, PER_PROPERTIES);
}
