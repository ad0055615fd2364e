import { readBaggage } from "./baggage.ts";
import type { RequestFacts } from "./dialect.ts";
import { asText, parseJson, present, shorten } from "./json.ts";
import { flatTexts } from "./openai_request.ts";
import type { Header } from "./recorded.ts";

type Texts = { readonly [key: string]: string };

/** What the caller says about a call, beyond what it asks the model. */
export interface Metadata {
  /** Identifies a person: hashed before it is kept. */
  readonly user?: string;
  readonly conversation?: string;
  readonly session?: string;
  readonly workflow?: string;
  readonly phase?: string;
  readonly interactionType?: string;
  readonly promptName?: string;
  readonly promptVersion?: string;
  /** Content. */
  readonly promptVariables: Texts;
  readonly credits?: number;
  /** The caller's own id of the request. */
  readonly requestId?: string;
  /** Name of the application. */
  readonly app?: string;
  readonly dimensions: Texts;
}

/** Headers by full name, and by how their names begin. Lower case. */
export interface HeaderNames {
  readonly names: readonly string[];
  readonly prefixes: readonly string[];
}

/** For each meaning the headers that carry it, ours first, then those of other gateways: the first one sent wins. */
const HEADERS = {
  user: ["x-spangate-user", "helicone-user-id", "x-litellm-end-user-id", "x-litellm-customer-id", "langfuse_trace_user_id"],
  conversation: ["x-spangate-conversation"],
  session: ["x-spangate-session"],
  /** Others make no difference between a session and a conversation. */
  eitherSession: ["helicone-session-id", "x-litellm-session-id", "x-bf-session-id", "x-session-id", "agent-session-id"],
  workflow: ["x-spangate-workflow"],
  phase: ["x-spangate-phase"],
  interactionType: ["x-spangate-interaction-type"],
  promptName: ["x-spangate-prompt-name", "helicone-prompt-name", "helicone-prompt-id"],
  promptVersion: ["x-spangate-prompt-version"],
  promptVariables: ["x-spangate-prompt-variables"],
  credits: ["x-spangate-credits"],
  requestId: ["x-spangate-request-id", "helicone-request-id", "x-client-request-id", "x-request-id", "cf-aig-event-id"],
  app: ["x-openrouter-title", "x-title"],
} as const;

const OWN_DIMENSION = "x-spangate-dim-";
/** The rest of the header's name is the key. */
const DIMENSION_PREFIXES = [OWN_DIMENSION, "helicone-property-", "x-bf-dim-"] as const;
/** The header holds an object of dimensions. */
const DIMENSION_OBJECTS = ["x-portkey-metadata", "cf-aig-metadata", "x-litellm-spend-logs-metadata", "langfuse_trace_metadata"] as const;
/** The header holds the value of one dimension. */
const DIMENSION_BY_HEADER: readonly (readonly [header: string, key: string])[] = [
  ["x-litellm-tags", "tags"],
  ["x-openrouter-categories", "categories"],
  ["helicone-session-path", "session_path"],
  ["helicone-session-name", "session_name"],
];

/** Keys that name the end user wherever dimensions come from, in any case: they are never kept as a dimension. */
const USER_KEYS: readonly string[] = ["user.id", "_user", "user_id", "userid", "user", "enduser.id"];

/** What may be kept of a request's headers so that `readMetadata` finds all it reads. Names one by one: a whole family would take in its keys. */
export const METADATA_HEADERS: HeaderNames = {
  names: [...Object.values(HEADERS).flat(), ...DIMENSION_OBJECTS, ...DIMENSION_BY_HEADER.map(([header]) => header), "baggage"],
  prefixes: DIMENSION_PREFIXES,
};

/** Headers meant for a gateway, its credentials included: removed before the upstream sees the request. */
export const GATEWAY_ONLY_HEADERS: HeaderNames = {
  names: ["agent-session-id"],
  prefixes: ["x-spangate-", "helicone-", "x-portkey-", "x-litellm-", "x-bf-", "cf-aig-", "langfuse_trace_", "x-ai-eg-", "tensorzero-otlp-"],
};

const MAX_ENTRIES = 64;
const MAX_KEY = 128;
const MAX_VALUE = 1024;

