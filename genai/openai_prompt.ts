import type { Part } from "./dialect.ts";
import { asArray } from "./json.ts";
import { textPart } from "./parts.ts";

/** One part per prompt of a completion or input of an embedding: a text, several texts, tokens, or several lists of tokens. */
export function promptParts(prompt: unknown): readonly Part[] {
  if (typeof prompt === "string") return [textPart(prompt)];
  if (isTokens(prompt)) return [tokensPart(prompt)];
  return asArray(prompt).flatMap((each) => {
    if (typeof each === "string") return [textPart(each)];
    return isTokens(each) ? [tokensPart(each)] : [];
  });
}

function isTokens(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === "number");
}

/** Tokens say nothing without their vocabulary; how many there were does. */
function tokensPart(tokens: readonly number[]): Part {
  return { type: "tokens", count: tokens.length };
}
