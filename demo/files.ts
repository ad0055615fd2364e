import { ApiError, event, json, readForm, stream, throwFor, type Asked, type Reply } from "./ask.ts";
import { countTokens, tokensOf } from "./tokens.ts";

/** Takes an uploaded file, says what it got, and forgets it. */
export async function uploadFile(asked: Asked): Promise<Reply> {
  const form = await readForm(asked);
  const file = fileIn(form);
  const id = asked.random.id("file-");
  const purpose = form.get("purpose");
  if (typeof purpose !== "string") throw missing("purpose");
  const facts = { bytes: file.size, created_at: asked.now, filename: file.name, purpose };
  return json({ object: "file", id, ...facts, status: "processed", expires_at: null, status_details: null }, id);
}

/** Hears nothing, but tells what it was given, in each form the API has. */
export async function transcribe(asked: Asked): Promise<Reply> {
  const form = await readForm(asked);
  const file = fileIn(form);
  const model = form.get("model");
  if (typeof model !== "string") throw missing("model");
  throwFor(model);
  const text = `This is the demo's transcript of ${file.name}, ${file.size} bytes long.`;
  const input = Math.ceil(file.size / 1000);
  const output = countTokens(text);
  const input_token_details = { text_tokens: 0, audio_tokens: input };
  const usage = { type: "tokens", input_tokens: input, input_token_details, output_tokens: output, total_tokens: input + output };
  const format = form.get("response_format") ?? "json";
  if (form.get("stream") === "true") {
    return stream(
      (function* () {
        for (const delta of tokensOf(text)) yield event({ type: "transcript.text.delta", delta });
        yield event({ type: "transcript.text.done", text, usage });
      })(),
    );
  }
  if (format === "text") return { status: 200, headers: { "content-type": "text/plain; charset=utf-8" }, body: `${text}\n` };
  if (format === "verbose_json")
    return json({ task: "transcribe", language: "english", duration: 1, text, segments: [], usage: { type: "duration", seconds: 1 } });
  return json({ text, usage });
}

function fileIn(form: FormData): File {
  const file = form.get("file");
  if (!(file instanceof File)) throw missing("file");
  return file;
}

function missing(param: string): ApiError {
  return new ApiError(400, "invalid_request_error", `Missing required parameter: '${param}'.`, {
    code: "missing_required_parameter",
    param,
  });
}
