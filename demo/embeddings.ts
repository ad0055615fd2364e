import { z } from "zod";
import { json, readBody, type Asked, type Reply } from "./ask.ts";
import { randomFrom } from "./random.ts";
import { countTokens } from "./tokens.ts";

const tokenIds = z.array(z.int()).min(1);

const embeddingsRequest = z.object({
  model: z.string(),
  input: z.union([z.string(), tokenIds, z.array(z.union([z.string(), tokenIds])).min(1)]),
  dimensions: z.int().min(1).max(4096).nullish(),
  encoding_format: z.enum(["float", "base64"]).nullish(),
});

/** Vectors of length one that follow from the input's hash: the same text always lies at the same place, and nothing lies near it by meaning. */
export function embeddings(asked: Asked): Reply {
  const { model, input, dimensions, encoding_format } = readBody(embeddingsRequest, asked);
  const single = typeof input === "string" || tokenIds.safeParse(input).success;
  const inputs: readonly unknown[] = single ? [input] : [...input];
  const data = inputs.map((each, index) => {
    const vector = vectorOf(each, dimensions ?? 64);
    const base64 = (): string => Buffer.from(vector.buffer).toString("base64");
    return { object: "embedding", index, embedding: encoding_format === "base64" ? base64() : [...vector] };
  });
  const tokens = inputs.reduce<number>((sum, each) => sum + (typeof each === "string" ? countTokens(each) : lengthOf(each)), 0);
  return json({ object: "list", data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } });
}

function lengthOf(ids: unknown): number {
  return Array.isArray(ids) ? ids.length : 0;
}

function vectorOf(input: unknown, dimensions: number): Float32Array {
  const random = randomFrom(JSON.stringify(input));
  const raw = Float32Array.from({ length: dimensions }, () => random.below(20_001) / 10_000 - 1);
  const length = Math.hypot(...raw) || 1;
  return raw.map((each) => each / length);
}
