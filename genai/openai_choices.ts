import * as names from "./attributes.ts";
import type { Message, Part, ResponseFacts, StreamEvent, StreamReader } from "./dialect.ts";
import { finishReason } from "./finish_reason.ts";
import { countsThoughtsInTotalAlone } from "./gemini_usage.ts";
import { asCount, asObject, asObjects, asText, parseJson, present, type JsonObject } from "./json.ts";
import { contentParts, messageParts } from "./openai_content.ts";
import { textPart } from "./parts.ts";
import { readError } from "./provider_error.ts";
import { readUsage } from "./usage.ts";

/** Lines after which a stream of choices has nothing more to say. */
export const DONE_LINES = ["data: [DONE]", "data:[DONE]"] as const;

/** Members of a reply that each event of its stream repeats. */
const HEAD = ["id", "model", "system_fingerprint", "service_tier"] as const;

/** The reply of chat completions and of the older completions: choices with a message each, or with a bare text. */
export function readChoices(body: unknown): ResponseFacts {
  const reply = asObject(body) ?? {};
  const choices = asObjects(reply["choices"]);
  const raw = choices.map((choice) => asText(choice["finish_reason"]));
  const finishReasons = raw.map(finishReason);
  const outputMessages = choices.map((choice, index): Message => {
    return { role: "assistant", parts: choiceParts(choice), finish_reason: finishReasons[index] ?? "error" };
  });
  return present({
    id: asText(reply["id"]),
    model: asText(reply["model"]),
    attributes: names.attributes([
      [names.OPENAI_RESPONSE_SERVICE_TIER, asText(reply["service_tier"])],
      [names.OPENAI_RESPONSE_SYSTEM_FINGERPRINT, asText(reply["system_fingerprint"])],
    ]),
    outputMessages,
    finishReasons: choices.length > 0 ? finishReasons : undefined,
    rawFinishReasons: choices.length > 0 ? raw.filter((each) => each !== undefined) : undefined,
    ...readUsage(usageOf(reply, choices), { thoughtsInTotal: countsThoughtsInTotalAlone(asText(reply["model"])) }),
    error: readError(reply),
    finished: true,
    refused: finishReasons.includes("content_filter") || outputMessages.some(({ parts }) => parts.some((part) => part.type === "refusal")),
  });
}

function choiceParts(choice: JsonObject): readonly Part[] {
  const message = asObject(choice["message"]);
  if (message) return messageParts(message);
  const text = asText(choice["text"]);
  return text === undefined ? [] : [textPart(text)];
}

/** Some servers hide the usage of a stream in its last choice or in an extension. */
function usageOf(reply: JsonObject, choices: readonly JsonObject[]): unknown {
  return (
    reply["usage"] ?? reply["usageMetadata"] ?? asObject(reply["x_groq"])?.["usage"] ?? choices.find((choice) => choice["usage"])?.["usage"]
  );
}

/** Puts the deltas of a stream together to the reply that would have come without streaming, and reads that. */
export function choicesStream(): StreamReader {
  return new ChoicesStream();
}

class ChoicesStream implements StreamReader {
  readonly #head: Record<string, unknown> = {};
  readonly #choices = new Map<number, StreamedChoice>();
  #error: JsonObject | undefined;
  #finished = false;

  add({ event, data }: StreamEvent): void {
    if (this.#finished) return;
    if (data.trim() === "[DONE]") {
      this.#finished = true;
      return;
    }
    const parsed = parseJson(data);
    const chunk = asObject(parsed);
    if (event === "error") this.#error = chunk ?? { error: asText(parsed) ?? data };
    else if (chunk) this.#addChunk(chunk);
  }

  #addChunk(chunk: JsonObject): void {
    for (const field of HEAD) {
      if (asText(chunk[field]) !== undefined) this.#head[field] = chunk[field];
    }
    const choices = asObjects(chunk["choices"]);
    const usage = usageOf(chunk, choices);
    if (readUsage(usage)) this.#head["usage"] = usage; // an empty one takes nothing back
    if (readError(chunk)) this.#error = chunk;
    for (const choice of choices) {
      const index = asCount(choice["index"]) ?? 0;
      let known = this.#choices.get(index);
      if (!known) this.#choices.set(index, (known = new StreamedChoice()));
      known.add(choice);
    }
  }

