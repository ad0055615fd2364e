import { readdirSync } from "node:fs";
import { z } from "zod";
import { eventually } from "../eventually.ts";
import { startGateway, type Gateway } from "../gateway.ts";

const observed = z.object({ usedBytes: z.number(), residentBytes: z.number(), delayP99Ms: z.number() });
export type Observed = z.infer<typeof observed>;

/** A whole server, whose one gateway process can be looked into. */
export interface ObservedGateway extends Pick<Gateway, "stderr" | "doctor" | "sql">, AsyncDisposable {
  /** Without a path. */
  readonly url: string;
  /** The gateway process. */
  readonly pid: number;
  /** After garbage was collected: memory in use, and with what the allocator has not given back; and how late the event loop was since the last look. */
  observe(): Promise<Observed>;
  /** Files and connections it has open. Linux. */
  openFiles(): number;
}

const PLANTED = new URL("planted.ts", import.meta.url).href;

/** `config` is what stands in the configuration file, beside the one upstream. */
export async function observedGateway(upstreamUrl: string, config: object = {}): Promise<ObservedGateway> {
  const gateway = await startGateway({
    config: { default_upstream: "up", upstreams: { up: { base_url: upstreamUrl } }, ...config },
    env: { NODE_OPTIONS: `--import=${PLANTED}` },
  });
  const [pid] = gateway.pids.gateway;
  if (pid === undefined) throw new Error("the server has no gateway process");
  const looks = (): readonly Observed[] =>
    [...gateway.stderr().matchAll(/^observed (.*)\n/gm)].map(([, json]) => observed.parse(JSON.parse(json ?? "")));
  return {
    url: gateway.dataUrl,
    pid,
    stderr: () => gateway.stderr(),
    doctor: () => gateway.doctor(),
    sql: (statement) => gateway.sql(statement),
    async observe() {
      const before = looks().length;
      process.kill(pid, "SIGUSR2");
      const all = await eventually(looks, ({ length }) => length > before, 20_000);
      return all.at(-1) as Observed;
    },
    openFiles: () => readdirSync(`/proc/${pid}/fd`).length,
    [Symbol.asyncDispose]: async () => gateway[Symbol.asyncDispose](),
  };
}
