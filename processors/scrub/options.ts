import { RE2JS } from "re2js";
import { z } from "zod";
import type { Resolved } from "../../config/secret.ts";
import { TYPES } from "./finding.ts";
import { LOCALE_NAMES } from "./locales/index.ts";
import { OPERATORS } from "./operate.ts";
import { matching } from "./patterns.ts";

/** Longest pattern, and most of them, that a user may write; each runs over every text. */
const LONGEST_PATTERN = 1000;
const MOST_PATTERNS = 100;

export const detectorOptions = z.strictObject({
  types: z.array(z.enum(TYPES)).min(1).optional().meta({ description: "What is looked for. Left out, all types." }),
  locales: z
    .array(z.enum(LOCALE_NAMES))
    .optional()
    .meta({ description: "Countries whose identifiers, numbering plans and labels are known. Left out, all there are." }),
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
export type DetectorOptions = Resolved<z.input<typeof detectorOptions>>;
/** With every default filled in. */
export type ParsedOptions = z.output<typeof detectorOptions>;

const MIB = 1024 * 1024;

const operator = z.enum(OPERATORS);
const operators = z.partialRecord(z.enum(TYPES), operator);

export const scrubOptions = z
  .strictObject({
    use: z.literal("scrub").meta({ description: "Takes personal data and secrets out of what is kept." }),
    ...detectorOptions.shape,
    operator: operator.default("marker").meta({
      description:
        "What takes the place of what is found: `marker` its type, as in `[EMAIL]`; `mask` an asterisk for each letter and digit; `hmac` a pseudonym, " +
        "the same for the same value within a tenant; `keep_last_4` its type and last four characters, where these are not the value itself; `drop` nothing.",
    }),
    operators: operators.default({}).meta({ description: "Operators of single types, such as `EMAIL: hmac`." }),
    tenants: z
      .record(
        z.string(),
        z.strictObject({
          operator: operator.optional().meta({ description: "For this tenant, what takes the place of what is found." }),
          operators: operators.default({}).meta({ description: "For this tenant, operators of single types." }),
        }),
      )
      .default({})
      .meta({ description: "Operators of single tenants, in place of those above." }),
    budget_ms: z
      .int()
      .min(1)
      .max(25_000)
      .default(20_000)
      .meta({ description: "Longest time for the texts of one span; what is not scanned by then becomes `[UNSCANNED:budget]`." }),
    memo_bytes: z
      .int()
      .min(MIB)
      .default(32 * MIB)
      .meta({ description: "Memory of each worker for what it scrubbed before, so that repeated history is not scanned again." }),
  })
  .superRefine(({ patterns, allow }, context) => {
    for (const [index, each] of patterns.entries()) said(["patterns", index, "pattern"], () => matching([each]));
    for (const [index, each] of allow.patterns.entries()) said(["allow", "patterns", index], () => RE2JS.compile(each));

    /** A pattern that cannot be used is a mistake of the configuration, not of the worker that would use it. */
    function said(path: (string | number)[], compile: () => unknown): void {
      try {
        compile();
      } catch (error) {
        const fix = "Write it in the syntax of RE2, and so that it asks for what is particular; docs/privacy.md has an example.";
        context.addIssue({ code: "custom", path, message: error instanceof Error ? error.message : String(error), params: { fix } });
      }
    }
  });
export type ScrubOptions = Resolved<z.output<typeof scrubOptions>>;

/** What of them the detector is told. */
export function ofDetector({ types, locales, allow, deny, patterns, names, threshold }: ScrubOptions): DetectorOptions {
  return { types, locales, allow, deny, patterns, names, threshold };
}
