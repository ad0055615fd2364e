import type { Span } from "../genai/span.ts";

/** Spans by the call they tell of; those of no call by their trace. */
export function byExchange(spans: readonly Span[]): ReadonlyMap<string, readonly Span[]> {
  return Map.groupBy(spans, ({ tenant, source, exchangeId, traceId }) => JSON.stringify([tenant, source, exchangeId ?? null, traceId]));
}

/** The spans of the calls that are to stay, in the order in which they came. */
export function keepExchanges(spans: readonly Span[], stays: (exchange: readonly Span[]) => boolean): readonly Span[] {
  const kept = new Set([...byExchange(spans).values()].filter(stays).flat());
  return spans.filter((span) => kept.has(span));
}
