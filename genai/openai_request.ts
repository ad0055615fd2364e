import * as names from "./attributes.ts";
import type { RequestFacts } from "./dialect.ts";
import { asArray, asAttribute, asCount, asInteger, asNumber, asObject, asObjects, asText, present, type JsonObject } from "./json.ts";
import type { AttributeValue } from "./span.ts";

type Pair = readonly [name: string, value: AttributeValue | undefined];

/** Parameters that OpenAI's generating APIs share. */
export function parameterPairs(body: JsonObject): readonly Pair[] {
  const tier = asText(body["service_tier"]);
  return [
    [names.GEN_AI_REQUEST_TEMPERATURE, asNumber(body["temperature"])],
    [names.GEN_AI_REQUEST_TOP_P, asNumber(body["top_p"])],
    [names.GEN_AI_REQUEST_TOP_K, asInteger(body["top_k"])],
    [names.GEN_AI_REQUEST_FREQUENCY_PENALTY, asNumber(body["frequency_penalty"])],
    [names.GEN_AI_REQUEST_PRESENCE_PENALTY, asNumber(body["presence_penalty"])],
    [names.GEN_AI_REQUEST_SEED, asInteger(body["seed"])],
    [names.GEN_AI_REQUEST_STOP_SEQUENCES, stopSequences(body["stop"])],
    [names.GEN_AI_REQUEST_CHOICE_COUNT, body["n"] === 1 ? undefined : asCount(body["n"])],
    [names.GEN_AI_REQUEST_STREAM, body["stream"] === true ? true : undefined],
    [names.OPENAI_REQUEST_SERVICE_TIER, tier === "auto" ? undefined : tier],
  ];
}

function stopSequences(stop: unknown): readonly string[] | undefined {
  const sequences = (Array.isArray(stop) ? asArray(stop) : [stop]).map(asText).filter((each) => each !== undefined);
  return sequences.length > 0 ? sequences : undefined;
}

/** `json` for both ways to ask for it; undefined for a format we do not know. */
export function outputType(format: unknown): string | undefined {
  const type = asObject(format)?.["type"];
  if (type === "json_schema" || type === "json_object") return "json";
  return type === "text" ? "text" : undefined;
}

/** Who asks, and in which conversation, as far as the body says so; headers may know better. */
export function identity(body: JsonObject): Pick<RequestFacts, "user" | "conversation" | "session" | "metadata"> {
  return present({
    user: asText(body["user"]) ?? asText(body["safety_identifier"]),
    conversation: asText(body["conversation"]) ?? asText(asObject(body["conversation"])?.["id"]),
    session: asText(body["session_id"]) ?? asText(body["litellm_session_id"]) ?? asText(body["tensorzero::episode_id"]),
    metadata: asObject(body["metadata"]) && flatTexts(body["metadata"]),
  });
}

/** The scalars of an object as texts, a list of texts joined by commas; deeper values are left out. */
export function flatTexts(value: unknown): { readonly [key: string]: string } {
  const texts: [string, string][] = [];
  for (const [key, each] of Object.entries(asObject(value) ?? {})) {
    if (typeof each === "string" || typeof each === "number" || typeof each === "boolean") texts.push([key, String(each)]);
    else if (Array.isArray(each) && each.every((item) => typeof item === "string")) texts.push([key, each.join(",")]);
  }
  return Object.fromEntries(texts);
}

/** Tools flattened to the form of the conventions; a built-in tool has no name of its own and is called by its type. */
export function toolDefinitions(body: JsonObject): readonly AttributeValue[] | undefined {
  const functions = asObjects(body["functions"]).map((each) => definition("function", each));
  const tools = asObjects(body["tools"]).map((tool) => {
    const type = asText(tool["type"]) ?? "function";
    return definition(type, asObject(tool["function"]) ?? asObject(tool["custom"]) ?? tool);
  });
  const all = [...tools, ...functions];
  return all.length > 0 ? all : undefined;
}

function definition(type: string, tool: JsonObject): AttributeValue {
  const name = asText(tool["name"]) ?? asText(tool["server_label"]) ?? type;
  return present({
    type,
    name,
    description: asText(tool["description"]),
    parameters: asAttribute(tool["parameters"]),
    format: asAttribute(tool["format"]),
  });
}
