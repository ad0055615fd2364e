import * as names from "../../genai/attributes.ts";
import type { Attributes } from "../../genai/span.ts";

/** Words for what everybody gets who asks for nothing else. */
const STANDARD: ReadonlySet<string> = new Set(["", "auto", "default", "standard", "on_demand"]);

/**
 * The tier a call is billed at; undefined for the standard one. What served it counts, for a call that asked for a better tier may get the
 * standard one; only where nothing was said of that does the request.
 */
export function serviceTier(attributes: Attributes): string | undefined {
  const served = wordOf(attributes, names.OPENAI_RESPONSE_SERVICE_TIER) ?? wordOf(attributes, names.RESPONSE_SERVICE_TIER);
  const word = served ?? wordOf(attributes, names.OPENAI_REQUEST_SERVICE_TIER) ?? wordOf(attributes, names.REQUEST_SERVICE_TIER);
  return word === undefined || STANDARD.has(word) ? undefined : word;
}

/** `auto` in a reply is an echo of the request, and tells nothing. */
function wordOf(attributes: Attributes, name: string): string | undefined {
  const value = attributes[name];
  return typeof value === "string" && value !== "auto" ? value.toLowerCase() : undefined;
}
