import * as names from "../attributes.ts";
import type { Dialect, RequestFacts, ResponseFacts } from "../dialect.ts";
import { asCount, asObject, asText, parseJson, present } from "../json.ts";
import { promptParts } from "../openai_prompt.ts";
import { identity } from "../openai_request.ts";
import { readError } from "../provider_error.ts";
import { readUsage } from "../usage.ts";

/**
 * Vectors are never read, whether they come as numbers or in base64.
 * Source: https://platform.openai.com/docs/api-reference/embeddings
 */
export const openaiEmbeddings: Dialect = {
  name: "openai_embeddings",
  operation: "embeddings",
  attributes: {},
  terminal: [],
  matches: (method, path) => method === "POST" && /\/embeddings\/?$/.test(path),
  readRequest,
  readResponse,
  // There is no streamed form; a server that frames its reply as events after all says everything in one.
  stream: () => {
    let facts: ResponseFacts = { attributes: {}, outputMessages: [], finished: false, refused: false };
    return {
      add: ({ data }) => {
        if (!facts.finished) facts = readResponse(parseJson(data));
      },
      facts: () => facts,
    };
  },
};

function readRequest(value: unknown): RequestFacts {
  const body = asObject(value) ?? {};
  const format = asText(body["encoding_format"]);
  const inputs = promptParts(body["input"]);
  return present({
    model: asText(body["model"]),
    attributes: names.attributes([
      [names.GEN_AI_EMBEDDINGS_DIMENSION_COUNT, asCount(body["dimensions"])],
      [names.GEN_AI_REQUEST_ENCODING_FORMATS, format && [format]],
      [names.EMBEDDINGS_INPUT_COUNT, inputs.length || undefined],
    ]),
    inputMessages: inputs.map((part) => ({ role: "user", parts: [part] })),
    ...identity(body),
  });
}

function readResponse(value: unknown): ResponseFacts {
  const body = asObject(value) ?? {};
  const usage = asObject(body["usage"]);
  return present({
    id: asText(body["id"]),
    model: asText(body["model"]),
    attributes: {},
    outputMessages: [],
    // There is no output to count, so that a total alone is the input.
    ...readUsage(usage && { ...usage, prompt_tokens: usage["prompt_tokens"] ?? usage["input_tokens"] ?? usage["total_tokens"] }),
    error: readError(body),
    finished: true,
    refused: false,
  });
}
