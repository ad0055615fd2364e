import { fork, type ChildProcess } from "node:child_process";
import { getCompileCacheDir } from "node:module";
import type { Logger } from "pino";
import { StartError } from "./start_error.ts";

export interface ChildOptions<To> {
  readonly name: string;
  /** Module beside this one that the process runs. */
  readonly entry: string;
  /** First message of each incarnation. */
  readonly start: () => To;
  readonly onMessage: (message: { readonly type: string }) => void;
  /** Whether it is started again also when it never was ready: the server is of use without it. */
  readonly dispensable?: boolean;
  /** An incarnation is over, whatever the reason. */
  readonly onExit: () => void;
  readonly log: Logger;
}

/** A process that runs as long as the server does: started again when it ends by itself. */
export interface Child<To> {
  readonly pid: number | undefined;
  readonly ready: boolean;
  /** When it last said something, on the monotonic clock. */
  readonly heardAt: number;
  /** Resolves when the first incarnation is ready; rejects with a `StartError` when it cannot start. */
  readonly started: Promise<void>;
  send(message: To): void;
  /** The answer to a `report`; undefined when there was none in time. */
  report<Counts>(): Promise<Counts | undefined>;
  /** Asks it to end, waits, and kills it when it takes longer. */
  stop(timeoutMs: number): Promise<void>;
  /** Ends it now, whatever it is doing. */
  kill(): void;
}

const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 30_000;
/** Who ran this long before it ended is not in a loop of failures. */
const STABLE_MS = 60_000;
const REPORT_TIMEOUT_MS = 1000;

export function child<To extends { readonly type: string }>(
  options: ChildOptions<To | { type: "stop" } | { type: "report"; id: number }>,
): Child<To> {
  const { name, log } = options;
  let current: ChildProcess | undefined;
  let ready = false;
  let heardAt = -Infinity;
  let stopping = false;
  let everReady = false;
  let backoffMs = FIRST_BACKOFF_MS;
  let nextReport = 0;
  let failure = "it ended before it was ready";
  const reports = new Map<number, (counts: unknown) => void>();
  const { promise: started, resolve: onStarted, reject: onFailed } = Promise.withResolvers<void>();

  function spawn(): void {
    const since = performance.now();
    const compileCache = getCompileCacheDir();
    const spawned = fork(new URL(options.entry, import.meta.url), {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      env: { ...process.env, ...(compileCache !== undefined && { NODE_COMPILE_CACHE: compileCache }) },
    });
    current = spawned;
    spawned.on("message", (message: { type: string; id?: number; counts?: unknown; message?: string }) => {
      heardAt = performance.now();
      if (message.type === "ready") {
        ready = everReady = true;
        onStarted();
      } else if (message.type === "failed") failure = message.message ?? failure;
      else if (message.type === "report" && message.id !== undefined) {
        reports.get(message.id)?.(message.counts);
        reports.delete(message.id);
      }
      options.onMessage(message);
    });
    spawned.on("error", (error) => {
      log.error({ err: error, child: name }, "could not start a process, or talk to it");
      if (spawned.pid !== undefined) return;
      failure = error.message; // there is none that could exit
      ended(null, null);
    });
    spawned.on("exit", ended);
    send(options.start());

    function ended(code: number | null, signal: NodeJS.Signals | null): void {
      ready = false;
      current = undefined;
      options.onExit();
      if (stopping) return;
      if (!everReady) {
        onFailed(new StartError(1, `the ${name} process could not start: ${failure}`));
        if (options.dispensable !== true) return;
      }
      if (performance.now() - since > STABLE_MS) backoffMs = FIRST_BACKOFF_MS;
      log.error({ child: name, code, signal, restart_in_ms: backoffMs }, "a process ended and will be started again");
      setTimeout(() => {
        if (!stopping) spawn();
      }, backoffMs).unref();
      backoffMs = Math.min(backoffMs * 2, LONGEST_BACKOFF_MS);
    }
  }

  function send(message: To | { type: "stop" } | { type: "report"; id: number }): void {
    if (current?.connected) current.send(message, () => {});
  }

  spawn();
  return {
    get pid() {
      return current?.pid;
    },
    get ready() {
      return ready;
    },
    get heardAt() {
      return heardAt;
    },
    started,
    send,
    report: <Counts>() =>
      new Promise<Counts | undefined>((resolve) => {
        if (!ready) return resolve(undefined);
        const id = nextReport++;
        const timer = setTimeout(() => {
          reports.delete(id);
          resolve(undefined);
        }, REPORT_TIMEOUT_MS);
        reports.set(id, (counts) => {
          clearTimeout(timer);
          resolve(counts as Counts);
        });
        send({ type: "report", id });
      }),
    kill() {
      stopping = true;
      current?.kill("SIGKILL");
    },
    async stop(timeoutMs) {
      stopping = true;
      const running = current;
      if (running === undefined) return;
      const exited = new Promise<void>((resolve) => running.once("exit", () => resolve()));
      send({ type: "stop" });
      const timer = setTimeout(() => {
        log.error({ child: name }, "a process did not end in time and was killed");
        running.kill("SIGKILL");
      }, timeoutMs);
      await exited;
      clearTimeout(timer);
    },
  };
}
