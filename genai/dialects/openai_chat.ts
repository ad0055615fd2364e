import * as names from "../attributes.ts";
import type { Dialect, RequestFacts } from "../dialect.ts";
import { asArray, asCount, asObject, asText, present } from "../json.ts";
import { choicesStream, DONE_LINES, readChoices } from "../openai_choices.ts";
import { readMessage } from "../openai_content.ts";
import { identity, outputType, parameterPairs, toolDefinitions } from "../openai_request.ts";

/** Source: https://platform.openai.com/docs/api-reference/chat */
export const openaiChat: Dialect = {
  name: "openai_chat",
  operation: "chat",
  attributes: { [names.OPENAI_API_TYPE]: "chat_completions" },
  terminal: DONE_LINES,
  usageOnRequest: true,
  matches: (method, path) => method === "POST" && /\/chat\/completions\/?$/.test(path),
  readRequest,
  readResponse: readChoices,
  stream: choicesStream,
};

function readRequest(value: unknown): RequestFacts {
  const body = asObject(value) ?? {};
  const speaks = asArray(body["modalities"]).includes("audio") || asObject(body["audio"]) !== undefined;
  return present({
    model: asText(body["model"]),
    stream: body["stream"] === true,
    attributes: names.attributes([
      ...parameterPairs(body),
      [names.GEN_AI_REQUEST_MAX_TOKENS, asCount(body["max_completion_tokens"]) ?? asCount(body["max_tokens"])],
      [names.GEN_AI_REQUEST_REASONING_LEVEL, asText(body["reasoning_effort"]) ?? asText(asObject(body["reasoning"])?.["effort"])],
      [names.GEN_AI_OUTPUT_TYPE, speaks ? "speech" : outputType(body["response_format"])],
    ]),
    inputMessages: asArray(body["messages"])
      .map(readMessage)
      .filter((message) => message !== undefined),
    toolDefinitions: toolDefinitions(body),
    ...identity(body),
  });
}
