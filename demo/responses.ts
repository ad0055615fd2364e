import { z } from "zod";
import { answer, answerTokens, functionTool, type Answer, type Question } from "./answer.ts";
import { event, json, readBody, stream, type Asked, type Reply } from "./ask.ts";
import { message, type Message } from "./message.ts";
import { cachedTokens, promptTokens, tokensOf } from "./tokens.ts";

const item = z.union([
  z.object({ type: z.literal("function_call"), call_id: z.string(), name: z.string(), arguments: z.string() }),
  z.object({ type: z.literal("function_call_output"), call_id: z.string(), output: z.unknown() }),
  message,
  z.object({ type: z.string() }),
]);

const responsesRequest = z.looseObject({
  model: z.string(),
  input: z.union([z.string(), z.array(item)]),
  instructions: z.string().nullish(),
  stream: z.boolean().nullish(),
  tools: z.array(z.looseObject({ type: z.string(), name: z.string().optional(), parameters: z.unknown().optional() })).nullish(),
  tool_choice: z.union([z.string(), z.looseObject({ name: z.string().optional() })]).nullish(),
  text: z.looseObject({ format: z.looseObject({ type: z.string(), schema: z.unknown().optional() }).nullish() }).nullish(),
  max_output_tokens: z.int().min(1).nullish(),
});
type ResponsesRequest = z.infer<typeof responsesRequest>;

export function responses(asked: Asked): Reply {
  const request = readBody(responsesRequest, asked);
  const question = questionOf(request);
  const given = answer(question, asked.known, asked.random);
  const id = asked.random.id("resp_");
  const output = outputOf(given, (prefix) => asked.random.id(prefix));
  const open = { ...frame(request), id, created_at: asked.now, status: "in_progress", output: [], usage: null };
  const cut = given.finish === "length";
  const whole = {
    ...open,
    status: cut ? "incomplete" : "completed",
    incomplete_details: cut ? { reason: "max_output_tokens" } : null,
    output,
    usage: usageOf(question, request, given),
  };
  return request.stream ? stream(streamed(open, whole, output), id) : json(whole, id);
}

/** The same conversation in the words of chat completions. */
function questionOf(request: ResponsesRequest): Question {
  const format = request.text?.format;
  const choice = request.tool_choice ?? "auto";
  return {
    messages: messagesOf(request),
    tools: (request.tools ?? []).flatMap((tool) => (tool.type === "function" ? functionTool.parse(tool) : [])),
    toolChoice: typeof choice === "string" ? choice : (choice.name ?? "auto"),
    ...(format?.type === "json_schema" ? { schema: format.schema } : format?.type === "json_object" ? { schema: true } : {}),
    maxTokens: request.max_output_tokens ?? undefined,
  };
}

function messagesOf({ instructions, input }: ResponsesRequest): readonly Message[] {
  const messages: Message[] = instructions ? [{ role: "system", content: instructions }] : [];
  for (const each of typeof input === "string" ? [{ role: "user", content: input }] : input) {
    if ("role" in each) messages.push(each);
    else if ("output" in each) messages.push({ role: "tool", content: said(each.output), tool_call_id: each.call_id });
    else if ("arguments" in each) {
      const call = { id: each.call_id, type: "function" as const, function: { name: each.name, arguments: each.arguments } };
      const before = messages.at(-1);
      if (before?.role !== "assistant") messages.push({ role: "assistant", tool_calls: [call] });
      else messages[messages.length - 1] = { ...before, tool_calls: [...(before.tool_calls ?? []), call] };
    }
  }
  return messages;
}

function said(output: unknown): string {
  return typeof output === "string" ? output : JSON.stringify(output);
}

type TextPart = { type: "output_text"; annotations: []; logprobs: []; text: string } | { type: "refusal"; refusal: string };
type OutputItem =
  | { id: string; type: "message"; status: string; role: "assistant"; content: TextPart[] }
  | { id: string; type: "function_call"; status: string; arguments: string; call_id: string; name: string };

