import { hash } from "node:crypto";
import type { Exchange } from "./assemble.ts";
import { outcome } from "./outcome.ts";
import type { Opened } from "./recorded.ts";
import type { Span } from "./span.ts";

/** What every span of an exchange has in common, and its time; offsets in microseconds since `startedAtUs`. */
export function frame({ opened }: Exchange, startedUs: number, endedUs: number) {
  return {
    tenant: opened.tenant,
    source: "gateway",
    traceId: opened.traceId,
    exchangeId: opened.exchangeId,
    capture: opened.tier,
    startTimeUnixNano: unixNano(opened, startedUs),
    endTimeUnixNano: unixNano(opened, Math.max(startedUs, endedUs)),
  } as const;
}

function unixNano({ startedAtUs }: Opened, offsetUs: number): bigint {
  return BigInt(Math.round(startedAtUs + offsetUs)) * 1000n;
}

export function endOf(exchange: Exchange): Pick<Span, "ending" | "outcome"> {
  const came = outcome(exchange);
  return { ending: exchange.closed.ending, ...(came && { outcome: came }) };
}

export function statusOf(errorType: string | undefined): Span["status"] {
  return errorType === undefined ? "unset" : "error";
}

/** Ids are derived, never drawn, so that describing a record again after a restart gives the same spans. */
export function spanId({ exchangeId }: Opened, role: string): string {
  return hash("sha256", `${exchangeId}/${role}`).slice(0, 16);
}
