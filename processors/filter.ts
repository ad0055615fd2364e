import { z } from "zod";
import type { Resolved } from "../config/secret.ts";
import { condition, conditionOptions } from "./condition.ts";
import { keepExchanges } from "./exchange.ts";
import type { Processor } from "./processor.ts";
import { isSound } from "./sound.ts";

const conditions = z.array(conditionOptions).min(1).optional();

export const filterOptions = z
  .strictObject({
    use: z.literal("filter").meta({ description: "Drops what is not wanted; `doctor` counts it as `dropped.by_filter`." }),
    keep: conditions.meta({ description: "Only what one of these conditions means goes on." }),
    drop: conditions.meta({ description: "What one of these conditions means does not; it outweighs `keep`." }),
    by: z
      .enum(["exchange", "span"])
      .default("exchange")
      .meta({
        description:
          "`exchange`: all spans of a call go when one of them is to be dropped, and stay when one of them is to be kept. `span`: each is looked at " +
          "alone; one whose parent was dropped stays, and stands at the root.",
      }),
  })
  .refine(({ keep, drop }) => keep !== undefined || drop !== undefined, {
    error: "neither keeps nor drops",
    when: isSound,
    params: { fix: "Give conditions in keep or drop." },
  });
export type FilterOptions = Resolved<z.output<typeof filterOptions>>;

export function filter({ keep, drop = [], by }: FilterOptions): Processor {
  const wanted = keep?.map(condition);
  const unwanted = drop.map(condition);
  return {
    name: "filter",
    process: (spans) =>
      by === "span"
        ? spans.filter((span) => (wanted?.some((holds) => holds(span)) ?? true) && !unwanted.some((holds) => holds(span)))
        : keepExchanges(
            spans,
            (exchange) =>
              (wanted === undefined || exchange.some((span) => wanted.some((holds) => holds(span)))) &&
              !exchange.some((span) => unwanted.some((holds) => holds(span))),
          ),
  };
}
