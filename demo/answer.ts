import { z } from "zod";
import type { Library } from "./library.ts";
import { textOf, type Message, type ToolCall } from "./message.ts";
import type { Random } from "./random.ts";
import { sampleOf } from "./sample_json.ts";
import { countTokens, tokensOf } from "./tokens.ts";

/** A function the client offers. */
export const functionTool = z.object({ name: z.string(), parameters: z.unknown().optional() });
export type FunctionTool = z.infer<typeof functionTool>;

/** What a client wants to know, whichever API it asked through. */
export interface Question {
  readonly messages: readonly Message[];
  readonly tools: readonly FunctionTool[];
  /** `none`, `auto`, `required`, or the name of the function that must be called. */
  readonly toolChoice: string;
  /** JSON Schema of a structured output; `true` for any JSON object. */
  readonly schema?: unknown;
  readonly maxTokens?: number | undefined;
}

export interface Answer {
  readonly content: string | null;
  readonly refusal: string | null;
  readonly toolCalls: readonly ToolCall[];
  readonly finish: "stop" | "length" | "tool_calls";
}

/** The answer known by heart to this history, else one that follows from the question alone. `index` counts the choices asked for. */
export function answer(question: Question, known: Library, random: Random, index = 0): Answer {
  const recalled = known.recall(question.messages);
  if (recalled) return finish(recalled, question.maxTokens);
  const called = question.toolChoice === "none" ? [] : callsOf(question, random);
  if (called.length > 0) return { content: null, refusal: null, toolCalls: called, finish: "tool_calls" };
  if (question.schema !== undefined) return finish(say(structured(question.schema)), question.maxTokens);
  const spoken = spokenTo(question, known);
  return finish(index === 0 ? spoken : say(`${textOf(spoken)} (Answer ${index + 1}.)`), question.maxTokens);
}

/** Tokens of an answer, as they are counted in `usage`. */
export function answerTokens(given: Answer): number {
  const calls = given.toolCalls.map((call) => countTokens(call.function.name) + countTokens(call.function.arguments));
  return calls.reduce((sum, count) => sum + count, countTokens(given.content ?? "") + countTokens(given.refusal ?? ""));
}

function say(content: string): Message {
  return { role: "assistant", content };
}

function finish(given: Message, maxTokens = Infinity): Answer {
  const toolCalls = given.tool_calls ?? [];
  const content = given.content === undefined || given.content === null ? null : textOf(given);
  const tokens = tokensOf(content ?? "");
  const refusal = given.refusal ?? null;
  if (tokens.length > maxTokens) return { content: tokens.slice(0, maxTokens).join(""), refusal, toolCalls: [], finish: "length" };
  return { content, refusal, toolCalls, finish: toolCalls.length > 0 ? "tool_calls" : "stop" };
}

function structured(schema: unknown): string {
  return JSON.stringify(schema === true ? { answer: "This is the demo model's JSON object." } : sampleOf(schema));
}

function spokenTo({ messages }: Question, known: Library): Message {
  const last = messages.at(-1);
  if (last?.role === "tool") return say(`The tool answered: ${excerpt(textOf(last))}`);
  const asked = textOf(messages.findLast(({ role }) => role === "user") ?? say(""));
  return (
    known.answerTo(asked) ??
    say(`Hello! I am Spangate's demo model. I know a few conversations by heart; to all else I say what I heard: ${excerpt(asked)}`)
  );
}

function excerpt(text: string): string {
  const letters = Array.from(text);
  return letters.length > 400 ? `${letters.slice(0, 400).join("")}…` : text;
}

/** Calls what must be called; else, right after a user's message, the functions whose name has a word of it (`get_weather`: weather). */
function callsOf({ messages, tools, toolChoice }: Question, random: Random): readonly ToolCall[] {
  const last = messages.at(-1);
  const words = new Set(
    last?.role === "user"
      ? textOf(last)
          .toLowerCase()
          .match(/\p{L}{4,}/gu)
      : [],
  );
  const mentioned = tools.filter(({ name }) =>
    name
      .toLowerCase()
      .split(/[^\p{L}]+/u)
      .some((word) => words.has(word)),
  );
  const forced = tools.filter(({ name }) => name === toolChoice);
  const required = toolChoice === "required" && mentioned.length === 0 ? tools.slice(0, 1) : mentioned;
  return (forced.length > 0 ? forced : required).map(({ name, parameters }) => ({
    id: random.id("call_"),
    type: "function",
    function: { name, arguments: JSON.stringify(sampleOf(parameters ?? { type: "object" })) },
  }));
}
