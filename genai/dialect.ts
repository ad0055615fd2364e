import type { Attributes, AttributeValue, TokenBuckets } from "./span.ts";

/** A part of a message in the form of the GenAI conventions: `{type: "text", content}`, `{type: "tool_call", id, name, arguments}` … */
export type Part = { readonly type: string; readonly [key: string]: AttributeValue };

/** A message in the form of the GenAI conventions. */
export type Message = {
  readonly role: string;
  readonly parts: readonly Part[];
  readonly name?: string;
  readonly finish_reason?: string;
};

/** What a request asked for. */
export interface RequestFacts {
  /** Exactly as sent. */
  readonly model?: string;
  readonly stream?: boolean;
  /** Parameters under their conventional names: `gen_ai.request.temperature` and the like. No content. */
  readonly attributes: Attributes;
  readonly systemInstructions?: readonly Part[];
  readonly inputMessages: readonly Message[];
  readonly toolDefinitions?: readonly AttributeValue[];
  /** The application's own `user` field: identifies a person, is hashed before it is kept. */
  readonly user?: string;
  readonly conversation?: string;
  /** What compatible servers and gateways call a session; they make no difference between it and a conversation. */
  readonly session?: string;
  /** `metadata` of the body: becomes dimensions. */
  readonly metadata?: { readonly [key: string]: string };
  /** The stored prompt the request names; its variables are content. */
  readonly prompt?: { readonly name: string; readonly version?: string; readonly variables: { readonly [key: string]: string } };
}

/** An error the provider reported, in the body or in the stream. */
export interface ProviderError {
  readonly code?: string;
  readonly type?: string;
  readonly param?: string;
  /** May echo the prompt: content. */
  readonly message?: string;
}

/** What a reply said; of a cut stream, as far as it went. */
export interface ResponseFacts {
  readonly id?: string;
  readonly model?: string;
  /** `openai.response.service_tier` and the like. No content. */
  readonly attributes: Attributes;
  readonly outputMessages: readonly Message[];
  /** One per choice, normalised; a choice that never finished reads `error`. Undefined when there is no choice to speak of. */
  readonly finishReasons?: readonly string[];
  readonly rawFinishReasons?: readonly string[];
  /** Conventional `gen_ai.usage.*` attributes; undefined when the provider sent no usage. */
  readonly usage?: Attributes;
  readonly tokens?: TokenBuckets;
  readonly error?: ProviderError;
  /** A terminal event was seen, or the body was whole. */
  readonly finished: boolean;
  /** The model declined: refusal part or content filter. */
  readonly refused: boolean;
}

/** One event of a stream, framing removed. */
export interface StreamEvent {
  readonly event?: string;
  readonly data: string;
}

/** How one provider's wire format reads. Pure: bytes, sockets and clocks live elsewhere. Never throws on odd input: what it cannot read, it leaves out. */
export interface Dialect {
  /** `openai_chat` */
  readonly name: string;
  /** `gen_ai.operation.name` */
  readonly operation: string;
  /** Attributes every span of this dialect carries, such as `openai.api.type`. */
  readonly attributes: Attributes;
  /** Beginnings of the lines that announce the last event of a stream, after which clients stop reading: `data: [DONE]`. */
  readonly terminal: readonly string[];
  /** Its streams end with usage only where the request says `stream_options: {"include_usage": true}`. */
  readonly usageOnRequest?: true;
  /** Whether a request is in this dialect; `path` is the one below the upstream's base URL, such as `/chat/completions`. */
  matches(method: string, path: string): boolean;
  readRequest(body: unknown): RequestFacts;
  readResponse(body: unknown): ResponseFacts;
  /** A fresh reader for one stream. */
  stream(): StreamReader;
}

/** Folds the events of one stream. Keeps state of its own, because copying a growing text per event is quadratic. */
export interface StreamReader {
  add(event: StreamEvent): void;
  /** What is known so far; `finished` tells whether the terminal event came. */
  facts(): ResponseFacts;
}