function outputOf({ content, refusal, toolCalls, finish }: Answer, newId: (prefix: string) => string): OutputItem[] {
  const parts: TextPart[] = [];
  if (content !== null) parts.push({ type: "output_text", annotations: [], logprobs: [], text: content });
  if (refusal !== null) parts.push({ type: "refusal", refusal });
  const status = finish === "length" ? "incomplete" : "completed";
  const spoken: OutputItem[] = parts.length > 0 ? [{ id: newId("msg_"), type: "message", status, role: "assistant", content: parts }] : [];
  const calls = toolCalls.map(({ id, function: { name, arguments: given } }): OutputItem => {
    return { id: newId("fc_"), type: "function_call", status: "completed", arguments: given, call_id: id, name };
  });
  return [...spoken, ...calls];
}

/** The events of a stream, numbered: the response as it opens, each item in pieces and whole, and the response as it ends. */
function* streamed(open: object, whole: { readonly status: string }, output: readonly OutputItem[]): Iterable<string> {
  let sequence_number = 0;
  const typed = (type: string, facts: object): string => event({ type, sequence_number: sequence_number++, ...facts }, type);
  yield typed("response.created", { response: open });
  yield typed("response.in_progress", { response: open });
  for (const [output_index, each] of output.entries()) {
    const started = each.type === "message" ? { ...each, content: [] } : { ...each, arguments: "" };
    yield typed("response.output_item.added", { output_index, item: { ...started, status: "in_progress" } });
    for (const [type, facts] of pieces(each)) yield typed(type, { item_id: each.id, output_index, ...facts });
    yield typed("response.output_item.done", { output_index, item: each });
  }
  yield typed(`response.${whole.status}`, { response: whole });
}

function* pieces(each: OutputItem): Iterable<[type: string, facts: object]> {
  if (each.type === "function_call") {
    for (const delta of tokensOf(each.arguments)) yield ["response.function_call_arguments.delta", { delta }];
    yield ["response.function_call_arguments.done", { arguments: each.arguments, name: each.name }];
    return;
  }
  for (const [content_index, part] of each.content.entries()) {
    if (part.type === "refusal") {
      yield ["response.content_part.added", { content_index, part: { ...part, refusal: "" } }];
      for (const delta of tokensOf(part.refusal)) yield ["response.refusal.delta", { content_index, delta }];
      yield ["response.refusal.done", { content_index, refusal: part.refusal }];
    } else {
      yield ["response.content_part.added", { content_index, part: { ...part, text: "" } }];
      for (const delta of tokensOf(part.text)) yield ["response.output_text.delta", { content_index, delta, logprobs: [] }];
      yield ["response.output_text.done", { content_index, text: part.text, logprobs: [] }];
    }
    yield ["response.content_part.done", { content_index, part }];
  }
}

/** All of a response that follows from the request alone. */
function frame(request: ResponsesRequest): object {
  return {
    object: "response",
    background: false,
    error: null,
    incomplete_details: null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: null,
    metadata: request["metadata"] ?? {},
    model: request.model,
    parallel_tool_calls: request["parallel_tool_calls"] ?? true,
    previous_response_id: request["previous_response_id"] ?? null,
    prompt_cache_key: request["prompt_cache_key"] ?? null,
    reasoning: { effort: null, summary: null },
    safety_identifier: request["safety_identifier"] ?? null,
    service_tier: "default",
    store: request["store"] ?? true,
    temperature: request["temperature"] ?? 1,
    text: { format: { type: "text" }, verbosity: "medium", ...request.text },
    tool_choice: request.tool_choice ?? "auto",
    tools: request.tools ?? [],
    top_logprobs: 0,
    top_p: request["top_p"] ?? 1,
    truncation: request["truncation"] ?? "disabled",
    user: request["user"] ?? null,
  };
}

function usageOf({ messages }: Question, { tools }: ResponsesRequest, given: Answer): unknown {
  const input = promptTokens(messages, tools);
  const output = answerTokens(given);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cachedTokens(messages, tools) },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  };
}
