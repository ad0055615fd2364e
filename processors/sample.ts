import { z } from "zod";
import type { Resolved } from "../config/secret.ts";
import type { Span } from "../genai/span.ts";
import { condition, conditionOptions } from "./condition.ts";
import { byExchange } from "./exchange.ts";
import type { Processor } from "./processor.ts";
import { withoutContent } from "./withhold.ts";

const ratio = z.number().min(0).max(1).default(1);

export const sampleOptions = z.strictObject({
  use: z.literal("sample").meta({
    description: "Keeps a part of the traces, whole, and content of a part of those. What it drops is counted as `dropped.by_sample`.",
  }),
  when: conditionOptions.optional().meta({ description: "Which calls this is for: those one of whose spans it means. Others all go on." }),
  ratio: ratio.meta({ description: "Which part of all traces is kept. The trace id decides, the same way everywhere." }),
  content_ratio: ratio.meta({ description: "Which part of all traces keeps its content; of others that are kept, the rest is." }),
  keep: z
    .strictObject({
      errors: z.boolean().default(true).meta({ description: "Whether calls that failed are kept, whatever the ratio." }),
      slower_than_ms: z.number().min(0).optional().meta({ description: "Calls that took longer are kept, too." }),
      costlier_than_usd: z.number().min(0).optional().meta({ description: "And calls that cost more; `price` stands before this." }),
      content: z.boolean().default(true).meta({ description: "Whether these keep their content, too." }),
    })
    .prefault({})
    .meta({ description: "What is kept whatever the ratio." }),
});
export type SampleOptions = Resolved<z.output<typeof sampleOptions>>;

type Priced = Span & { readonly cost?: { readonly usd?: string } };

/** Decides for all spans of a call at once, by what is most telling of any of them. */
export function sample({ when, ratio: kept, content_ratio, keep }: SampleOptions): Processor {
  const meant = when === undefined ? (): boolean => true : condition(when);
  const { errors, slower_than_ms = Infinity, costlier_than_usd = Infinity, content } = keep;
  const isTelling = (span: Priced): boolean =>
    (errors && (span.status === "error" || span.outcome === "error")) ||
    Number(span.endTimeUnixNano - span.startTimeUnixNano) / 1e6 > slower_than_ms ||
    Number(span.cost?.usd ?? 0) > costlier_than_usd;

  return {
    name: "sample",
    process(spans) {
      const sampled = new Map<Span, Span>();
      for (const exchange of byExchange(spans).values()) {
        const telling = exchange.some(isTelling);
        const isOurs = exchange.some(meant);
        for (const span of exchange) {
          const withContent = !isOurs || (telling && content) || isWithin(span, content_ratio);
          if (!isOurs || telling || isWithin(span, kept)) sampled.set(span, withContent ? span : withoutContent(span));
        }
      }
      return spans.flatMap((span) => sampled.get(span) ?? []);
    },
  };
}

const RANDOM_BITS = 56;

/**
 * By the last 56 bits of the trace id, which are random: https://www.w3.org/TR/trace-context-2/#random-trace-id-flag. A trace within a ratio is within every
 * larger one, and for whoever else samples like this.
 */
export function isWithin({ traceId }: Pick<Span, "traceId">, part: number): boolean {
  const threshold = 2n ** BigInt(RANDOM_BITS) - BigInt(Math.round(part * 2 ** RANDOM_BITS));
  const random = /^[0-9a-f]{14}$/.exec(traceId.slice(-RANDOM_BITS / 4));
  return part >= 1 || (random !== null && BigInt(`0x${random[0]}`) >= threshold);
}
