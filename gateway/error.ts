/** Every code a client may branch on, with its HTTP status; each has an entry in docs/errors.md. */
export const STATUS_BY_CODE = {
  invalid_request: 400,
  too_deep: 400,
  invalid_sql: 400,
  unauthorized: 401,
  unknown_upstream: 404,
  not_found: 404,
  request_timeout: 408,
  body_too_large: 413,
  unsupported_encoding: 415,
  header_too_large: 431,
  upstream_unreachable: 502,
  overloaded: 503,
  audit_unavailable: 503,
  draining: 503,
  store_unavailable: 503,
  upstream_timeout: 504,
} as const;

export type ErrorCode = keyof typeof STATUS_BY_CODE;

/** A refusal of our own. Its message is shown to the client: it says what was tried, on what, and what to do. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly code: ErrorCode;
  readonly status: number;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.status = STATUS_BY_CODE[code];
  }
}

export interface ErrorEnvelope {
  readonly error: { readonly message: string; readonly type: string; readonly param: null; readonly code: ErrorCode | null };
}

/**
 * The JSON that OpenAI clients parse. Anything but a `GatewayError` reads "internal error", because its message was not written for clients.
 * Source: https://platform.openai.com/docs/guides/error-codes
 */
export function envelope(error: unknown): ErrorEnvelope {
  if (!(error instanceof GatewayError)) return { error: { message: "internal error", type: "server_error", param: null, code: null } };
  return { error: { message: error.message, type: typeOf(error.status), param: null, code: error.code } };
}

function typeOf(status: number): string {
  if (status === 401) return "authentication_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}
