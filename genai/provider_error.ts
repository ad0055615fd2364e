import type { ProviderError } from "./dialect.ts";
import { asObject, asObjects, asText, present, type JsonObject } from "./json.ts";

/**
 * The error in a reply of any shape that is in use: `{error: {message, type, param, code}}`, `{error: "text"}`, `{detail}`, `{message}`,
 * `{errors: [{message}]}`, the same in an array. Undefined when there is none to see; `expected` says that the reply is an error for sure.
 */
export function readError(body: unknown, expected = false): ProviderError | undefined {
  const reply = asObject(body) ?? asObjects(body)[0];
  if (!reply) return expected ? present({ message: asText(body) }) : undefined;
  const inner = reply["error"];
  if (asObject(inner)) return details(inner as JsonObject);
  if (asText(inner) !== undefined) return present({ ...details(reply), message: asText(reply["message"]) ?? asText(inner) });
  if (reply["object"] === "error" || reply["type"] === "error" || expected) {
    return details({ ...asObjects(reply["errors"])[0], ...reply });
  }
  return undefined;
}

function details(error: JsonObject): ProviderError {
  return present({
    code: codeText(error["code"]) ?? asText(asObject(error["innererror"])?.["code"]),
    // `error` names the kind of event or object, not the kind of error. Google's compatible endpoint says `status`.
    type: error["type"] === "error" ? undefined : (asText(error["type"]) ?? asText(error["status"])),
    param: asText(error["param"]),
    message: asText(error["message"]) ?? asText(error["detail"]) ?? asText(asObjects(error["detail"])[0]?.["msg"]),
  });
}

function codeText(code: unknown): string | undefined {
  return typeof code === "number" ? String(code) : asText(code);
}

/** `error.type` of a provider's error: its code or type if that is a word and not an id, else the HTTP status, else `_OTHER`. */
export function errorType(error: ProviderError | undefined, status: number | undefined): string {
  const word = [error?.code, error?.type].find((each) => each !== undefined && isWord(each));
  return word ?? (status !== undefined && status >= 400 ? String(status) : "_OTHER");
}

/** Low cardinality by its look: words and short numbers. */
function isWord(text: string): boolean {
  return text.length <= 64 && /^[A-Za-z]+\d{0,3}(?:[_.-][A-Za-z]*\d{0,3})*$/.test(text);
}
