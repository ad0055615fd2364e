import type { Dialect } from "../dialect.ts";
import { openaiChat } from "./openai_chat.ts";
import { openaiCompletions } from "./openai_completions.ts";
import { openaiEmbeddings } from "./openai_embeddings.ts";
import { openaiResponses } from "./openai_responses.ts";

export const DIALECTS: readonly Dialect[] = [openaiChat, openaiResponses, openaiCompletions, openaiEmbeddings];

/**
 * The dialect of a request, or undefined when it asks no model. `path` is the one below the upstream's base URL.
 * `configured` narrows the choice to one dialect (`openai_chat`) or one family (`openai`); a word that is neither, such as `none`, leaves none.
 */
export function dialectFor(method: string, path: string, configured?: string): Dialect | undefined {
  return DIALECTS.find((dialect) => {
    const allowed = configured === undefined || dialect.name === configured || dialect.name.startsWith(`${configured}_`);
    return allowed && dialect.matches(method, path);
  });
}
