import type { Span } from "../genai/span.ts";

/** A span of a call to a model, with what the test says otherwise. */
export function aSpan(span: Partial<Span> = {}): Span {
  return {
    tenant: "default",
    source: "gateway",
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    name: "chat",
    kind: "client",
    startTimeUnixNano: 1_767_225_600_000_000_000n,
    endTimeUnixNano: 1_767_225_600_500_000_000n,
    status: "unset",
    capture: "full",
    attributes: {},
    ...span,
  };
}
