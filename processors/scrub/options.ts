import { z } from "zod";
import { TYPES } from "./finding.ts";
import { LOCALE_NAMES } from "./locales/index.ts";

/** Longest pattern, and most of them, that a user may write; each runs over every text. */
const LONGEST_PATTERN = 1000;
const MOST_PATTERNS = 100;

export const detectorOptions = z.strictObject({
  types: z
    .array(z.enum(TYPES))
    .min(1)
    .default([...TYPES])
    .meta({ description: "What is looked for; by default everything." }),
  locales: z
    .array(z.enum(LOCALE_NAMES))
    .default([...LOCALE_NAMES])
    .meta({ description: "Countries whose identifiers, numbering plans and labels are known." }),
  allow: z
    .strictObject({
      texts: z.array(z.string().min(1)).default([]).meta({ description: "Exact texts that are never a finding." }),
      networks: z
        .array(z.union([z.cidrv4(), z.cidrv6()]))
        .default([])
        .meta({ description: "Networks (CIDR) whose addresses are never a finding." }),
      domains: z
        .array(z.string().min(1))
        .default([])
        .meta({ description: "Domains, with their subdomains, whose e-mail addresses are never a finding." }),
      patterns: z
        .array(z.string().min(1).max(LONGEST_PATTERN))
        .max(MOST_PATTERNS)
        .default([])
        .meta({ description: "Patterns (RE2): what one matches as a whole is never a finding." }),
    })
    .prefault({})
    .meta({ description: "What is left as it is." }),
  deny: z
    .array(
      z.strictObject({
        type: z.enum(TYPES).meta({ description: "What the texts count as." }),
        texts: z
          .array(z.string().min(1).max(500))
          .min(1)
          .meta({ description: "Texts that are always a finding, as whole words, in any case." }),
      }),
    )
    .default([])
    .meta({ description: "Texts that are always a finding. Thousands cost no more than a few." }),
  patterns: z
    .array(
      z.strictObject({
        name: z.string().min(1).optional().meta({ description: "What it is called in messages." }),
        type: z.enum(TYPES).meta({ description: "What its matches count as." }),
        pattern: z
          .string()
          .min(1)
          .max(LONGEST_PATTERN)
          .meta({ description: "A pattern in RE2's syntax; never run on a backtracking engine." }),
      }),
    )
    .max(MOST_PATTERNS)
    .default([])
    .meta({ description: "Patterns of your own. One that matches ordinary text is refused." }),
  names: z
    .enum(["off", "precision", "balanced", "recall"])
    .default("balanced")
    .meta({ description: "How eagerly names of people and addresses are looked for." }),
  threshold: z.number().min(0).max(1).default(0.5).meta({ description: "How sure a finding must be, 0 to 1." }),
});
/** As a caller writes them; what is left out has its default. */
export type DetectorOptions = z.input<typeof detectorOptions>;
/** With every default filled in. */
export type ParsedOptions = z.output<typeof detectorOptions>;
