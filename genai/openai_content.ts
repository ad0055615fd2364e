import type { Message, Part } from "./dialect.ts";
import { asArray, asAttribute, asObject, asObjects, asText, parseEmbedded, present, type JsonObject } from "./json.ts";
import { reasoningPart, refusalPart, textOf, textPart } from "./parts.ts";
import type { AttributeValue } from "./span.ts";

// What OpenAI's APIs, and those compatible with them, put into messages, as parts of the GenAI conventions.

/** An input or output message; undefined when it names no role. */
export function readMessage(value: unknown): Message | undefined {
  const message = asObject(value);
  const role = asText(message?.["role"]);
  if (!message || role === undefined) return undefined;
  const name = asText(message["name"]);
  if (role === "tool" || role === "function") {
    return present({ role: "tool", parts: [toolResponsePart(message["tool_call_id"], message["content"])], name });
  }
  return present({ role, parts: messageParts(message), name });
}

/** Parts of a chat message, asked or answered, in the order a reader expects: thought, text, refusal, calls, sound. */
export function messageParts(message: JsonObject): readonly Part[] {
  const said = annotated(contentParts(message["content"]), message["annotations"]);
  const refusal = asText(message["refusal"]);
  return [
    ...reasoningParts(message),
    ...said,
    ...(refusal === undefined ? [] : [refusalPart(refusal)]),
    ...toolCallParts(message),
    ...audioParts(
      message["audio"],
      said.some((part) => part.type === "text"),
    ),
  ];
}

/** `content` of a message: a text, or a list of typed parts. */
export function contentParts(content: unknown): readonly Part[] {
  const text = asText(content);
  if (text !== undefined) return [textPart(text)];
  return asArray(content)
    .map(contentPart)
    .filter((part) => part !== undefined);
}

function contentPart(value: unknown): Part | undefined {
  const part = asObject(value);
  if (!part) return typeof value === "string" ? textPart(value) : undefined;
  switch (part["type"]) {
    case "text":
    case "input_text":
    case "output_text":
    case "summary_text":
      return typeof part["text"] === "string" ? annotated([textPart(part["text"])], part["annotations"])[0] : undefined;
    case "reasoning_text":
      return typeof part["text"] === "string" ? reasoningPart(part["text"]) : undefined;
    case "thinking":
      return reasoningPart(joinedText(part["thinking"]));
    case "refusal":
      return refusalPart(asText(part["refusal"]) ?? "");
    case "image_url":
    case "input_image":
      return filePart("image", part["file_id"]) ?? urlPart("image", urlOf(part["image_url"]));
    case "video_url":
      return urlPart("video", urlOf(part["video_url"]));
    case "audio_url":
      return urlPart("audio", urlOf(part["audio_url"]));
    case "input_audio":
      return soundPart(asObject(part["input_audio"]));
    case "file":
    case "input_file":
      return documentPart(asObject(part["file"]) ?? part);
    default:
      return genericPart(part);
  }
}

/** A part of a type we do not know, kept as it is; undefined when it names none or nests too deeply. */
export function genericPart(part: JsonObject): Part | undefined {
  const type = asText(part["type"]);
  return type !== undefined && asAttribute(part) !== undefined ? { ...part, type } : undefined;
}

function annotated(parts: readonly Part[], annotations: unknown): readonly Part[] {
  const kept = Array.isArray(annotations) && annotations.length > 0 ? asAttribute(annotations) : undefined;
  const [first, ...rest] = parts;
  return kept === undefined || first?.type !== "text" ? parts : [{ ...first, annotations: kept }, ...rest];
}

function joinedText(value: unknown): string {
  if (typeof value === "string") return value;
  return asObjects(value)
    .map((each) => asText(each["text"]) ?? "")
    .join("");
}

function urlOf(value: unknown): string | undefined {
  return asText(value) ?? asText(asObject(value)?.["url"]);
}

