import type { AttributeValue } from "../../genai/span.ts";

/** Letters and digits with what joins them, a letter among them: no blank and no `@`, so neither a sentence nor an address, and no mere number. */
const IDENTIFIER = /^(?=[^A-Za-z]*[A-Za-z])[\w.:/+=~-]{1,256}$/;

/** Whether a value is a text of the kind that programs give: an id, or a word of a closed list. */
export function isIdentifier(value: AttributeValue): boolean {
  return typeof value === "string" && IDENTIFIER.test(value);
}
