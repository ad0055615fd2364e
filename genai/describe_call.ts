import type { Exchange } from "./assemble.ts";
import * as names from "./attributes.ts";
import { providerOf, type Provider } from "./dialects/providers.ts";
import { shorten } from "./json.ts";
import type { Header } from "./recorded.ts";
import type { Attributes, AttributeValue } from "./span.ts";

const MAX_MESSAGE = 200;
const MAX_WORD = 128;

type Pair = readonly [name: string, value: AttributeValue | undefined];

/** Who called, and how they file the call: on the SERVER span and on the one that tells of the upstream. */
export function callerAttributes({ opened, metadata }: Exchange, userKey: (tenant: string, user: string) => string): Attributes {
  return names.attributes([
    [names.USER_HASH, metadata.user === undefined ? undefined : userKey(opened.tenant, metadata.user)],
    [names.SESSION_ID, metadata.session],
    [names.WORKFLOW_ID, metadata.workflow],
    [names.WORKFLOW_PHASE, metadata.phase],
    [names.INTERACTION_TYPE, metadata.interactionType],
    [names.CLIENT_REQUEST_ID, metadata.requestId],
    [names.CLIENT_APP, metadata.app],
    [names.CLIENT_RETRY_COUNT, integerOf(opened.headers, "x-stainless-retry-count")],
    ...Object.entries(metadata.dimensions).map(([key, value]): Pair => [`${names.DIMENSION}${key}`, value]),
  ]);
}

/** What the gateway knows of the reply, whoever gave it: once per call, so that sums count nothing twice. */
export function replyAttributes({ opened, closed, unreadable, metadata, error }: Exchange): Attributes {
  return names.attributes([
    [names.UPSTREAM, opened.upstream?.name],
    [
      names.UPSTREAM_REQUEST_ID,
      headerOf(closed.headers, "x-request-id") ?? headerOf(closed.headers, "apim-request-id") ?? headerOf(closed.headers, "request-id"),
    ],
    [names.UPSTREAM_PROCESSING_MS, integerOf(closed.headers, "openai-processing-ms")],
    [names.UPSTREAM_RETRY_AFTER, headerOf(closed.headers, "retry-after")],
    ...rateLimitPairs(closed.headers),
    [names.GATEWAY_OVERHEAD_US, closed.overheadUs],
    [names.CREDITS_CONSUMED, metadata.credits],
    [names.CANCELLED_BY, closed.ending === "abandoned" ? "client" : undefined],
    [names.REQUEST_TRUNCATED, closed.requestTruncated || undefined],
    [names.RESPONSE_TRUNCATED, closed.responseTruncated || undefined],
    [names.REQUEST_UNREADABLE, unreadable?.request],
    [names.RESPONSE_UNREADABLE, unreadable?.response],
    [names.ERROR_CODE, word(error?.code)],
    [names.ERROR_CLASS, word(error?.type)],
    [names.ERROR_PARAM, word(error?.param)],
  ]);
}

/** What a model was asked and answered, in the words of the GenAI conventions. */
export function modelAttributes(exchange: Exchange, errorType: string | undefined): Attributes {
  const { opened, dialect, request, response, metadata, status } = exchange;
  const provider = opened.upstream && providerOf(opened.upstream);
  return {
    ...flavoured({ ...dialect?.attributes, ...request?.attributes, ...response?.attributes }, provider),
    ...response?.usage,
    ...names.attributes([
      [names.GEN_AI_OPERATION_NAME, dialect?.operation],
      [names.GEN_AI_PROVIDER_NAME, provider?.name],
      [names.GEN_AI_REQUEST_MODEL, request?.model],
      [names.GEN_AI_RESPONSE_MODEL, response?.model],
      [names.GEN_AI_RESPONSE_ID, response?.id],
      [names.GEN_AI_RESPONSE_FINISH_REASONS, response?.finishReasons],
      [names.FINISH_REASONS_RAW, response?.rawFinishReasons],
      [names.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK, timeToFirstChunk(exchange)],
      [names.GEN_AI_CONVERSATION_ID, metadata.conversation ?? response?.attributes[names.GEN_AI_CONVERSATION_ID]],
      [names.GEN_AI_PROMPT_NAME, metadata.promptName],
      [names.GEN_AI_PROMPT_VERSION, metadata.promptVersion],
      [
        names.RESPONSE_TOOL_CALLS,
        response?.outputMessages.flatMap(({ parts }) => parts.filter(({ type }) => type === "tool_call")).length || undefined,
      ],
      [names.OUTPUT_PARSE_ERROR, exchange.outputParseError],
      [names.USAGE_REQUESTED, exchange.closed.usageAsked],
      [names.USAGE_SOURCE, response?.usage ? "provider" : "none"],
      [names.SERVER_ADDRESS, opened.upstream?.address],
      [names.SERVER_PORT, opened.upstream?.port],
      [names.HTTP_RESPONSE_STATUS_CODE, status],
      [names.ERROR_TYPE, errorType],
    ]),
    ...(opened.tier === "full" || opened.tier === "scrubbed" ? content(exchange) : uncounted(exchange) ? messages(exchange) : {}),
  };
}

