import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import type { Fault } from "./fault.ts";
import type { Outcome } from "./outcome.ts";

const figures = z.array(z.object({ name: z.string(), value: z.number(), unit: z.string().optional() }));
const written = z.record(z.string(), z.object({ count: z.number(), injected: z.number(), figures, seconds: z.number() }));

/** What held in runs with the same seed, so that one that was broken off after half an hour need not begin anew. */
export interface KeptOutcomes {
  /** Undefined when the row did not hold, or with another count. */
  find(fault: Fault, count: number): Outcome | undefined;
  keep(outcome: Outcome, count: number): void;
}

export function keptOutcomes(file: URL): KeptOutcomes {
  const known = read(file);
  return {
    find(fault, count) {
      const row = known[fault.id];
      if (row?.count !== count) return undefined;
      const figures = row.figures.map(({ unit, ...figure }) => ({ ...figure, ...(unit !== undefined && { unit }) }));
      return { fault, injected: row.injected, seconds: row.seconds, figures };
    },
    keep({ fault, injected, figures, seconds, failure }, count) {
      if (failure) delete known[fault.id];
      else known[fault.id] = { count, injected, figures: [...figures], seconds };
      mkdirSync(new URL(".", file), { recursive: true });
      writeFileSync(file, JSON.stringify(known));
    },
  };
}

function read(file: URL): z.infer<typeof written> {
  try {
    return written.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return {}; // there was no such run
  }
}