/** Headers win over the body, and among the headers ours over those of other gateways. What is malformed counts as not sent. */
export function readMetadata(headers: readonly Header[], request: RequestFacts | undefined): Metadata {
  const sent = new Map<string, string>();
  for (const [name, value] of headers) if (!sent.has(name)) sent.set(name, headerText(value));
  const find = (names: readonly string[]) => asText(names.map((name) => sent.get(name)?.trim()).find((value) => value));

  const baggage = Object.fromEntries(headers.flatMap(([name, value]) => (name === "baggage" ? readBaggage(value) : [])));
  const { "session.id": baggageSession, "gen_ai.conversation.id": baggageConversation, ...otherBaggage } = baggage;
  const fromHeaders = [
    prefixed(sent, [OWN_DIMENSION]),
    prefixed(sent, DIMENSION_PREFIXES),
    ...DIMENSION_OBJECTS.map((name) => flatTexts(parseJson(sent.get(name) ?? ""))),
    Object.fromEntries(DIMENSION_BY_HEADER.flatMap(([header, key]) => (sent.has(header) ? [[key, sent.get(header) ?? ""]] : []))),
    otherBaggage,
  ];
  const fromBody = request?.metadata ?? {};

  const eitherSession = find(HEADERS.eitherSession) ?? asText(baggageSession) ?? request?.session;
  const promptName = find(HEADERS.promptName);
  const variables = flatTexts(parseJson(find(HEADERS.promptVariables) ?? ""));
  const texts = present({
    user: find(HEADERS.user) ?? userIn(fromHeaders) ?? request?.user ?? userIn([fromBody]),
    conversation: find(HEADERS.conversation) ?? asText(baggageConversation) ?? request?.conversation ?? eitherSession,
    session: find(HEADERS.session) ?? eitherSession,
    workflow: find(HEADERS.workflow),
    phase: find(HEADERS.phase),
    interactionType: find(HEADERS.interactionType),
    promptName: promptName ?? request?.prompt?.name,
    promptVersion: find(HEADERS.promptVersion) ?? (promptName === undefined ? request?.prompt?.version : undefined),
    requestId: find(HEADERS.requestId),
    app: find(HEADERS.app),
  });
  return {
    ...mapValues(texts, (text) => shorten(text, MAX_VALUE)),
    ...present({ credits: credits(find(HEADERS.credits)) }),
    promptVariables: bounded([Object.keys(variables).length > 0 ? variables : (request?.prompt?.variables ?? {})]),
    dimensions: bounded([...fromHeaders, fromBody], USER_KEYS),
  };
}

/** Header values are bytes; Node reads them as Latin-1, applications write UTF-8. */
function headerText(value: string): string {
  if (!/[\x80-\xff]/.test(value) || /[^\0-\xff]/.test(value)) return value;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(value, "latin1"));
  } catch {
    return value;
  }
}

function prefixed(sent: ReadonlyMap<string, string>, prefixes: readonly string[]): Texts {
  const found: [string, string][] = [];
  for (const [name, value] of sent) {
    const prefix = prefixes.find((each) => name.startsWith(each));
    if (prefix !== undefined) found.push([name.slice(prefix.length), value]);
  }
  return Object.fromEntries(found);
}

function userIn(sources: readonly Texts[]): string | undefined {
  for (const source of sources) {
    const entries = Object.entries(source);
    if (entries.length === 0) continue;
    const named = new Map(entries.map(([key, value]) => [key.toLowerCase(), value]));
    const user = USER_KEYS.map((key) => named.get(key)).find((value) => value);
    if (user !== undefined) return user;
  }
  return undefined;
}

/** The first source that has a key wins it; keys and values within their bounds, `__proto__` a key like any other. */
function bounded(sources: readonly Texts[], without: readonly string[] = []): Texts {
  const kept = new Map<string, string>();
  for (const [key, value] of sources.flatMap((source) => Object.entries(source))) {
    if (kept.size >= MAX_ENTRIES) break;
    if (key !== "" && key.length <= MAX_KEY && value !== "" && !kept.has(key) && !without.includes(key.toLowerCase()))
      kept.set(key, shorten(value, MAX_VALUE));
  }
  return Object.fromEntries(kept);
}

function credits(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}(\.\d{1,9})?$/.test(text) ? Number(text) : undefined;
}

function mapValues<T extends { readonly [key: string]: string }>(texts: T, change: (text: string) => string): T {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, change(text)])) as T;
}
