import { z } from "@hono/zod-openapi";

export const errorBody = z.object({
  error: z.object({ message: z.string(), type: z.string(), param: z.null(), code: z.string().nullable() }),
});

export const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  content: { "application/json": { schema } },
  description,
});

export const failure = (description: string) => json(errorBody, description);

export const unavailable = failure("What was recorded cannot reach the store now; ask again later");
