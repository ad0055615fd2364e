import { z } from "zod";

/** What a reply waits for at its end: a record on disk, a record handed to the operating system within a bound, or nothing. */
export const DURABILITIES = ["balanced", "strict", "off"] as const;
export type Durability = (typeof DURABILITIES)[number];

const MIB = 1024 * 1024;

export const journalOptions = z.strictObject({
  segment_bytes: z
    .int()
    .min(MIB)
    .max(1024 * MIB)
    .default(64 * MIB)
    .meta({ description: "Size at which a journal file is closed and the next one begun." }),
});
