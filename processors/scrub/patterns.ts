import { RE2JS } from "re2js";
import type { PiiType } from "./finding.ts";
import type { ParsedOptions } from "./options.ts";
import { ORDINARY } from "./ordinary.ts";
import type { Candidate } from "./sweep.ts";

interface UserPattern {
  readonly type: PiiType;
  readonly compiled: RE2JS;
}

/** How sure a match of a user's pattern is. */
const SURE = 0.9;
/** A pattern that matches more than this share of ordinary text would take it apart. */
const MOST_OF_ORDINARY = 0.05;

/** A pattern of the user's that cannot be used; the message says which and why. */
export class PatternError extends Error {
  override readonly name = "PatternError";
}

/** Finds what the user's patterns match, in linear time. Throws `PatternError` for one that does not parse or matches ordinary text. */
export function matching(patterns: ParsedOptions["patterns"]): (text: string) => readonly Candidate[] {
  const compiled = patterns.map(({ name, type, pattern }): UserPattern => ({ type, compiled: compile(name ?? pattern, pattern) }));
  return (text) => compiled.flatMap(({ type, compiled: each }) => matchesOf(each, type, text));
}

function compile(name: string, pattern: string): RE2JS {
  const compiled = parse(name, pattern);
  if (compiled.matches("")) throw new PatternError(`the pattern "${name}" matches nothing at all; make it ask for at least one character`);
  const matched = matchesOf(compiled, "SECRET", ORDINARY).reduce((sum, { start, end }) => sum + end - start, 0);
  if (matched > ORDINARY.length * MOST_OF_ORDINARY) {
    const share = Math.round((100 * matched) / ORDINARY.length);
    throw new PatternError(`the pattern "${name}" matches ${share} % of ordinary text, more than 5 %; make it more particular`);
  }
  return compiled;
}

function parse(name: string, pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (cause) {
    throw new PatternError(`the pattern "${name}" is not one that RE2 reads: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

function matchesOf(pattern: RE2JS, type: PiiType, text: string): Candidate[] {
  const found: Candidate[] = [];
  const matcher = pattern.matcher(text);
  while (matcher.find()) {
    const start = matcher.start();
    const end = matcher.end();
    if (end > start) found.push({ type, start, end, score: SURE });
  }
  return found;
}