/** A `data:` URL carries the bytes themselves; any other one only points at them. */
function urlPart(modality: string, url: string | undefined): Part | undefined {
  if (url === undefined) return undefined;
  if (!/^data:/i.test(url)) return { type: "uri", modality, uri: url };
  const comma = url.indexOf(",");
  if (comma < 0) return undefined;
  const [mimeType, ...parameters] = url.slice("data:".length, comma).split(";");
  const data = url.slice(comma + 1);
  const content = parameters.some((each) => each.toLowerCase() === "base64") ? data : base64OfEscaped(data);
  return content === undefined ? undefined : present({ type: "blob", modality, mime_type: asText(mimeType), content });
}

function base64OfEscaped(data: string): string | undefined {
  try {
    return Buffer.from(decodeURIComponent(data)).toString("base64");
  } catch {
    return undefined;
  }
}

function filePart(modality: string, fileId: unknown): Part | undefined {
  const id = asText(fileId);
  return id === undefined ? undefined : { type: "file", modality, file_id: id };
}

function soundPart(audio: JsonObject | undefined): Part | undefined {
  const content = asText(audio?.["data"]);
  if (content === undefined) return undefined;
  const format = asText(audio?.["format"]);
  return present({ type: "blob", modality: "audio", mime_type: format && (format === "mp3" ? "audio/mpeg" : `audio/${format}`), content });
}

function documentPart(file: JsonObject): Part | undefined {
  const data = asText(file["file_data"]);
  return (
    filePart("document", file["file_id"]) ??
    urlPart("document", asText(file["file_url"])) ??
    (data === undefined || data.startsWith("data:") ? urlPart("document", data) : { type: "blob", modality: "document", content: data })
  );
}

/** Servers disagree where thought goes; a text wins over the details it was made of. */
function reasoningParts(message: JsonObject): readonly Part[] {
  const text = asText(message["reasoning_content"]) ?? asText(message["reasoning"]);
  if (text !== undefined) return [reasoningPart(text)];
  return asObjects(message["reasoning_details"])
    .map((detail) => asText(detail["text"]) ?? asText(detail["summary"]))
    .filter((each) => each !== undefined)
    .map(reasoningPart);
}

function toolCallParts(message: JsonObject): readonly Part[] {
  const legacy = asObject(message["function_call"]);
  const calls = asObjects(message["tool_calls"]).map((call) => {
    const called = asObject(call["function"]) ?? asObject(call["custom"]) ?? {};
    return toolCallPart(call["id"], called["name"], called["arguments"] ?? called["input"], call["type"] === "custom");
  });
  return legacy ? [...calls, toolCallPart(undefined, legacy["name"], legacy["arguments"])] : calls;
}

/** `verbatim`: the input of a custom tool is a text, even when it looks like JSON. */
export function toolCallPart(id: unknown, name: unknown, args: unknown, verbatim = false): Part {
  const kept = typeof args === "string" && !verbatim ? parseEmbedded(args) : asAttribute(args);
  return present({ type: "tool_call", id: asText(id), name: asText(name) ?? "", arguments: kept });
}

export function toolResponsePart(id: unknown, output: unknown): Part {
  return present({ type: "tool_call_response", id: asText(id), response: toolResponse(output) });
}

function toolResponse(output: unknown): AttributeValue {
  if (typeof output === "string") return parseEmbedded(output);
  const parts = contentParts(output);
  if (parts.length > 0) return parts.every((part) => part.type === "text") ? parseEmbedded(textOf(parts) ?? "") : parts;
  return asAttribute(output) ?? "";
}

/** A transcript stands for the sound only where there is no text; a bare id refers to sound of an earlier reply. */
function audioParts(value: unknown, hasText: boolean): readonly Part[] {
  const audio = asObject(value);
  const data = asText(audio?.["data"]);
  const transcript = hasText ? undefined : asText(audio?.["transcript"]);
  const sound: Part | undefined = data === undefined ? undefined : { type: "blob", modality: "audio", content: data };
  const said = [sound, transcript === undefined ? undefined : textPart(transcript)].filter((part) => part !== undefined);
  const reference = said.length > 0 ? undefined : filePart("audio", audio?.["id"]);
  return reference ? [reference] : said;
}
