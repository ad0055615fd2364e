import type { Part } from "./dialect.ts";

export function textPart(content: string): Part {
  return { type: "text", content };
}

export function reasoningPart(content: string): Part {
  return { type: "reasoning", content };
}

/** The conventions have no part for a refusal; a part of any other type is allowed. */
export function refusalPart(content: string): Part {
  return { type: "refusal", content };
}

/** The text parts joined; undefined when there is none. */
export function textOf(parts: readonly Part[]): string | undefined {
  const texts = parts.flatMap(({ type, content }) => (type === "text" && typeof content === "string" ? [content] : []));
  return texts.length > 0 ? texts.join("") : undefined;
}
