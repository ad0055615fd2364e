import type { ResponseFacts, StreamEvent, StreamReader } from "./dialect.ts";
import { asArray, asCount, asObject, asText, parseJson, present, type JsonObject } from "./json.ts";
import { readError } from "./provider_error.ts";

/** Events after which a stream of the Responses API has nothing more to say. */
export const TERMINAL_EVENTS = ["response.completed", "response.failed", "response.incomplete"] as const;

/** Where the pieces of `<event>.delta` belong in the item they are part of. */
const PIECES: ReadonlyMap<string, string> = new Map([
  ["response.output_text", "output_text"],
  ["response.refusal", "refusal"],
  ["response.reasoning_text", "reasoning_text"],
  ["response.reasoning_summary_text", "summary_text"],
  ["response.function_call_arguments", "arguments"],
  ["response.mcp_call_arguments", "arguments"],
  ["response.custom_tool_call_input", "input"],
  ["response.code_interpreter_call_code", "code"],
]);

/** Puts typed events together to one response object, and reads it with `read`. The terminal event brings the object whole; deltas count until then. */
export function itemStream(read: (response: unknown) => ResponseFacts): StreamReader {
  return new ItemStream(read);
}

class ItemStream implements StreamReader {
  readonly #read: (response: unknown) => ResponseFacts;
  readonly #items = new Map<number, StreamedItem>();
  #response: JsonObject = {};
  #error: JsonObject | undefined;
  #finished = false;

  constructor(read: (response: unknown) => ResponseFacts) {
    this.#read = read;
  }

  add({ event, data }: StreamEvent): void {
    if (this.#finished) return;
    const parsed = parseJson(data);
    const body = asObject(parsed);
    const type = asText(body?.["type"]) ?? event ?? "";
    if (event === "error" || type === "error") {
      this.#error = body ?? { error: asText(parsed) ?? data };
      return;
    }
    // The line alone announces the end, even when its data came broken.
    this.#finished = TERMINAL_EVENTS.some((each) => each === type);
    const response = asObject(body?.["response"]);
    if (response) this.#response = response;
    else if (this.#finished) this.#response = { ...this.#response, status: type.slice("response.".length) };
    else if (body && type.startsWith("response.")) this.#addToItem(type, body);
    else if (readError(body)) this.#error = body;
  }

  #addToItem(type: string, body: JsonObject): void {
    const index = asCount(body["output_index"]) ?? 0;
    let item = this.#items.get(index);
    if (!item) this.#items.set(index, (item = new StreamedItem()));
    if (type === "response.output_item.added") item.begin(asObject(body["item"]));
    else if (type === "response.output_item.done") item.end(asObject(body["item"]));
    else item.addPiece(type, body);
  }

  facts(): ResponseFacts {
    const items = [...this.#items]
      .toSorted(([a], [b]) => a - b)
      .map(([, item]) => item.whole())
      .filter((item) => item !== undefined);
    const sent = asArray(this.#response["output"]);
    const response = { ...this.#response, output: sent.length > 0 ? sent : items };
    // Before the terminal event, `in_progress` is only what the status was when the response began.
    const facts = this.#read(this.#finished ? response : { ...response, status: undefined });
    const error = this.#error && readError(this.#error, true);
    return this.#finished ? { ...facts, ...present({ error: error ?? facts.error }) } : { ...facts, ...unfinished(error) };
  }
}

/** What is true of every stream that broke off. */
function unfinished(error: ResponseFacts["error"]): Pick<ResponseFacts, "finished" | "finishReasons" | "error"> {
  return { finished: false, finishReasons: ["error"], ...present({ error }) };
}

/** One output item on its way; pieces are joined once, at the end. */
class StreamedItem {
  readonly #pieces = new Map<string, { readonly kind: string; texts: string[] }>();
  #begun: JsonObject | undefined;
  #ended: JsonObject | undefined;

  begin(item: JsonObject | undefined): void {
    this.#begun = item;
  }

  end(item: JsonObject | undefined): void {
    this.#ended = item;
  }

  addPiece(type: string, body: JsonObject): void {
    const dot = type.lastIndexOf(".");
    const kind = PIECES.get(type.slice(0, dot));
    if (kind === undefined) return;
    const key = `${kind} ${asCount(body["content_index"]) ?? asCount(body["summary_index"]) ?? 0}`;
    let piece = this.#pieces.get(key);
    if (!piece) this.#pieces.set(key, (piece = { kind, texts: [] }));
    const delta = asText(body["delta"]);
    if (type.endsWith(".delta") && delta !== undefined) piece.texts.push(delta);
    // `.done` repeats the text as a whole.
    const whole = asText(body["text"]) ?? asText(body[kind]);
    if (type.endsWith(".done") && whole !== undefined) piece.texts = [whole];
  }

  whole(): JsonObject | undefined {
    if (this.#ended) return this.#ended;
    const content: JsonObject[] = [];
    const summary: JsonObject[] = [];
    const members: Record<string, string> = {};
    for (const { kind, texts } of this.#pieces.values()) {
      const text = texts.join("");
      if (kind === "summary_text") summary.push({ type: kind, text });
      else if (kind === "refusal") content.push({ type: kind, refusal: text });
      else if (kind.endsWith("_text")) content.push({ type: kind, text });
      else members[kind] = text;
    }
    if (!this.#begun && this.#pieces.size === 0) return undefined;
    return { type: this.#guessedType(content, summary), ...this.#begun, ...members, ...listed({ content, summary }) };
  }

  /** The type of an item whose beginning was lost. */
  #guessedType(content: readonly JsonObject[], summary: readonly JsonObject[]): string {
    if (summary.length > 0 || content.some((each) => each["type"] === "reasoning_text")) return "reasoning";
    return content.length > 0 ? "message" : "function_call";
  }
}

function listed(lists: { readonly [name: string]: readonly JsonObject[] }): JsonObject {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
}
