import type { Attributes, AttributeValue } from "./span.ts";

// GenAI conventions, newest names: https://github.com/open-telemetry/semantic-conventions-genai
export const GEN_AI_CONVERSATION_COMPACTED = "gen_ai.conversation.compacted";
export const GEN_AI_CONVERSATION_ID = "gen_ai.conversation.id";
export const GEN_AI_EMBEDDINGS_DIMENSION_COUNT = "gen_ai.embeddings.dimension.count";
export const GEN_AI_INPUT_MESSAGES = "gen_ai.input.messages";
export const GEN_AI_OPERATION_NAME = "gen_ai.operation.name";
export const GEN_AI_OUTPUT_MESSAGES = "gen_ai.output.messages";
export const GEN_AI_OUTPUT_TYPE = "gen_ai.output.type";
export const GEN_AI_PROMPT_NAME = "gen_ai.prompt.name";
export const GEN_AI_PROMPT_VARIABLE = "gen_ai.prompt.variable.";
export const GEN_AI_PROMPT_VERSION = "gen_ai.prompt.version";
export const GEN_AI_PROVIDER_NAME = "gen_ai.provider.name";
export const GEN_AI_REQUEST_CHOICE_COUNT = "gen_ai.request.choice.count";
export const GEN_AI_REQUEST_ENCODING_FORMATS = "gen_ai.request.encoding_formats";
export const GEN_AI_REQUEST_FREQUENCY_PENALTY = "gen_ai.request.frequency_penalty";
export const GEN_AI_REQUEST_MAX_TOKENS = "gen_ai.request.max_tokens";
export const GEN_AI_REQUEST_MODEL = "gen_ai.request.model";
export const GEN_AI_REQUEST_PRESENCE_PENALTY = "gen_ai.request.presence_penalty";
export const GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID = "gen_ai.request.previous_response.id";
export const GEN_AI_REQUEST_REASONING_LEVEL = "gen_ai.request.reasoning.level";
export const GEN_AI_REQUEST_SEED = "gen_ai.request.seed";
export const GEN_AI_REQUEST_STOP_SEQUENCES = "gen_ai.request.stop_sequences";
export const GEN_AI_REQUEST_STREAM = "gen_ai.request.stream";
export const GEN_AI_REQUEST_TEMPERATURE = "gen_ai.request.temperature";
export const GEN_AI_REQUEST_TOP_K = "gen_ai.request.top_k";
export const GEN_AI_REQUEST_TOP_P = "gen_ai.request.top_p";
export const GEN_AI_RESPONSE_FINISH_REASONS = "gen_ai.response.finish_reasons";
export const GEN_AI_RESPONSE_ID = "gen_ai.response.id";
export const GEN_AI_RESPONSE_MODEL = "gen_ai.response.model";
export const GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk";
export const GEN_AI_SYSTEM_INSTRUCTIONS = "gen_ai.system_instructions";
export const GEN_AI_TOOL_DEFINITIONS = "gen_ai.tool.definitions";
export const GEN_AI_USAGE_AUDIO_INPUT_TOKENS = "gen_ai.usage.audio.input_tokens";
export const GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS = "gen_ai.usage.audio.output_tokens";
export const GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS = "gen_ai.usage.cache_read.input_tokens";
export const GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS = "gen_ai.usage.cache_write.input_tokens";
export const GEN_AI_USAGE_IMAGE_INPUT_TOKENS = "gen_ai.usage.image.input_tokens";
export const GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS = "gen_ai.usage.image.output_tokens";
export const GEN_AI_USAGE_INPUT_TOKENS = "gen_ai.usage.input_tokens";
export const GEN_AI_USAGE_OUTPUT_TOKENS = "gen_ai.usage.output_tokens";
export const GEN_AI_USAGE_REASONING_OUTPUT_TOKENS = "gen_ai.usage.reasoning.output_tokens";
export const GEN_AI_USAGE_TEXT_INPUT_TOKENS = "gen_ai.usage.text.input_tokens";
export const GEN_AI_USAGE_TEXT_OUTPUT_TOKENS = "gen_ai.usage.text.output_tokens";

export const OPENAI_API_TYPE = "openai.api.type";
export const OPENAI_REQUEST_SERVICE_TIER = "openai.request.service_tier";
export const OPENAI_RESPONSE_SERVICE_TIER = "openai.response.service_tier";
export const OPENAI_RESPONSE_SYSTEM_FINGERPRINT = "openai.response.system_fingerprint";

// General conventions: https://github.com/open-telemetry/semantic-conventions
export const CLIENT_ADDRESS = "client.address";
export const ERROR_TYPE = "error.type";
export const HTTP_REQUEST_BODY_SIZE = "http.request.body.size";
export const HTTP_REQUEST_METHOD = "http.request.method";
export const HTTP_REQUEST_METHOD_ORIGINAL = "http.request.method_original";
export const HTTP_REQUEST_RESEND_COUNT = "http.request.resend_count";
export const HTTP_RESPONSE_BODY_SIZE = "http.response.body.size";
export const HTTP_RESPONSE_STATUS_CODE = "http.response.status_code";
export const HTTP_ROUTE = "http.route";
export const SERVER_ADDRESS = "server.address";
export const SERVER_PORT = "server.port";
export const SESSION_ID = "session.id";
export const URL_FULL = "url.full";
export const URL_PATH = "url.path";
export const URL_QUERY = "url.query";
export const URL_SCHEME = "url.scheme";
export const URL_TEMPLATE = "url.template";
export const USER_AGENT_ORIGINAL = "user_agent.original";
export const USER_HASH = "user.hash";

