import { GatewayError } from "./error.ts";
import type { Route } from "./route.ts";

/** This process, or the machine, has no more open files to give. */
const EXHAUSTED = new Set(["EMFILE", "ENFILE"]);
const TIMEOUTS = new Set(["UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT", "ETIMEDOUT"]);

export function codeOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" ? code : "";
}

/** What an outbound proxy does instead of passing a call on. */
const PROXY_REFUSALS = new Set(["UND_ERR_ABORTED", "UND_ERR_INVALID_ARG", "UND_ERR_PRX_CONN", "UND_ERR_PRX_TLS"]);

/** Low cardinality, in the words of the conventions: a code, or `timeout`. */
export function errorType(error: Error): string {
  const code = codeOf(error);
  if (TIMEOUTS.has(code)) return "timeout";
  if (PROXY_REFUSALS.has(code)) return "proxy_refused";
  if (code === "UND_ERR_SOCKET") return "ECONNRESET";
  if (
    code.startsWith("HPE_") ||
    code === "ERR_INVALID_CHAR" ||
    error.name === "HTTPParserError" ||
    code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH"
  )
    return "invalid_response";
  return code || "_OTHER";
}

/** What a client is told of it. `started`: whether the upstream had begun its reply. */
export function unreachable(error: Error, { upstream }: Route, started: boolean): GatewayError {
  const where = `${upstream.name} (${upstream.origin})`;
  const options = { cause: error };
  if (codeOf(error) === "draining")
    return new GatewayError("draining", `this gateway stopped before the upstream ${where} was done; try again`, options);
  if (EXHAUSTED.has(codeOf(error)))
    return new GatewayError("overloaded", `this gateway has no connection left for the upstream ${where}; try again shortly`, options);
  if (TIMEOUTS.has(codeOf(error)))
    return new GatewayError("upstream_timeout", `the upstream ${where} did not answer in time (${codeOf(error)})`, options);
  if (PROXY_REFUSALS.has(codeOf(error))) {
    const message = `the outbound proxy does not lead to the upstream ${where} (${error.message}); check HTTP_PROXY, HTTPS_PROXY and NO_PROXY`;
    return new GatewayError("upstream_unreachable", message, options);
  }
  if (errorType(error) === "invalid_response") {
    return new GatewayError(
      "upstream_unreachable",
      `the upstream ${where} sent a reply that is not HTTP (${codeOf(error) || error.message})`,
      options,
    );
  }
  const why = codeOf(error) || error.message;
  const message = started
    ? `the upstream ${where} broke off its reply (${why}); what came before is not all of it`
    : `the upstream ${where} could not be reached (${why}); check that it runs and that base_url is right`;
  return new GatewayError("upstream_unreachable", message, options);
}
