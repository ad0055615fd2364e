import { z } from "zod";
import * as names from "../genai/attributes.ts";
import { present } from "../genai/json.ts";
import type { Span } from "../genai/span.ts";
import type { Processor } from "./processor.ts";
import { countContent } from "./tokens/content.ts";
import { tokenizer, type CountText } from "./tokens/tokenizer.ts";

export const countTokensOptions = z.strictObject({
  use: z.literal("count_tokens").meta({ description: "Counts the tokens of calls that nobody counted, and marks them as estimated." }),
  max_characters: z
    .int()
    .min(0)
    .default(500_000)
    .meta({ description: "Characters of one call that are counted; what is longer goes on at the same rate of tokens to characters." }),
});
export type CountTokensOptions = z.output<typeof countTokensOptions>;

/** Of all calls that are processed together: at the slowest text there is, some seconds. */
const MAX_TOGETHER = 4_000_000;
/** Of prose in English; only for a text none of which was counted. */
const CHARACTERS_PER_TOKEN = 4;

/** Of a background response: it will be answered later, and elsewhere. */
const UNANSWERED: ReadonlySet<unknown> = new Set(["queued", "in_progress"]);

const GENERATING: ReadonlySet<unknown> = new Set(["chat", "text_completion", "generate_content"]);

/**
 * Counts the tokens of calls that a model answered and nobody counted, and marks them as estimated. Runs before anything takes content off
 * or changes it, so that neither the tier nor scrubbing changes the figure.
 */
export function countTokens({ max_characters: maxCharacters }: CountTokensOptions): Processor {
  return {
    name: "count_tokens",
    async process(spans) {
      if (!spans.some(isUncounted)) return spans;
      let left = MAX_TOGETHER;
      const done: Span[] = [];
      for (const span of spans) {
        if (!isUncounted(span)) {
          done.push(span);
          continue;
        }
        const within = Math.min(left, maxCharacters);
        const { count, counted } = bounded(await tokenizer(modelOf(span)), within);
        done.push(estimated(span, count));
        left -= counted();
      }
      return done;
    },
  };
}

/** A model answered well, or began to, and no usage came. An answer that is an error, in whatever clothes, cost nothing that we know of. */
function isUncounted({ usageSource, attributes }: Span): boolean {
  if (usageSource !== "none") return false;
  const status = attributes[names.HTTP_RESPONSE_STATUS_CODE];
  if (typeof status !== "number" || status < 200 || status > 299 || UNANSWERED.has(attributes[names.RESPONSE_STATUS])) return false;
  const operation = attributes[names.GEN_AI_OPERATION_NAME];
  const failed =
    attributes[names.ERROR_CODE] !== undefined ||
    attributes[names.ERROR_CLASS] !== undefined ||
    attributes[names.ERROR_TYPE] === "invalid_response";
  if (operation === "embeddings") return !failed;
  return GENERATING.has(operation) && (!failed || attributes[names.GEN_AI_OUTPUT_MESSAGES] !== undefined);
}

function modelOf({ attributes }: Span): string {
  const model = attributes[names.GEN_AI_RESPONSE_MODEL] ?? attributes[names.GEN_AI_REQUEST_MODEL];
  return typeof model === "string" ? model.replace(/^.*\//, "") : "";
}

function estimated(span: Span, count: CountText): Span {
  const { attributes } = span;
  const { input, output, media } = countContent(attributes, count);
  if (input === undefined && output === undefined) return span;
  const answerCut = attributes[names.RESPONSE_UNREADABLE] !== undefined || attributes[names.RESPONSE_TRUNCATED] !== undefined;
  // What broke off and was no stream came in no part that can be read.
  const answerSeen = !answerCut && (attributes[names.GEN_AI_REQUEST_STREAM] === true || span.ending === "completed");
  const generates = GENERATING.has(attributes[names.GEN_AI_OPERATION_NAME]);
  // The provider put the earlier part of the conversation before what was sent.
  const goesOn = attributes[names.GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID] !== undefined;
  const lost = answerCut || goesOn || attributes[names.REQUEST_TRUNCATED] !== undefined || input === undefined;
  return {
    ...span,
    // An answer that was read to its end, or to where it broke off, and says nothing has no tokens.
    tokens: present({ inUncached: input, outText: output ?? (generates && answerSeen ? 0 : undefined) }),
    usageSource: "estimated",
    attributes: {
      ...attributes,
      [names.USAGE_SOURCE]: "estimated",
      ...names.attributes([[names.USAGE_UNCOUNTED, lost ? "truncated" : media ? "media" : undefined]]),
    },
  };
}

/** Counts the first `within` characters it is given, and goes on at the rate they had. */
function bounded(exactly: CountText, within: number): { readonly count: CountText; readonly counted: () => number } {
  let characters = 0;
  let tokens = 0;
  return {
    count(text) {
      const head = text.length <= within - characters ? text : text.slice(0, within - characters);
      const ofHead = exactly(head);
      characters += head.length;
      tokens += ofHead;
      const rest = text.length - head.length;
      return rest === 0 ? ofHead : ofHead + Math.round(characters > 0 ? (rest * tokens) / characters : rest / CHARACTERS_PER_TOKEN);
    },
    counted: () => characters,
  };
}
