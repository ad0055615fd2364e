import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";

/** The load and the upstream run on one core, what is measured with all its threads and children on the other. */
export const LOAD_CORE = 0;
export const MEASURED_CORE = 1;

const ENDED_WITHIN_MS = 20_000;

export interface StartOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly core: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** A process of the benchmark, in a session of its own. Disposing of it ends it. */
export interface Started extends AsyncDisposable {
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it wrote so far, the last of it. */
  output(): string;
  readonly exited: boolean;
}

export function start({ command, args, core, cwd, env = process.env }: StartOptions): Started {
  const child = spawn("taskset", ["-c", String(core), command, ...args], {
    ...(cwd !== undefined && { cwd }),
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const keep = (text: string): void => void (output = (output + text).slice(-100_000));
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", keep);
  child.on("error", (error) => keep(`${command}: ${error.message}`));
  const { pid = -1 } = child;
  prefer(pid);
  const exited = (): boolean => pid === -1 || child.exitCode !== null || child.signalCode !== null;
  return {
    pid,
    child,
    output: () => output,
    get exited() {
      return exited();
    },
    async [Symbol.asyncDispose]() {
      if (exited()) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const late = setTimeout(() => process.kill(-pid, "SIGKILL"), ENDED_WITHIN_MS);
      await ended;
      clearTimeout(late);
    },
  };
}

/** Puts this process, and what it starts without saying otherwise, on the core of the load. */
export function keepToLoadCore(): void {
  execFileSync("taskset", ["-acp", String(LOAD_CORE), String(process.pid)]);
}

let preferred = 0;
let refused = 0;

/** Sets the session of a process above other work on this machine; `nice` does nothing there while the kernel schedules by session. */
function prefer(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, "-20");
    preferred++;
  } catch {
    refused++;
  }
}

/** Whether the processes of this run were set above other work on this machine. */
export function ranPreferred(): boolean {
  return preferred > 0 && refused === 0;
}
