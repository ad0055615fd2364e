import { z } from "zod";
import { answer, answerTokens, functionTool, type Answer, type Question } from "./answer.ts";
import { event, json, readBody, stream, type Asked, type Reply } from "./ask.ts";
import { message } from "./message.ts";
import { cachedTokens, promptTokens, tokensOf } from "./tokens.ts";

const jsonSchema = z.object({ type: z.literal("json_schema"), json_schema: z.object({ schema: z.unknown() }) });

const chatRequest = z.object({
  model: z.string(),
  messages: z.array(message).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.int().min(1).max(128).nullish(),
  tools: z.array(z.looseObject({ function: functionTool.optional() })).nullish(),
  tool_choice: z.union([z.string(), z.looseObject({ function: z.object({ name: z.string() }).optional() })]).nullish(),
  response_format: z.union([jsonSchema, z.looseObject({ type: z.string() })]).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
});
type ChatRequest = z.infer<typeof chatRequest>;

export function chat(asked: Asked): Reply {
  const request = readBody(chatRequest, asked);
  const question = questionOf(request);
  const answers = Array.from({ length: request.n ?? 1 }, (_, index) => answer(question, asked.known, asked.random, index));
  const head = {
    id: asked.random.id("chatcmpl-"),
    object: request.stream ? "chat.completion.chunk" : "chat.completion",
    created: asked.now,
    model: request.model,
  };
  const tail = { service_tier: "default", system_fingerprint: "fp_spangatedemo" };
  const usage = usageOf(request, answers);
  if (!request.stream) return json({ ...head, choices: answers.map(choice), usage, ...tail }, head.id);
  const asksUsage = request.stream_options?.include_usage === true;
  const chunk = (choices: readonly unknown[], counted: unknown = null): string =>
    event({ ...head, ...tail, choices, ...(asksUsage ? { usage: counted } : {}) });
  return stream(
    (function* () {
      for (const [index, given] of answers.entries()) {
        for (const delta of deltas(given)) yield chunk([{ index, delta, logprobs: null, finish_reason: null }]);
      }
      for (const [index, given] of answers.entries()) {
        yield chunk([{ index, delta: {}, logprobs: null, finish_reason: given.finish }]);
      }
      if (asksUsage) yield chunk([], usage);
      yield event("[DONE]");
    })(),
    head.id,
  );
}

function questionOf(request: ChatRequest): Question {
  const format = request.response_format;
  const structured = jsonSchema.safeParse(format);
  const choice = request.tool_choice ?? "auto";
  return {
    messages: request.messages,
    tools: (request.tools ?? []).flatMap((tool) => tool.function ?? []),
    toolChoice: typeof choice === "string" ? choice : (choice.function?.name ?? "auto"),
    ...(structured.success ? { schema: structured.data.json_schema.schema } : format?.type === "json_object" ? { schema: true } : {}),
    maxTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
  };
}

function choice(given: Answer, index: number): unknown {
  const { content, refusal, toolCalls, finish } = given;
  const called = toolCalls.length > 0 ? { tool_calls: toolCalls } : {};
  return { index, message: { role: "assistant", content, ...called, refusal, annotations: [] }, logprobs: null, finish_reason: finish };
}

/** One choice in the pieces a stream brings: the role first, then a token at a time. */
function* deltas({ content, refusal, toolCalls }: Answer): Iterable<unknown> {
  yield { role: "assistant", content: content === null ? null : "", refusal: null };
  for (const piece of tokensOf(content ?? "")) yield { content: piece };
  for (const piece of tokensOf(refusal ?? "")) yield { refusal: piece };
  for (const [index, call] of toolCalls.entries()) {
    yield { tool_calls: [{ index, ...call, function: { name: call.function.name, arguments: "" } }] };
    for (const piece of tokensOf(call.function.arguments)) yield { tool_calls: [{ index, function: { arguments: piece } }] };
  }
}

function usageOf({ messages, tools }: ChatRequest, answers: readonly Answer[]): unknown {
  const prompt = promptTokens(messages, tools);
  const completion = answers.reduce((sum, each) => sum + answerTokens(each), 0);
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cachedTokens(messages, tools), audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
  };
}
