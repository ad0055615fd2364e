import { stringify } from "yaml";
import type { Loaded } from "./load.ts";
import { describeProblem } from "./problem.ts";

/** What `spangate check` prints: everything that is wrong, or the settings in effect, credentials redacted. */
export function explain({ settings, problems, file }: Loaded): string {
  if (problems.length) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    return [...problems.map(describeProblem), `${count} in the configuration.`].join("\n");
  }
  const source = file === undefined ? "no configuration file: defaults, environment and flags" : file;
  return `# ${source}\n${stringify(settings, { indentSeq: false, lineWidth: 0 }).trimEnd()}`;
}
