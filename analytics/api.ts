import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import { StoreUnavailable, type Rows, type SpanReader } from "../storage/store.ts";
import { addDeadLetters, type DeadLetters } from "./dead_letters.ts";
import { failure, json, unavailable, type errorBody } from "./schema.ts";

/** Answers a user's SQL from the published files, elsewhere than in this process. */
export interface SqlRunner {
  /** Throws a `SqlError` when the statement is at fault. */
  run(statement: string, parameters: readonly (string | number | boolean | null)[]): Promise<Rows & { readonly truncated: boolean }>;
}

/** The statement is wrong, or asks for too much; the message is for who wrote it. */
export class SqlError extends Error {
  override readonly name = "SqlError";
}

export interface ApiOptions {
  readonly reader: SpanReader;
  readonly sql: SqlRunner;
  readonly letters: DeadLetters;
  /** Resolves when all that was recorded until now is readable. Rejects with `StoreUnavailable` while it cannot get there. */
  readonly catchUp: () => Promise<void>;
  /** Told of what failed unexpectedly; the caller reads "internal error". */
  readonly onError: (error: unknown) => void;
}

const MAX_LIMIT = 10_000;
const MAX_STATEMENT = 64 * 1024;

/** Columns of the view `spans`, by name. */
const span = z.record(z.string(), z.unknown()).openapi("Span");

const listSpans = createRoute({
  method: "get",
  path: "/api/spans",
  summary: "The newest spans, newest first",
  request: {
    query: z.object({
      limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(50).openapi({ description: "How many at most." }),
      all: z.stringbool().default(false).openapi({ description: "HTTP spans too, beside the calls of models.", type: "boolean" }),
    }),
  },
  responses: { 200: json(z.array(span), "The spans"), 400: failure("A parameter is wrong") },
});

const findSpans = createRoute({
  method: "get",
  path: "/api/spans/{id}",
  summary: "All spans of an exchange, a trace, a response, or one span, in the order they began",
  request: { params: z.object({ id: z.string().min(1).max(256) }) },
  responses: { 200: json(z.array(span), "The spans"), 404: failure("Nothing has this id") },
});

const runSql = createRoute({
  method: "post",
  path: "/api/sql",
  summary: "Rows of one read-only statement over the view spans",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.object({
            sql: z.string().min(1).max(MAX_STATEMENT),
            parameters: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).default([]),
          }),
        },
      },
    },
  },
  responses: {
    200: json(
      z.object({ columns: z.array(z.string()), types: z.array(z.string()), rows: z.array(z.array(z.unknown())), truncated: z.boolean() }),
      "Decimals and big integers are text, so that no digit is lost",
    ),
    400: failure("The statement cannot be answered"),
    503: unavailable,
  },
});

/** The HTTP API over stored spans. */
export function api({ reader, sql, letters, catchUp, onError }: ApiOptions): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook: (result, context) => {
      if (!result.success) return context.json(failed("invalid_request", z.prettifyError(result.error)), 400);
      return undefined;
    },
  });

  /** Spans that are readable are better than none; the pipeline says what keeps it. */
  const catchUpIfPossible = (): Promise<void> => catchUp().catch(() => {});

  app.openapi(listSpans, async (context) => {
    const { limit, all } = context.req.valid("query");
    await catchUpIfPossible();
    const where = all ? "" : "WHERE operation IS NOT NULL";
    const found = await reader.query(`SELECT * FROM spans ${where} ORDER BY start_time DESC, span_id LIMIT $1`, [limit]);
    return context.json(asObjects(found), 200);
  });

  app.openapi(findSpans, async (context) => {
    const { id } = context.req.valid("param");
    await catchUpIfPossible();
    const found = await reader.query(
      "SELECT * FROM spans WHERE exchange_id = $1 OR span_id = $1 OR trace_id = $1 OR response_id = $1 ORDER BY start_time, parent_span_id NULLS FIRST",
      [id],
    );
    if (found.rows.length === 0) return context.json(failed("not_found", `no exchange, span, trace or response has the id ${id}`), 404);
    return context.json(asObjects(found), 200);
  });

  app.openapi(runSql, async (context) => {
    const body = context.req.valid("json");
    await catchUp();
    try {
      const { columns, rows, truncated } = await sql.run(body.sql, body.parameters);
      return context.json(
        {
          columns: columns.map(({ name }) => name),
          types: columns.map(({ type }) => type),
          rows: rows.map((row) => [...row]),
          truncated,
        },
        200,
      );
    } catch (error) {
      if (error instanceof SqlError) return context.json(failed("invalid_sql", error.message), 400);
      throw error;
    }
  });

  addDeadLetters(app, letters);

  app.onError((error, context) => {
    if (error instanceof HTTPException && error.status < 500)
      return context.json(failed("invalid_request", unreadable(context.req.header("content-type"))), 400);
    if (error instanceof StoreUnavailable) return context.json(failed("store_unavailable", error.message, "server_error"), 503);
    onError(error);
    return context.json({ error: { message: "internal error", type: "server_error", param: null, code: null } }, 500);
  });
  app.doc31("/api/openapi.json", { openapi: "3.1.0", info: { title: "Spangate", version: "1" } });
  app.notFound((context) =>
    context.json(failed("not_found", `${context.req.method} ${context.req.path} is not part of this API; see /api/openapi.json`), 404),
  );
  return app;
}

/** Why a body could not be read at all. */
function unreadable(type: string | undefined): string {
  return type?.includes("json") ? "the body is not JSON" : `send JSON with content-type: application/json, not ${type ?? "without one"}`;
}

function failed(code: string, message: string, type = "invalid_request_error"): z.infer<typeof errorBody> {
  return { error: { message, type, param: null, code } };
}

/** Column names as keys. Columns of type JSON are the values they hold; integers are numbers as long as JSON can say them. */
function asObjects({ columns, rows }: Rows): Record<string, unknown>[] {
  return rows.map((row) => Object.fromEntries(columns.map(({ name, type }, i) => [name, plain(type, row[i])])));
}

function plain(type: string, value: unknown): unknown {
  if (typeof value !== "string") return value;
  if (type === "JSON") return JSON.parse(value);
  return type === "BIGINT" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