  facts(): ResponseFacts {
    const choices = [...this.#choices].toSorted(([a], [b]) => a - b).map(([, choice]) => choice.whole());
    const facts = readChoices({ ...this.#head, choices });
    return { ...facts, ...present({ error: this.#error && readError(this.#error, true) }), finished: this.#finished };
  }
}

/** One choice on its way. Texts are kept in pieces and joined once, because copying a growing text per event is quadratic. */
class StreamedChoice {
  readonly #text = new Map<string, string[]>();
  readonly #audio = new Map<string, string[]>();
  readonly #toolCalls: StreamedCall[] = [];
  readonly #callByIndex = new Map<number, StreamedCall>();
  #functionCall: StreamedCall | undefined;
  #finishReason: unknown;

  add(choice: JsonObject): void {
    if (asText(choice["finish_reason"]) !== undefined) this.#finishReason = choice["finish_reason"];
    append(this.#text, "content", choice["text"]);
    const delta = asObject(choice["delta"]) ?? asObject(choice["message"]);
    if (!delta) return;
    if (Array.isArray(delta["content"])) this.#addParts(contentParts(delta["content"]));
    else append(this.#text, "content", delta["content"]);
    append(this.#text, "refusal", delta["refusal"]);
    append(this.#text, "reasoning", thought(delta));
    for (const call of asObjects(delta["tool_calls"])) this.#addCall(call);
    const legacy = asObject(delta["function_call"]);
    if (legacy) (this.#functionCall ??= new StreamedCall()).add({ function: legacy });
    const audio = asObject(delta["audio"]);
    if (audio) for (const field of ["id", "data", "transcript"]) append(this.#audio, field, audio[field]);
  }

  #addParts(parts: readonly Part[]): void {
    for (const part of parts) append(this.#text, part.type === "reasoning" ? "reasoning" : "content", part["content"]);
  }

  /** Servers that number every call 0, or none, tell calls apart by their ids. */
  #addCall(call: JsonObject): void {
    const index = asCount(call["index"]) ?? 0;
    const id = asText(call["id"]);
    let known = this.#callByIndex.get(index);
    if (!known || (id !== undefined && known.id !== undefined && id !== known.id)) {
      known = new StreamedCall();
      this.#callByIndex.set(index, known);
      this.#toolCalls.push(known);
    }
    known.add(call);
  }

  /** The choice as it would stand in a reply that was not streamed. */
  whole(): JsonObject {
    const audio = joined(this.#audio);
    const message = {
      ...joined(this.#text),
      tool_calls: this.#toolCalls.map((call) => call.whole()),
      function_call: this.#functionCall?.whole()["function"],
      audio: Object.keys(audio).length > 0 ? audio : undefined,
    };
    return { message, finish_reason: this.#finishReason };
  }
}

class StreamedCall {
  id: string | undefined;
  #type: unknown;
  #name: string | undefined;
  readonly #arguments: string[] = [];

  add(call: JsonObject): void {
    this.id ??= asText(call["id"]);
    this.#type ??= call["type"];
    const called = asObject(call["function"]) ?? asObject(call["custom"]);
    this.#name ??= asText(called?.["name"]);
    const piece = called?.["arguments"] ?? called?.["input"];
    if (typeof piece === "string") this.#arguments.push(piece);
    else if (asObject(piece)) this.#arguments.push(JSON.stringify(piece));
  }

  whole(): JsonObject {
    const called = { name: this.#name, arguments: this.#arguments.join("") };
    return this.#type === "custom" ? { id: this.id, type: "custom", custom: called } : { id: this.id, function: called };
  }
}

function thought(delta: JsonObject): unknown {
  const text = asText(delta["reasoning_content"]) ?? asText(delta["reasoning"]);
  if (text !== undefined || delta["reasoning_details"] === undefined) return text;
  return asObjects(delta["reasoning_details"])
    .map((detail) => asText(detail["text"]) ?? asText(detail["summary"]) ?? "")
    .join("");
}

function append(pieces: Map<string, string[]>, field: string, piece: unknown): void {
  if (typeof piece !== "string" || piece === "") return;
  const known = pieces.get(field);
  if (known) known.push(piece);
  else pieces.set(field, [piece]);
}

function joined(pieces: ReadonlyMap<string, readonly string[]>): { readonly [field: string]: string } {
  return Object.fromEntries([...pieces].map(([field, each]) => [field, each.join("")]));
}
