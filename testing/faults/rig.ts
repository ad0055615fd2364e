import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../eventually.ts";
import { startGateway, type Gateway } from "../gateway.ts";
import { ledgerClient, type LedgerClient, type Planned } from "../ledger.ts";
import { scriptedUpstream, type ScriptedUpstream } from "../scripted_upstream.ts";
import type { Random } from "./fault.ts";

/** A data folder that outlives its servers, an upstream, and a client with a ledger. */
export interface Rig extends AsyncDisposable {
  readonly dataDir: string;
  readonly upstream: ScriptedUpstream;
  readonly client: LedgerClient;
  /** Starts a server on the data folder; the client's calls go to the newest one. */
  readonly start: (config?: object, args?: readonly string[]) => Promise<Gateway>;
}

export interface RigOptions {
  /** The data folder is in memory, where the system has such a place: no write waits for a disk. */
  readonly inMemory?: boolean;
}

const MEMORY = "/dev/shm";

export async function rig({ inMemory = false }: RigOptions = {}): Promise<Rig> {
  const dataDir = await mkdtemp(join(inMemory && existsSync(MEMORY) ? MEMORY : tmpdir(), "spangate-fault-"));
  const upstream = await scriptedUpstream();
  let url = "";
  const client = ledgerClient(() => url);
  return {
    dataDir,
    upstream,
    client,
    async start(config = {}, args = []) {
      const gateway = await startGateway({
        dataDir,
        args,
        config: { default_upstream: "up", upstreams: { up: { base_url: upstream.url } }, capture: "full", ...config },
      });
      url = gateway.dataUrl;
      return gateway;
    },
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await upstream[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Longest pause before a process is started again, and its start on a busy machine. */
const BACK_WITHIN_MS = 60_000;

/** Resolves once the pipeline of a server answers questions again. */
export async function pipelineReady(gateway: Pick<Gateway, "doctor">): Promise<void> {
  await eventually(
    async () => (await gateway.doctor()) as { readonly pipeline: string },
    ({ pipeline }) => pipeline === "ready",
    BACK_WITHIN_MS,
  );
}

/** Calls of all kinds: most are short, some stream for seconds, some are cut, some clients leave. Ids begin with `prefix`. */
export function mixedCalls(random: Random, prefix: string): () => Planned {
  let count = 0;
  return () => {
    const id = `${prefix}${count++}`;
    const kind = random.whole(1, 100);
    if (kind <= 55) return { script: { id, stream: false, words: random.whole(1, 40), everyMs: 0 } };
    if (kind <= 85) return { script: { id, stream: true, words: random.whole(1, 20), everyMs: random.whole(0, 10) } };
    if (kind <= 91) return { script: { id, stream: true, words: random.whole(20, 40), everyMs: 50 } };
    if (kind <= 95) return { script: { id, stream: true, words: 40, everyMs: 20 }, leaveAfterMs: random.whole(50, 700) };
    return { script: { id, stream: random.whole(0, 1) === 1, words: 10, everyMs: 10, cutAfter: random.whole(1, 9) } };
  };
}
