import * as names from "../attributes.ts";
import type { Dialect, RequestFacts, ResponseFacts } from "../dialect.ts";
import { finishReason } from "../finish_reason.ts";
import { asArray, asCount, asObject, asObjects, asText, present, type JsonObject } from "../json.ts";
import { textPart } from "../parts.ts";
import { inputMessage, isClientCall, outputParts } from "../openai_items.ts";
import { identity, outputType, parameterPairs, toolDefinitions } from "../openai_request.ts";
import { readError } from "../provider_error.ts";
import { readUsage } from "../usage.ts";
import { itemStream, TERMINAL_EVENTS } from "../openai_item_stream.ts";

/** Source: https://platform.openai.com/docs/api-reference/responses */
export const openaiResponses: Dialect = {
  name: "openai_responses",
  operation: "chat",
  attributes: { [names.OPENAI_API_TYPE]: "responses" },
  // Servers that send no event line tell the type in the data alone.
  terminal: TERMINAL_EVENTS.flatMap((type) => [
    `event: ${type}`,
    `event:${type}`,
    ...["data: {", "data:{"].flatMap((start) => [`${start}"type":"${type}"`, `${start}"type": "${type}"`]),
  ]),
  matches: (method, path) => method === "POST" && /\/responses\/?$/.test(path),
  readRequest,
  readResponse,
  stream: () => itemStream(readResponse),
};

function readRequest(value: unknown): RequestFacts {
  const body = asObject(value) ?? {};
  const instructions = asText(body["instructions"]);
  return present({
    model: asText(body["model"]),
    stream: body["stream"] === true,
    attributes: names.attributes([
      ...parameterPairs(body),
      [names.GEN_AI_REQUEST_MAX_TOKENS, asCount(body["max_output_tokens"])],
      [names.GEN_AI_REQUEST_REASONING_LEVEL, asText(asObject(body["reasoning"])?.["effort"])],
      [names.GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID, asText(body["previous_response_id"])],
      [names.GEN_AI_OUTPUT_TYPE, outputType(asObject(body["text"])?.["format"])],
    ]),
    systemInstructions: instructions === undefined ? undefined : [textPart(instructions)],
    inputMessages: (typeof body["input"] === "string" ? [body["input"]] : asArray(body["input"]))
      .map(inputMessage)
      .filter((message) => message !== undefined),
    toolDefinitions: toolDefinitions(body),
    prompt: prompt(asObject(body["prompt"])),
    ...identity(body),
  });
}

function prompt(sent: JsonObject | undefined): RequestFacts["prompt"] {
  const name = asText(sent?.["id"]);
  if (!sent || name === undefined) return undefined;
  const variables = Object.entries(asObject(sent["variables"]) ?? {}).flatMap(([key, value]) => {
    const text = typeof value === "string" ? value : asText(asObject(value)?.["text"]);
    return text === undefined ? [] : [[key, text]];
  });
  return present({ name, version: asText(sent["version"]), variables: Object.fromEntries(variables) as { [key: string]: string } });
}

function readResponse(value: unknown): ResponseFacts {
  const body = asObject(value) ?? {};
  const output = asObjects(body["output"]);
  const parts = outputParts(output);
  const ended = ending(body, output);
  const compacted = parts.some((part) => part.type === "compaction");
  return present({
    id: asText(body["id"]),
    model: asText(body["model"]),
    attributes: names.attributes([
      [names.OPENAI_RESPONSE_SERVICE_TIER, asText(body["service_tier"])],
      [names.GEN_AI_CONVERSATION_ID, asText(asObject(body["conversation"])?.["id"])],
      [names.GEN_AI_CONVERSATION_COMPACTED, compacted || undefined],
      [names.RESPONSE_STATUS, body["background"] === true || !ended ? asText(body["status"]) : undefined],
    ]),
    outputMessages: parts.length > 0 ? [present({ role: "assistant", parts, finish_reason: ended?.reason })] : [],
    finishReasons: ended && [ended.reason],
    rawFinishReasons: ended?.raw === undefined ? undefined : [ended.raw],
    ...readUsage(body["usage"] ?? body["usageMetadata"]),
    error: readError(body),
    finished: true,
    refused: ended?.reason === "content_filter" || parts.some((part) => part.type === "refusal"),
  });
}

/** How the generation ended; undefined while a background response is still on its way, and where there is no response at all. */
function ending(
  body: JsonObject,
  output: readonly JsonObject[],
): { readonly reason: string; readonly raw: string | undefined } | undefined {
  const status = asText(body["status"]);
  switch (status) {
    case "queued":
    case "in_progress":
      return undefined;
    case "completed":
      return { reason: isClientCall(output.at(-1)) ? "tool_call" : "stop", raw: status };
    case "incomplete": {
      const raw = asText(asObject(body["incomplete_details"])?.["reason"]) ?? status;
      return { reason: finishReason(raw), raw };
    }
    default:
      return status === undefined && output.length === 0 ? undefined : { reason: finishReason(status), raw: status };
  }
}
