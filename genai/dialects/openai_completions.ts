import * as names from "../attributes.ts";
import type { Dialect, Part, RequestFacts } from "../dialect.ts";
import { asCount, asObject, asText, present } from "../json.ts";
import { choicesStream, DONE_LINES, readChoices } from "../openai_choices.ts";
import { promptParts } from "../openai_prompt.ts";
import { identity, outputType, parameterPairs } from "../openai_request.ts";

/** Source: https://platform.openai.com/docs/api-reference/completions */
export const openaiCompletions: Dialect = {
  name: "openai_completions",
  operation: "text_completion",
  attributes: {},
  terminal: DONE_LINES,
  usageOnRequest: true,
  matches: (method, path) => method === "POST" && /(?<!\/chat)\/completions\/?$/.test(path),
  readRequest,
  readResponse: readChoices,
  stream: choicesStream,
};

function readRequest(value: unknown): RequestFacts {
  const body = asObject(value) ?? {};
  return present({
    model: asText(body["model"]),
    stream: body["stream"] === true,
    attributes: names.attributes([
      ...parameterPairs(body),
      [names.GEN_AI_REQUEST_MAX_TOKENS, asCount(body["max_tokens"])],
      [names.GEN_AI_OUTPUT_TYPE, outputType(body["response_format"])],
    ]),
    inputMessages: promptParts(body["prompt"]).map((part: Part) => ({ role: "user", parts: [part] })),
    ...identity(body),
  });
}
