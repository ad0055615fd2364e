import type { z } from "zod";
import { expects, keysAt, kindsAt, nodeAt, pathText, valueAt } from "./keys.ts";
import type { Path } from "./keys.ts";
import { nearest } from "./nearest.ts";

/** One thing that is wrong with the configuration. Never contains a value, since a value may be a credential. */
export interface Problem {
  readonly path: Path;
  /** Where it was said: `spangate.yaml:3:9`, a variable's name or a flag; absent when nothing was said. */
  readonly where?: string;
  readonly message: string;
  /** What to do about it. */
  readonly fix: string;
}

/** What a failed check means to somebody who edits the configuration. */
export function problemsOf(issue: z.core.$ZodIssue, input: unknown): readonly Problem[] {
  const path = issue.path.map((key) => (typeof key === "symbol" ? String(key) : key));
  const at = (message: string, fix: string): Problem[] => [{ path, message, fix }];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownKey([...path, key], input));
    case "invalid_key": {
      const [inner] = issue.issues;
      return at(inner?.message ?? "not a name", fixOf(inner) ?? "Rename it.");
    }
    case "invalid_type":
      if (valueAt(input, path) === undefined) return at("is missing", `Set it to ${expects(nodeAt(path, input) ?? {})}.`);
      return at(`not ${expects(nodeAt(path, input) ?? {})}`, instead(path, input));
    case "too_small":
    case "too_big":
    case "invalid_value":
      return at(`not ${expects(nodeAt(path, input) ?? {})}`, instead(path, input));
    case "invalid_union":
      if (issue.discriminator === undefined) return at(issue.message, instead(path, input));
      return unknownKind(path, input);
    default:
      return at(issue.message, fixOf(issue) ?? instead(path, input));
  }
}

/** An entry that says nothing that there is of what it is. */
function unknownKind(path: Path, input: unknown): readonly Problem[] {
  const known = kindsAt(path);
  const said = valueAt(input, path);
  if (said === undefined) return [{ path, message: "is missing", fix: `Set it to one of ${known.join(", ")}.` }];
  const meant = typeof said === "string" ? nearest(said, known) : undefined;
  return [{ path, message: `not one of ${known.join(", ")}`, fix: meant ? `Did you mean ${meant}?` : "Give one of these." }];
}

function unknownKey(path: Path, input: unknown): Problem {
  const known = keysAt(path.slice(0, -1), input);
  const meant = nearest(String(path.at(-1)), known);
  return { path, message: "unknown key", fix: meant ? `Did you mean ${meant}?` : `Remove it; known here: ${known.join(", ")}.` };
}

function instead(path: Path, input: unknown): string {
  const node = nodeAt(path, input) ?? {};
  const otherwise = node.default === undefined ? "" : `, or leave it out for ${JSON.stringify(node.default)}`;
  return `Give ${expects(node)}${otherwise}.`;
}

function fixOf(issue: z.core.$ZodIssue | undefined): string | undefined {
  if (issue?.code !== "custom") return undefined;
  const fix: unknown = issue.params?.["fix"];
  return typeof fix === "string" ? fix : undefined;
}

export function describeProblem({ path, where, message, fix }: Problem): string {
  return `${where ? `${where}: ` : ""}${path.length ? `${pathText(path)}: ` : ""}${message}\n  ${fix}`;
}