// Our own, for what the conventions have no name.
export const CANCELLED_BY = "spangate.request.cancelled_by";
export const CLIENT_APP = "spangate.client.app";
export const CLIENT_REQUEST_ID = "spangate.client.request_id";
export const CLIENT_RETRY_COUNT = "spangate.client.retry_count";
export const COST_CURRENCY = "spangate.cost.currency";
/** For those who take numbers; the exact one is `cost` of the span. */
export const COST_USD = "spangate.cost.usd";
export const CREDITS_CONSUMED = "spangate.credits.consumed";
/** One attribute per dimension: `spangate.dim.<key>`. */
export const DIMENSION = "spangate.dim.";
export const EMBEDDINGS_INPUT_COUNT = "spangate.embeddings.input.count";
export const ERROR_CODE = "spangate.error.code";
export const ERROR_MESSAGE = "spangate.error.message";
export const ERROR_PARAM = "spangate.error.param";
/** The provider's own class of error, `invalid_request_error`; the one to group by is `error.type`. */
export const ERROR_CLASS = "spangate.error.type";
export const FINISH_REASONS_RAW = "spangate.response.finish_reasons_raw";
export const GATEWAY_OVERHEAD_US = "spangate.gateway.overhead_us";
export const INTERACTION_TYPE = "spangate.interaction.type";
export const OUTPUT_PARSE_ERROR = "spangate.output.parse_error";
export const PRICE_ID = "spangate.price.id";
export const PRICE_VERSION = "spangate.price.version";
export const REJECTION_REASON = "spangate.rejection.reason";
/** The content coding that could not be undone, so that the body could not be read. */
export const REQUEST_UNREADABLE = "spangate.request.unreadable";
export const REQUEST_TRUNCATED = "spangate.request.truncated";
export const REQUEST_SERVICE_TIER = "spangate.request.service_tier";
/** Where the model ran, as the provider says it. */
export const RESPONSE_REGION = "spangate.response.region";
export const RESPONSE_SERVICE_TIER = "spangate.response.service_tier";
export const RESPONSE_STATUS = "spangate.response.status";
/** How many tools the model asked for. */
export const RESPONSE_TOOL_CALLS = "spangate.response.tool_calls";
export const RESPONSE_TRUNCATED = "spangate.response.truncated";
export const RESPONSE_UNREADABLE = "spangate.response.unreadable";
/** One attribute per type: `spangate.scrub.<TYPE>`, how often it was found; `UNSCANNED` counts the values that were taken off unseen. */
export const SCRUB_COUNT = "spangate.scrub.";
export const UPSTREAM = "spangate.upstream";
export const UPSTREAM_PROCESSING_MS = "spangate.upstream.processing_ms";
/** Followed by `limit_requests`, `remaining_tokens`, `reset_requests` and so on. */
export const UPSTREAM_RATE_LIMIT = "spangate.upstream.rate_limit.";
export const UPSTREAM_REQUEST_ID = "spangate.upstream.request_id";
/** As sent: seconds, or a date. */
export const UPSTREAM_RETRY_AFTER = "spangate.upstream.retry_after";
export const USAGE_ACCEPTED_PREDICTION_TOKENS = "spangate.usage.accepted_prediction_tokens";
/** Seconds of audio, where they are billed and not its tokens. */
export const USAGE_AUDIO_DURATION = "spangate.usage.audio.duration";
/** What the provider itself says the call cost, in USD. */
export const USAGE_COST_USD = "spangate.usage.cost_usd";
export const USAGE_REJECTED_PREDICTION_TOKENS = "spangate.usage.rejected_prediction_tokens";
/** What an estimate could not count: `media`, `truncated`. */
export const USAGE_UNCOUNTED = "spangate.usage.uncounted";
/** Searches of the web that the provider made and bills apart. */
export const USAGE_WEB_SEARCHES = "spangate.usage.web_searches";
/** The gateway asked for usage in place of the caller. */
export const USAGE_REQUESTED = "spangate.usage.requested";
export const USAGE_SOURCE = "spangate.usage.source";
export const WORKFLOW_ID = "spangate.workflow.id";
export const WORKFLOW_PHASE = "spangate.workflow.phase";

/** Attributes that hold what people or models wrote: kept only where the tier allows it, and scrubbed before. */
export const CONTENT: readonly string[] = [
  GEN_AI_INPUT_MESSAGES,
  GEN_AI_OUTPUT_MESSAGES,
  GEN_AI_SYSTEM_INSTRUCTIONS,
  GEN_AI_TOOL_DEFINITIONS,
  "gen_ai.tool.call.arguments",
  "gen_ai.tool.call.result",
  "gen_ai.tool.description",
  "gen_ai.retrieval.query.text",
  "gen_ai.retrieval.documents",
  "gen_ai.memory.query.text",
  "gen_ai.memory.records",
  "gen_ai.evaluation.explanation",
  "exception.message",
  "exception.stacktrace",
  "spangate.output.json",
  "spangate.prompt.template",
  ERROR_MESSAGE,
];

const contentNames = new Set(CONTENT);

export function isContent(name: string): boolean {
  return contentNames.has(name) || name.startsWith(GEN_AI_PROMPT_VARIABLE);
}

/** Attributes from pairs; a pair without a value is left out, and `__proto__` is a name like any other. */
export function attributes(pairs: Iterable<readonly [name: string, value: AttributeValue | undefined]>): Attributes {
  const kept: [string, AttributeValue][] = [];
  for (const [name, value] of pairs) if (value !== undefined) kept.push([name, value]);
  return Object.fromEntries(kept);
}
