import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Client } from "undici";
import { z } from "zod";
import type { Tier } from "../genai/recorded.ts";
import type { Durability } from "../journal/options.ts";
import { eventually } from "../testing/eventually.ts";
import { readMemory } from "./cpu.ts";
import { MEASURED_CORE, start } from "./process.ts";
import type { Proxy } from "./proxy.ts";

const START = fileURLToPath(new URL("../start.mjs", import.meta.url));
const READY_WITHIN_MS = 30_000;

const serveFile = z.object({
  pid: z.number(),
  pids: z.object({ gateway: z.array(z.number()), pipeline: z.number() }),
  data_url: z.string(),
});
const state = z.looseObject({
  open: z.number(),
  backlog: z.number(),
  appended: z.number(),
  stored: z.number(),
  dead_lettered: z.number(),
  dropped: z.record(z.string(), z.number()),
});
const inForce = z.looseObject({ durability: z.string(), capture: z.string() });
const rows = z.array(z.record(z.string(), z.unknown()));

/** Spangate as an operator starts it, with a configuration file. */
export function spangate(name: string, title: string, durability: Durability, capture: Tier): Proxy {
  return {
    name,
    title,
    async start({ upstream, folder }) {
      await mkdir(folder, { recursive: true });
      const [config, dataDir] = [join(folder, "spangate.yaml"), join(folder, "data")];
      const settings = {
        durability,
        capture,
        default_upstream: "bench",
        upstreams: { bench: { base_url: upstream.baseUrl } },
        gateway: { port: 0 },
        control: { port: 0 },
      };
      await writeFile(config, JSON.stringify(settings, undefined, 2));
      const env = Object.fromEntries(Object.entries(process.env).filter(([each]) => !/^(SPANGATE|OPENAI)_/.test(each)));
      const args = [START, "serve", "--config", config, "--data", dataDir];
      await using starting = new AsyncDisposableStack();
      const running = starting.use(start({ command: process.execPath, args, core: MEASURED_CORE, cwd: folder, env }));
      const served = await eventually(
        async () => (running.exited ? "ended" : await readServeFile(join(dataDir, "run", "serve.json"))),
        (file) => file !== undefined,
        READY_WITHIN_MS,
      );
      if (served === undefined || served === "ended") throw new Error(`spangate serve does not start: ${running.output().slice(-2000)}`);

      const command = async (...words: readonly string[]): Promise<unknown> => {
        const options = { cwd: folder, env, maxBuffer: 2 ** 26 };
        const ran = await promisify(execFile)(process.execPath, [START, ...words, "--json", "--data", dataDir], options).catch(
          ({ stderr = "" }: { stderr?: string }) => {
            throw new Error(`spangate ${words[0]} failed: ${stderr.trim()}; the server says: ${running.output().trim().slice(-500)}`);
          },
        );
        return JSON.parse(ran.stdout);
      };
      // Asking over the socket costs the server less than a command that starts, and asks the same.
      const socket = new Client("http://spangate", { socketPath: join(dataDir, "run", "control.sock") });
      starting.defer(() => socket.close());
      const said = inForce.parse(await command("doctor"));
      if (said.durability !== durability) throw new Error(`the server runs with durability ${said.durability}, not ${durability}`);
      const owned = starting.move();
      return {
        version: `durability ${said.durability}, capture ${said.capture}`,
        port: Number(new URL(served.data_url).port),
        headers: [],
        pids: { gateway: served.pids.gateway, pipeline: [served.pids.pipeline], other: [served.pid] },
        idle: readMemory(served.pids.gateway),
        record: {
          durability: said.durability,
          capture: said.capture,
          state: async () => state.parse(await (await socket.request({ method: "GET", path: "/api/doctor" })).body.json()),
          async isReadable(responseId) {
            const reply = await socket.request({ method: "GET", path: `/api/spans/${responseId}` });
            await reply.body.dump();
            return reply.statusCode === 200;
          },
          rows: async (statement) => rows.parse(await command("sql", statement)),
        },
        [Symbol.asyncDispose]: () => owned.disposeAsync(),
      };
    },
  };
}

async function readServeFile(path: string): Promise<z.infer<typeof serveFile> | undefined> {
  try {
    return serveFile.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined; // not there yet
  }
}
