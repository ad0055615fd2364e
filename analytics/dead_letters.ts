import { createRoute, z, type OpenAPIHono } from "@hono/zod-openapi";
import { failure, json, unavailable } from "./schema.ts";

/** A letter as a list shows it: never what is in it. */
const listed = z
  .object({
    id: z.number(),
    at: z.string().openapi({ description: "When it was put aside first." }),
    stage: z.string().openapi({ description: "Where it could not go on: read, describe, process, encode or store." }),
    reason: z.string(),
    lane: z.string(),
    sequence: z.number(),
    exchangeId: z.string().optional(),
    bytes: z.number(),
  })
  .openapi("DeadLetter");
const replayed = z.object({ replayed: z.number(), already_stored: z.number(), failed: z.number(), unknown: z.number() });

/** What could not go on, and trying it again. */
export interface DeadLetters {
  list(): Promise<readonly z.infer<typeof listed>[]>;
  replay(ids: readonly number[]): Promise<z.infer<typeof replayed>>;
}

/** Each takes its time: who has more asks again. */
const MOST_AT_ONCE = 1000;

const listLetters = createRoute({
  method: "get",
  path: "/api/dead-letters",
  summary: "What could not go on, oldest first",
  responses: { 200: json(z.array(listed), "The letters, without their content") },
});

const replayLetters = createRoute({
  method: "post",
  path: "/api/dead-letters/replay",
  summary: "Tries letters again, each exactly once; one that succeeds is gone",
  request: {
    body: { required: true, content: { "application/json": { schema: z.object({ ids: z.array(z.number().int()).max(MOST_AT_ONCE) }) } } },
  },
  responses: { 200: json(replayed, "How many came to what"), 400: failure("The body is wrong"), 503: unavailable },
});

export function addDeadLetters(app: OpenAPIHono, letters: DeadLetters): void {
  app.openapi(listLetters, async (context) => context.json([...(await letters.list())], 200));
  app.openapi(replayLetters, async (context) => context.json(await letters.replay(context.req.valid("json").ids), 200));
}
