/** Whether a value is a name that one of the patterns means, in any case; `*` stands for anything, and so does no pattern at all. */
export function pattern(patterns: string | readonly string[] | undefined): (value: unknown) => boolean {
  if (patterns === undefined) return () => true;
  const all = [patterns].flat().map(expression);
  return (value) => typeof value === "string" && value.length <= MAX_NAME && all.some((each) => each.test(value));
}

/** Callers choose names; a longer one is none that anybody meant. */
export const MAX_NAME = 256;

/** Stars next to each other are one. */
export function expression(written: string): RegExp {
  const parts = written.split(/\*+/).map((part) => part.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join(".*")}$`, "isu");
}
