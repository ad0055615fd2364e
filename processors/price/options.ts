import { z } from "zod";

export const pricesOptions = z.strictObject({
  overrides: z
    .string()
    .min(1)
    .optional()
    .meta({
      description:
        "File of your own prices, discounts and factors, which come before all others (`docs/cost.md`). It is read again when it changes; one " +
        "that is malformed, or has lost half of its entries, leaves the last good one in force.",
    }),
});
