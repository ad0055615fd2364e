import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Server } from "node:http";
import { Pool } from "undici";
import type { Tokens } from "../analytics/tokens.ts";
import type { Doctor } from "./doctor.ts";
import { metricsText } from "./metrics.ts";

export interface ControlOptions {
  readonly tokens: Tokens;
  readonly doctor: () => Promise<Doctor>;
  readonly ready: () => boolean;
  /** Whether the pipeline is there to be asked. */
  readonly answering: () => boolean;
  readonly pipelineSocket: string;
  /** Told of what failed unexpectedly; the caller reads "internal error". */
  readonly onError: (error: unknown) => void;
}

const MAX_BODY_BYTES = 1024 * 1024;

/** `trusted`: reached by a socket that only this user can open, so no token is asked for. */
export function control({ tokens, doctor, ready, answering, pipelineSocket, onError }: ControlOptions, trusted: boolean): Server {
  const pipeline = new Pool("http://pipeline", { socketPath: pipelineSocket, connections: 16 });
  const app = new Hono();

  app.get("/healthz", (context) => context.text("ok\n"));
  app.get("/readyz", (context) => (ready() ? context.text("ok\n") : context.text("not ready\n", 503)));

  app.use(async (context, next) => {
    const [, token] = /^bearer +(.+)$/i.exec(context.req.header("authorization") ?? "") ?? [];
    if (trusted || (token !== undefined && tokens.accepts(token))) return next();
    const message =
      "the control plane wants a token: send Authorization: Bearer …; make one with `spangate token create NAME` on the server's machine";
    return context.json(failed("unauthorized", message), 401, { "www-authenticate": "Bearer" });
  });

  app.get("/metrics", async (context) => context.text(metricsText(await doctor()), 200, { "content-type": "text/plain; version=0.0.4" }));
  app.get("/api/doctor", async (context) => context.json(await doctor()));

  app.get("/api/tokens", (context) => context.json(tokens.list()));
  app.post("/api/tokens", async (context) => {
    const body: unknown = await context.req.json().catch(() => undefined);
    const name = typeof body === "object" && body !== null && "name" in body ? body.name : undefined;
    if (typeof name !== "string" || !/^[\w .@-]{1,64}$/.test(name)) {
      return context.json(failed("invalid_request", 'expected {"name": …}: letters, digits, space, and . _ @ -, up to 64'), 400);
    }
    return context.json(tokens.create(name), 201);
  });
  app.delete("/api/tokens/:id", (context) => {
    const id = context.req.param("id");
    return tokens.revoke(id) ? context.body(null, 204) : context.json(failed("not_found", `no token has the id ${id}`), 404);
  });

  const limit = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError(context) {
      context.header("connection", "close"); // the rest of the body is not read
      return context.json(failed("body_too_large", `the body is larger than ${MAX_BODY_BYTES} bytes; ask for less at once`), 413);
    },
  });
  app.all("/api/*", limit, async (context) => {
    const { pathname, search } = new URL(context.req.url);
    const { method } = context.req;
    if (context.req.header("content-encoding") !== undefined) {
      return context.json(failed("unsupported_encoding", "send the body as it is, without a content encoding"), 415);
    }
    try {
      if (!answering()) throw new Error("the pipeline is down, or says nothing");
      const reply = await pipeline.request({
        method,
        path: `${pathname}${search}`,
        headers: { "content-type": context.req.header("content-type") ?? "application/json" },
        body: method === "GET" || method === "HEAD" ? null : Buffer.from(await context.req.arrayBuffer()),
      });
      return new Response(await reply.body.text(), {
        status: reply.statusCode,
        headers: { "content-type": String(reply.headers["content-type"] ?? "application/json") },
      });
    } catch {
      return context.json(
        failed(
          "store_unavailable",
          "the pipeline is not running, or does not answer, so nothing can be asked; calls are still relayed and recorded. Try again shortly",
        ),
        503,
        {
          "retry-after": "1",
        },
      );
    }
  });

  app.onError((error, context) => {
    onError(error);
    return context.json({ error: { message: "internal error", type: "server_error", param: null, code: null } }, 500);
  });
  app.notFound((context) => context.json(failed("not_found", `${context.req.method} ${context.req.path} is not served here`), 404));
  return createAdaptorServer({ fetch: app.fetch }) as Server;
}

function failed(code: string, message: string): object {
  return { error: { message, type: code === "store_unavailable" ? "server_error" : "invalid_request_error", param: null, code } };
}
