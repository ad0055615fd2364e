import { RE2JS } from "re2js";
import { z } from "zod";

/** A regular expression of the user, which runs in linear time: one with backreferences or lookaround is none. */
export const linearPattern = z
  .string()
  .min(1)
  .max(1000)
  .superRefine((text, context) => {
    try {
      RE2JS.compile(text);
    } catch (error) {
      const message = `not a regular expression that runs in linear time: ${error instanceof Error ? error.message : String(error)}`;
      const fix = "Use the syntax of RE2, which has no backreferences and no lookaround.";
      context.addIssue({ code: "custom", message, params: { fix } });
    }
  });

/** Whether a text has the pattern anywhere in it; `^` and `$` bind it to the ends. */
export function finder(text: string): (searched: string) => boolean {
  const compiled = RE2JS.compile(text);
  return (searched) => compiled.test(searched);
}
