import type { z } from "zod";
import type { Library } from "./library.ts";
import type { Random } from "./random.ts";

/** One request to the demo. */
export interface Asked {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly contentType: string;
  readonly body: Buffer;
  readonly known: Library;
  readonly random: Random;
  /** Seconds since the epoch, for `created`. */
  readonly now: number;
}

/** What the demo answers; `events` are whole server-sent events, framing included. `id` is the response's own, for the log. */
export type Reply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly id?: string;
} & ({ readonly body: string } | { readonly events: Iterable<string> });

/** Answered as OpenAI answers an error. */
export class ApiError extends Error {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly param: string | null;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    type: string,
    message: string,
    more: { readonly code?: string; readonly param?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.status = status;
    this.type = type;
    this.code = more.code ?? null;
    this.param = more.param ?? null;
    this.headers = more.headers ?? {};
  }
}

export function json(value: unknown, id?: string): Reply {
  return { status: 200, headers: { "content-type": "application/json" }, body: JSON.stringify(value), ...(id ? { id } : {}) };
}

export function stream(events: Iterable<string>, id?: string): Reply {
  return { status: 200, headers: { "content-type": "text/event-stream; charset=utf-8" }, events, ...(id ? { id } : {}) };
}

/** One server-sent event. */
export function event(data: unknown, name?: string): string {
  return `${name === undefined ? "" : `event: ${name}\n`}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}

export function errorReply(error: ApiError): Reply {
  const { message, type, param, code } = error;
  return {
    status: error.status,
    headers: { "content-type": "application/json", ...error.headers },
    body: JSON.stringify({ error: { message, type, param, code } }, undefined, 2),
  };
}

/** Reads a JSON body. Throws `ApiError` 400 as OpenAI words it, and whatever error the model's name asks for. */
export function readBody<Body extends { readonly model: string }>(schema: z.ZodType<Body>, asked: Asked): Body {
  const parsed = schema.safeParse(parseJson(asked.body));
  if (parsed.success) {
    throwFor(parsed.data.model);
    return parsed.data;
  }
  const issue = parsed.error.issues[0];
  const param = issue?.path.reduce<string>(
    (path, key) => path + (typeof key === "number" ? `[${key}]` : `${path && "."}${String(key)}`),
    "",
  );
  throw new ApiError(400, "invalid_request_error", `Invalid value for '${param}': ${issue?.message}.`, {
    code: "invalid_value",
    ...(param ? { param } : {}),
  });
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new ApiError(400, "invalid_request_error", "The body of your request is not valid JSON.");
  }
}

/** Reads a multipart form. Throws `ApiError` 400. */
export async function readForm(asked: Asked): Promise<FormData> {
  try {
    return await new Response(new Uint8Array(asked.body), { headers: { "content-type": asked.contentType } }).formData();
  } catch {
    throw new ApiError(400, "invalid_request_error", "Could not parse multipart form");
  }
}

const ERRORS = new Map(
  Object.entries({
    "demo-error-400": () =>
      new ApiError(400, "invalid_request_error", "The messages are longer than this model's context of 8192 tokens.", {
        code: "context_length_exceeded",
        param: "messages",
      }),
    "demo-error-401": () =>
      new ApiError(401, "invalid_request_error", "The API key is not valid: demo-****.", {
        code: "invalid_api_key",
      }),
    "demo-error-404": () =>
      new ApiError(404, "invalid_request_error", "There is no model `demo-error-404`.", {
        code: "model_not_found",
      }),
    "demo-error-429": () =>
      new ApiError(429, "requests", "Rate limit of demo-error-429 reached: 3 of 3 requests used. Try again in 1s.", {
        code: "rate_limit_exceeded",
        headers: { "retry-after": "1", "retry-after-ms": "1000", "x-should-retry": "true" },
      }),
    "demo-error-500": () => new ApiError(500, "server_error", "The server failed while it worked on your request."),
  }),
);

/** A model may be named after the error it answers with: `demo-error-429`. */
export function throwFor(model: string): void {
  const error = ERRORS.get(model);
  if (error) throw error();
}
