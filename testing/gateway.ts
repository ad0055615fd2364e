import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { eventually } from "./eventually.ts";

export interface GatewayOptions {
  /** Written to a configuration file; without it the server starts as it does without one. */
  readonly config?: object;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Stays when the gateway is disposed of; without it, a temporary one goes with it. */
  readonly dataDir?: string;
  readonly upstreamUrl?: string;
  /** 0, the default, is any free one. */
  readonly port?: number;
}

/** A row of the view `spans`, column names as keys. */
export type Row = Readonly<Record<string, unknown>>;

/** A running Spangate, all its processes, as an operator would start it. */
export interface Gateway extends AsyncDisposable {
  /** Without a path: `http://127.0.0.1:40123`. */
  readonly dataUrl: string;
  readonly controlUrl: string;
  readonly dataDir: string;
  readonly pid: number;
  readonly pids: { readonly gateway: readonly number[]; readonly pipeline: number };
  /** What the server wrote to its standard error so far. */
  stderr(): string;
  /** Ends the server and waits for it; gives its exit code, null when the signal ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** The newest spans, by `spangate spans`: those of models, with `all` those of HTTP too. */
  spans(options?: { readonly all?: boolean; readonly last?: number }): Promise<readonly Row[]>;
  /** Rows of a statement, by `spangate sql`. */
  sql(statement: string): Promise<readonly Row[]>;
  /** What `spangate doctor` says. */
  doctor(): Promise<unknown>;
}

const serveFile = z.object({
  pid: z.number(),
  pids: z.object({ gateway: z.array(z.number()), pipeline: z.number() }),
  data_url: z.string(),
  control_url: z.string(),
});
const rows = z.array(z.record(z.string(), z.unknown()));

const START = fileURLToPath(new URL("../start.mjs", import.meta.url));
const READY_WITHIN_MS = 20_000;
const STOPPED_WITHIN_MS = 15_000;

/** Starts `spangate serve` and waits until it is ready. Throws with the server's own words when it does not come up. */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const home = await mkdtemp(join(tmpdir(), "spangate-test-"));
  const dataDir = options.dataDir ?? join(home, "data");
  const announced = join(dataDir, "run", "serve.json");

  const args = ["serve", "--data", dataDir, "--port", String(options.port ?? 0), "--control-port", "0"];
  if (options.upstreamUrl !== undefined) args.push("--upstream", options.upstreamUrl);
  if (options.config !== undefined) {
    const file = join(home, "spangate.yaml");
    await writeFile(file, JSON.stringify(options.config));
    args.push("--config", file);
  }
  // The server's home is its own, so that no configuration of this machine or clone leaks into a test.
  const child = spawn(process.execPath, [START, ...args, ...(options.args ?? [])], {
    cwd: home,
    env: { ...ownEnvironment(), ...options.env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));

  const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> => {
    await end(child, signal);
    return child.exitCode;
  };
  const dispose = async (): Promise<void> => {
    await stop();
    await rm(home, { recursive: true, force: true });
  };
  const cli = async (...command: readonly string[]): Promise<unknown> => {
    const { stdout } = await promisify(execFile)(process.execPath, [START, ...command, "--json", "--data", dataDir], {
      cwd: home,
      env: ownEnvironment(),
      maxBuffer: 512 * 2 ** 20,
    });
    return JSON.parse(stdout);
  };

  try {
    const { data_url: dataUrl, control_url: controlUrl, pid, pids } = await ready(child, announced);
    return {
      dataUrl,
      controlUrl,
      dataDir,
      pid,
      pids,
      stderr: () => stderr,
      stop,
      spans: async ({ all = false, last = 1000 } = {}) => rows.parse(await cli("spans", "--last", String(last), ...(all ? ["--all"] : []))),
      sql: async (statement) => rows.parse(await cli("sql", statement)),
      doctor: () => cli("doctor"),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (cause) {
    await dispose();
    throw new Error(`spangate serve is not ready (${args.join(" ")}): ${String(cause)}\n${stderr}`, { cause });
  }
}

async function ready(child: ChildProcess, announced: string): Promise<z.infer<typeof serveFile>> {
  return await eventually(
    async () => {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it ended with ${child.exitCode ?? child.signalCode}`);
      return await readServeFile(announced);
    },
    (served) => served?.pid === child.pid, // a killed one may have left its own
    READY_WITHIN_MS,
  ).then(async (served) => {
    if (served === undefined) throw new Error(`no ${announced}`);
    await eventually(() => answersOk(`${served.data_url}/readyz`), Boolean, READY_WITHIN_MS);
    return served;
  });
}

async function readServeFile(path: string): Promise<z.infer<typeof serveFile> | undefined> {
  try {
    return serveFile.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined; // not there yet
  }
}

async function answersOk(url: string): Promise<boolean> {
  return await fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  const late = setTimeout(() => child.kill("SIGKILL"), STOPPED_WITHIN_MS);
  await ended;
  clearTimeout(late);
}

/** The environment without what would configure the server, or send its clients elsewhere. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SPANGATE|OPENAI|VITEST)_?/.test(name)));
}
