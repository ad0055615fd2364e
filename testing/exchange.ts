import { readdir, readFile } from "node:fs/promises";
import { z } from "zod";

const request = z.object({
  method: z.string(),
  /** Below the base URL: `/chat/completions`. */
  path: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.unknown(),
});
const head = z.object({ status: z.number(), headers: z.record(z.string(), z.string()), body: z.string().optional() });

/** An exchange from `testing/exchanges/`, the response's body byte for byte. */
export interface RecordedExchange {
  readonly request: z.infer<typeof request>;
  readonly response: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: Buffer };
}

const ROOT = new URL("exchanges/", import.meta.url);

/** Reads one exchange; a folder that has several bodies for one head wants to know which. */
export async function readExchange(what: string, body?: string): Promise<RecordedExchange> {
  const folder = new URL(`${what}/`, ROOT);
  const json = async (name: string): Promise<unknown> => JSON.parse(await readFile(new URL(name, folder), "utf8"));
  const { status, headers, body: only } = head.parse(await json("response.json"));
  const name = body ?? only;
  if (name === undefined) throw new Error(`testing/exchanges/${what} has several bodies; name one`);
  return { request: request.parse(await json("request.json")), response: { status, headers, body: await readFile(new URL(name, folder)) } };
}

/** Names of the bodies in a folder that has several. */
export async function bodiesOf(what: string): Promise<readonly string[]> {
  const names = await readdir(new URL(`${what}/`, ROOT));
  return names.filter((name) => name.endsWith(".sse")).sort((one, other) => one.localeCompare(other));
}
