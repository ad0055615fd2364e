import type { Opened } from "./recorded.ts";

/** Words of the APIs we relay; every other segment of a path is an id, and would make a route of its own. */
const WORDS: ReadonlySet<string> = new Set(
  `assistants audio batches cancel chat checkpoints compact completions containers content conversations count_tokens deployments edits
  embeddings engines evals events feedback files fine_tuning generations images input_items input_tokens items jobs messages models moderations
  openai output_items pause permissions projects rerank responses results resume runs search speech steps submit_tool_outputs threads
  transcriptions translations uploads v1 v1beta v2 variations vector_stores videos`.split(/\s+/),
);

/** `/responses/{id}` for a path below an upstream's base URL; undefined for one that begins with no word we know. */
export function pathTemplate(path: string): string | undefined {
  const segments = path.split("/").filter((segment) => segment !== "");
  const [first] = segments;
  if (first === undefined || !WORDS.has(first) || segments.length > 10) return undefined;
  return segments.map((segment) => `/${WORDS.has(segment) ? segment : "{id}"}`).join("");
}

/** The client's path as a route. What stands before the upstream's own part is `/v1` or the upstream's name: few values. */
export function routeOf({ path, upstream }: Opened): string | undefined {
  if (!upstream) return pathTemplate(path);
  const template = pathTemplate(upstream.path);
  if (template === undefined || !path.endsWith(upstream.path)) return undefined;
  return path.slice(0, path.length - upstream.path.length) + template;
}