/** A model answered and nobody said how many tokens: its messages stay on the span until they are counted, whatever the tier, and no longer. */
function uncounted({ opened, status, response }: Exchange): boolean {
  return opened.tier !== "none" && status !== undefined && status >= 200 && status < 300 && !response?.usage;
}

/** What people and models wrote; the tier decides whether any of it may be kept. */
function content(exchange: Exchange): Attributes {
  const { metadata, error } = exchange;
  return {
    ...messages(exchange),
    ...names.attributes([
      [names.ERROR_MESSAGE, error?.message === undefined ? undefined : shorten(error.message, MAX_MESSAGE)],
      ...Object.entries(metadata.promptVariables).map(([key, value]): Pair => [`${names.GEN_AI_PROMPT_VARIABLE}${key}`, value]),
    ]),
  };
}

function messages({ request, response }: Exchange): Attributes {
  return names.attributes([
    [names.GEN_AI_SYSTEM_INSTRUCTIONS, listed(request?.systemInstructions)],
    [names.GEN_AI_INPUT_MESSAGES, listed(request?.inputMessages)],
    [names.GEN_AI_OUTPUT_MESSAGES, response?.outputMessages.some(({ parts }) => parts.length > 0) ? response.outputMessages : undefined],
    [names.GEN_AI_TOOL_DEFINITIONS, listed(request?.toolDefinitions)],
  ]);
}

function listed(values: readonly AttributeValue[] | undefined): readonly AttributeValue[] | undefined {
  return values && values.length > 0 ? values : undefined;
}

/** What a dialect calls `openai.*` moves below our own prefix where the provider is known to be another. */
function flavoured(attributes: Attributes, provider: Provider | undefined): Attributes {
  if (!provider || provider.openai) return attributes;
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name.replace(/^openai\./, "spangate."), value]));
}

/** In seconds; streams only. */
function timeToFirstChunk({ closed, firstChunkUs }: Exchange): number | undefined {
  if (firstChunkUs === undefined || closed.sentUs === undefined || firstChunkUs < closed.sentUs) return undefined;
  return (firstChunkUs - closed.sentUs) / 1e6;
}

/** `x-ratelimit-remaining-tokens` and the like. What is left and allowed are counts, when it resets is a text such as `6m0s`. */
function rateLimitPairs(headers: readonly Header[]): readonly Pair[] {
  return headers.flatMap(([name, value]): Pair[] => {
    const [, kind, unit] = /^x-ratelimit-(limit|remaining|reset)-(requests|tokens)$/.exec(name) ?? [];
    if (kind === undefined || unit === undefined) return [];
    const read = kind === "reset" ? word(value) : integerOf([[name, value]], name);
    return [[`${names.UPSTREAM_RATE_LIMIT}${kind}_${unit}`, read]];
  });
}

function headerOf(headers: readonly Header[], name: string): string | undefined {
  return word(headers.find(([each]) => each === name)?.[1]);
}

function integerOf(headers: readonly Header[], name: string): number | undefined {
  const value = headerOf(headers, name);
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

function word(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : shorten(text, MAX_WORD);
}
