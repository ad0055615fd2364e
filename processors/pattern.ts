/** Whether a value is a name that one of the patterns means, in any case; `*` stands for anything, and so does no pattern at all. */
export function pattern(patterns: string | readonly string[] | undefined): (value: unknown) => boolean {
  if (patterns === undefined) return () => true;
  const all = [patterns].flat().map(expression);
  return (value) => typeof value === "string" && value.length <= MAX_NAME && all.some((each) => each.test(value));
}

/** Callers choose names; a longer one is none that anybody meant. */
export const MAX_NAME = 256;

/**
 * Linear in the name, however many stars: each piece is taken where it comes first, and never again somewhere else, which only the last one
 * before the end could need. That is what the lookahead with its backreference does. Stars next to each other are one.
 */
export function expression(written: string): RegExp {
  const parts = written.split(/\*+/).map((part) => part.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  const [first = "", ...rest] = parts;
  const last = rest.pop();
  const between = rest.map((part, i) => `(?=(.*?${part}))\\${i + 1}`).join("");
  return new RegExp(last === undefined ? `^${first}$` : `^${first}${between}.*${last}$`, "isu");
}
