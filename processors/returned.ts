import { TIERS } from "../genai/recorded.ts";
import type { Span } from "../genai/span.ts";

/** Fields that say who a span is, where it belongs and when it was. They stay as they are. */
const FIXED = [
  "spanId",
  "traceId",
  "tenant",
  "source",
  "parentSpanId",
  "exchangeId",
  "kind",
  "startTimeUnixNano",
  "endTimeUnixNano",
] as const;

/**
 * The place of each returned span among those given. Throws when a processor did more than drop some and change what they tell. Never says
 * which span, only what is wrong.
 */
export function placesOf(given: readonly Span[], returned: unknown): readonly number[] {
  if (!Array.isArray(returned)) throw new TypeError("it returned no list of spans");
  let next = 0;
  return returned.map((each: unknown) => {
    if (!isSpan(each)) throw new TypeError("it returned something that is no span");
    let at = next;
    while (at < given.length && !isSame(given[at], each)) at++;
    const before = given[at];
    if (before === undefined) throw new TypeError("it returned a span that it was not given: ids, kind, times and order must stay");
    if (TIERS.indexOf(each.capture) < TIERS.indexOf(before.capture)) throw new TypeError("it raised the tier of a span");
    next = at + 1;
    return at;
  });
}

const isSame = (one: Span | undefined, other: Span): boolean => one === other || FIXED.every((field) => one?.[field] === other[field]);

function isSpan(value: unknown): value is Span {
  if (typeof value !== "object" || value === null || !("attributes" in value)) return false;
  return typeof value.attributes === "object" && value.attributes !== null;
}
