import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import type { Sequence } from "../journal/record.ts";

const written = z.object({
  batch: z.number(),
  /** Present when its spans were given one by one. */
  span: z.number().optional(),
  /** How many processes in a row ended while they gave just this. */
  deaths: z.number(),
  /** Spans of the batch that are not given any more. */
  guilty: z.array(z.number()),
});

/**
 * Remembers, past the end of this process, what the store is being given: a batch that ends the engine would end every process that fills
 * the store from the journal again.
 */
export interface Suspect {
  /** Whether processes died of this batch, or of this span in it, more often than by chance. */
  isGuilty(batch: Sequence, span?: number): boolean;
  giving(batch: Sequence, span?: number): void;
  /** All was taken. */
  clear(): void;
}

const BY_CHANCE = 2;

export function suspect(file: string): Suspect {
  const before = read(file);
  return {
    isGuilty(batch, span) {
      if (before?.batch !== batch) return false;
      if (span === undefined) return before.span !== undefined || before.deaths > BY_CHANCE;
      return before.guilty.includes(span) || (before.span === span && before.deaths > BY_CHANCE);
    },
    giving(batch, span) {
      const same = before?.batch === batch;
      const deaths = same && before.span === span ? before.deaths + 1 : 1;
      const guilty = same ? [...before.guilty] : [];
      if (same && before.span !== undefined && before.span !== span && before.deaths > BY_CHANCE) guilty.push(before.span);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(file, JSON.stringify({ batch, ...(span !== undefined && { span }), deaths, guilty }), { mode: 0o600 });
    },
    clear: () => rmSync(file, { force: true }),
  };
}

function read(file: string): z.infer<typeof written> | undefined {
  try {
    return written.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined; // the one before ended in order, or before it said anything
  }
}
