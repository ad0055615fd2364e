import type { Exchange } from "./assemble.ts";
import { errorType } from "./provider_error.ts";
import type { Outcome } from "./span.ts";

/**
 * `error.type` of the call to the upstream; undefined when it did not fail. A client that leaves is no failure of the call,
 * but what the provider had reported until then is.
 */
export function failure({ closed, error, flaw, status }: Exchange): string | undefined {
  switch (closed.ending) {
    case "rejected":
      return undefined;
    case "incomplete":
      return "recorder_lost";
    case "cut":
      return error ? errorType(error, status) : (closed.error ?? "stream_interrupted");
    case "abandoned":
    case "completed":
      return error || (status !== undefined && status >= 400) ? errorType(error, status) : flaw;
  }
}

/** What came of the call for the one who made it; undefined for one that the gateway itself refused. */
export function outcome(exchange: Exchange): Outcome | undefined {
  const { closed, response, outputParseError } = exchange;
  switch (closed.ending) {
    case "rejected":
      return undefined;
    case "incomplete":
    case "cut":
      return "error";
    case "abandoned":
      return "cancelled";
    case "completed":
      if (failure(exchange) !== undefined) return "error";
      if (response?.refused) return "refused";
      return outputParseError || response?.finishReasons?.includes("length") ? "partial" : "ok";
  }
}
