import { textOf, type Message } from "./message.ts";

/**
 * Cuts a text into what the demo calls tokens: up to five characters and the space before them. Joined they are the text again.
 * Real tokenizers cut elsewhere; all that matters here is that the counts follow from the text.
 */
export function tokensOf(text: string): readonly string[] {
  return text.match(/\s*\S{1,5}|\s+$/gu) ?? [];
}

export function countTokens(text: string): number {
  return tokensOf(text).length;
}

/** What a prompt of these messages and tools costs: its words, and four tokens a message for the framing. */
export function promptTokens(messages: readonly Message[], tools: unknown): number {
  const words = messages.map((each) => 4 + countTokens(textOf(each)) + countTokens(JSON.stringify(each.tool_calls ?? "")));
  return words.reduce((sum, count) => sum + count, tools ? countTokens(JSON.stringify(tools)) : 0);
}

/** The part of a prompt that a cache would hold: all before the newest turn, in steps of 128 and from 1,024 tokens on, as OpenAI documents it. */
export function cachedTokens(messages: readonly Message[], tools: unknown): number {
  const newest = messages.findLastIndex((each) => each.role === "assistant");
  const known = newest === -1 ? 0 : promptTokens(messages.slice(0, newest), tools);
  return known < 1024 ? 0 : known - (known % 128);
}
