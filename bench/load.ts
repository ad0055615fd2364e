import { once } from "node:events";
import { z } from "zod";
import { LOAD_CORE, start } from "./process.ts";

const percentiles = z.object({ p50: z.number(), p90: z.number(), p99: z.number(), max: z.number() });
const stamped = z.array(z.tuple([z.number(), z.number()]));

const loadReport = z.object({
  asked: z.number(),
  completed: z.number(),
  /** Replies that are not, byte for byte, what the upstream sent. */
  changed: z.number(),
  bad_status: z.number(),
  broken: z.number(),
  unfinished: z.number(),
  seconds: z.number(),
  rps: z.number(),
  events: z.number(),
  /** From the moment a request was to begin to the last byte of its reply. */
  latency_us: percentiles.nullable(),
  /** To the first byte of the reply's body. */
  first_byte_us: percentiles.nullable(),
  /** From the upstream's writing an event to the client's reading it. */
  hop_us: percentiles.nullable(),
  /** Ids of this load: from `first_id` up to, but without, `next_id`. */
  first_id: z.number(),
  next_id: z.number(),
  last_id: z.number(),
  /** When the last exchange ended; microseconds on the monotonic clock. */
  ended_us: z.number(),
  /** Id of each stream that was left, and when. */
  aborted: stamped,
});
export type LoadReport = z.infer<typeof loadReport>;

export interface LoadOptions {
  readonly tool: string;
  readonly port: number;
  readonly headers: readonly string[];
  readonly script: string;
  readonly seconds: number;
  readonly connections: number;
  readonly firstId: number;
  /** Requests a second, each at its moment; without it, as fast as the connections allow. */
  readonly rate?: number;
  /** Streams are left after so many events. */
  readonly abortAfter?: number;
  /** The connections begin one after the other over this time. */
  readonly rampMs?: number;
}

/** Runs the load generator. Throws with its own words when it fails. */
export async function load(options: LoadOptions): Promise<LoadReport> {
  const args: (string | number)[] = ["--port", options.port, "--script", options.script, "--seconds", options.seconds];
  args.push("--connections", options.connections, "--first-id", options.firstId);
  if (options.rate !== undefined) args.push("--rate", options.rate);
  if (options.abortAfter !== undefined) args.push("--abort", options.abortAfter);
  if (options.rampMs !== undefined) args.push("--ramp-ms", options.rampMs);
  for (const header of options.headers) args.push("--header", header);
  await using running = start({ command: options.tool, args: args.map(String), core: LOAD_CORE });
  let stdout = "";
  running.child.stdout?.on("data", (text: string) => (stdout += text));
  await once(running.child, "close");
  if (running.child.exitCode !== 0) throw new Error(`the load generator failed (${args.join(" ")}): ${running.output()}`);
  return loadReport.parse(JSON.parse(stdout));
}

const upstreamStats = z.object({
  requests: z.number(),
  /** Requests that are not, byte for byte, what the client sent. */
  changed: z.number(),
  /** Id of each stream whose client left before its end, and when. */
  closed_early: stamped,
});
export type UpstreamStats = z.infer<typeof upstreamStats>;

/** The scripted upstream, running. */
export interface Upstream extends AsyncDisposable {
  readonly port: number;
  readonly baseUrl: string;
  /** What came since the last time this was asked. */
  stats(): Promise<UpstreamStats>;
  /** The words of a script's answer for an id, as SQL: `id` is an expression. */
  outputSql(script: string, id: string): Promise<string>;
}

export async function startUpstream(tool: string): Promise<Upstream> {
  const running = start({ command: tool, args: [], core: LOAD_CORE });
  const ended = once(running.child, "close").then(() => {
    throw new Error(`the upstream of the benchmark ended: ${running.output()}`);
  });
  const [line] = await Promise.race([once(running.child.stdout ?? running.child, "data") as Promise<[string]>, ended]);
  ended.catch(() => {}); // from now on that is its end
  const { port } = z.object({ port: z.number() }).parse(JSON.parse(line));
  const origin = `http://127.0.0.1:${port}`;
  return {
    port,
    baseUrl: `${origin}/v1`,
    stats: async () => upstreamStats.parse(await (await fetch(`${origin}/stats`)).json()),
    async outputSql(script, id) {
      const words = await (await fetch(`${origin}/output/${script}`)).text();
      return `replace('${words}', '000000000', ${id})`;
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}
