import type { Span } from "../genai/span.ts";
import type { SpanReader } from "../storage/store.ts";
import { aboutSpan } from "./letter.ts";

const SAME_IDS = `SELECT tenant, source, trace_id, span_id FROM spans WHERE span_id IN (SELECT unnest(from_json($1::JSON, '["VARCHAR"]')))`;

/** The spans that the store does not have: the first of each identity wins. */
export async function notStored(reader: SpanReader, spans: readonly Span[]): Promise<readonly Span[]> {
  if (spans.length === 0) return spans;
  const { rows } = await reader.query(SAME_IDS, [JSON.stringify(spans.map(({ spanId }) => spanId))]);
  const known = new Set(
    rows.map(([tenant, source, traceId, spanId]) =>
      aboutSpan({ tenant: String(tenant), source: String(source), traceId: String(traceId), spanId: String(spanId) }),
    ),
  );
  return spans.filter((span) => !known.has(aboutSpan(span)));
}
