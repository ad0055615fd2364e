import { z } from "zod";
import { answer, answerTokens } from "./answer.ts";
import { event, json, readBody, stream, type Asked, type Reply } from "./ask.ts";
import { countTokens, tokensOf } from "./tokens.ts";

const tokenIds = z.array(z.int());

const completionsRequest = z.object({
  model: z.string(),
  prompt: z.union([z.string(), z.array(z.string()), tokenIds, z.array(tokenIds)]),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.int().min(1).max(128).nullish(),
  max_tokens: z.int().min(1).nullish(),
});

/** The older API, before messages: one text in, one text out. */
export function completions(asked: Asked): Reply {
  const request = readBody(completionsRequest, asked);
  const prompts = promptsOf(request.prompt);
  const answers = prompts.flatMap(({ text }) => {
    const question = { messages: [{ role: "user", content: text }], tools: [], toolChoice: "none", maxTokens: request.max_tokens ?? 16 };
    return Array.from({ length: request.n ?? 1 }, (_, index) => answer(question, asked.known, asked.random, index));
  });
  const head = { id: asked.random.id("cmpl-"), object: "text_completion", created: asked.now, model: request.model };
  const prompt_tokens = prompts.reduce((sum, { tokens }) => sum + tokens, 0);
  const completion_tokens = answers.reduce((sum, each) => sum + answerTokens(each), 0);
  const usage = { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
  if (!request.stream) {
    const choices = answers.map(({ content, finish }, index) => ({ text: content, index, logprobs: null, finish_reason: finish }));
    return json({ ...head, choices, usage }, head.id);
  }
  const asksUsage = request.stream_options?.include_usage === true;
  const chunk = (choices: readonly unknown[], counted: unknown = null): string =>
    event({ ...head, choices, ...(asksUsage ? { usage: counted } : {}) });
  return stream(
    (function* () {
      for (const [index, { content, finish }] of answers.entries()) {
        for (const text of tokensOf(content ?? "")) yield chunk([{ text, index, logprobs: null, finish_reason: null }]);
        yield chunk([{ text: "", index, logprobs: null, finish_reason: finish }]);
      }
      if (asksUsage) yield chunk([], usage);
      yield event("[DONE]");
    })(),
    head.id,
  );
}

/** A prompt may be words or token ids, one or several. The demo has no vocabulary, so it only counts ids. */
function promptsOf(prompt: z.infer<typeof completionsRequest>["prompt"]): readonly { text: string; tokens: number }[] {
  const ids = tokenIds.safeParse(prompt);
  const prompts = typeof prompt === "string" ? [prompt] : ids.success && ids.data.length > 0 ? [ids.data] : prompt;
  return prompts.map((each) => {
    if (typeof each === "string") return { text: each, tokens: countTokens(each) };
    const count = Array.isArray(each) ? each.length : 1;
    return { text: `${count} tokens`, tokens: count };
  });
}
