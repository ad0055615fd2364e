import { z } from "zod";

/** What a reply waits for at its end: a record on disk, a record handed to the operating system within a bound, or nothing. */
export const DURABILITIES = ["balanced", "strict", "off"] as const;
export type Durability = (typeof DURABILITIES)[number];

/** Whether a call may be relayed that cannot be recorded. */
export const AUDITS = ["best_effort", "required"] as const;
export type Audit = (typeof AUDITS)[number];

const MIB = 1024 * 1024;

export const journalOptions = z.strictObject({
  segment_bytes: z
    .int()
    .min(MIB)
    .max(1024 * MIB)
    .default(64 * MIB)
    .meta({ description: "Size at which a journal file is closed and the next one begun." }),
  quota_bytes: z
    .int()
    .min(MIB)
    .optional()
    .meta({
      description:
        "What all journals together may take. From 80 % on records are kept without content, from 95 % on no more are begun; both are counted. " +
        "Left out, the smaller of 10 GiB and a fifth of the free disk.",
    }),
});
