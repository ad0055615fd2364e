import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { Kill } from "./conservation.ts";

/** The module a process of ours runs. */
export type Entry = "gateway_process.ts" | "pipeline_process.ts" | "query_process.ts";

/** Processes that this one started and that run now, without those that only wait for it to notice that they ended. Linux. */
export function childrenOf(parent: number, entry?: Entry): readonly number[] {
  return read(`/proc/${parent}/task/${parent}/children`)
    .split(" ")
    .filter((pid) => pid !== "")
    .map(Number)
    .filter((pid) => isRunning(pid) && (entry === undefined || read(`/proc/${pid}/cmdline`).includes(entry)));
}

/** Whether there is such a process, and not only its last trace until its parent asks for it. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return process.platform !== "linux" || /^State:\s+[^ZX]/m.test(read(`/proc/${pid}/status`));
}

/** Ends processes by SIGKILL, all in one turn. Gives when that was, once they are gone; undefined when none was running. */
export async function kill(...pids: readonly number[]): Promise<Kill | undefined> {
  const fromMs = performance.now();
  const running = pids.filter(isRunning);
  for (const pid of running) process.kill(pid, "SIGKILL");
  while (running.some(isRunning)) await setTimeout(1);
  return running.length === 0 ? undefined : { fromMs, toMs: performance.now() };
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // it has ended
  }
}
