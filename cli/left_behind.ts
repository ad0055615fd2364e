import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { ServeFile } from "./data_folder.ts";
import { StartError } from "./start_error.ts";

/** What a server that was killed left running: its processes finish what it had begun, and end by themselves. */
export interface LeftBehind {
  /** Resolves when its pipeline has ended: two must not write the same files. Rejects with a `StartError` when that takes too long. */
  pipelineGone(): Promise<void>;
  /** Lanes that its gateway processes still write. */
  lanes(): readonly string[];
}

const PIPELINE_GONE_WITHIN_MS = 30_000;
const CHECK_EVERY_MS = 50;

/** `served` is what the server of this folder last said of itself. Only what runs now counts: later the numbers may be others'. */
export function leftBehind(served: ServeFile | undefined): LeftBehind {
  const pipeline = served?.pids.pipeline;
  const gateways = new Map(
    (served?.pids.gateway ?? []).flatMap((pid, i) => {
      const lane = served?.lanes?.[i];
      return lane !== undefined && runs(pid, "gateway_process.ts") ? [[lane, pid]] : [];
    }),
  );
  return {
    async pipelineGone() {
      const deadline = performance.now() + PIPELINE_GONE_WITHIN_MS;
      while (pipeline !== undefined && runs(pipeline, "pipeline_process.ts")) {
        if (performance.now() > deadline) {
          throw new StartError(3, `the data folder is in use by process ${pipeline}, the pipeline of a server that was killed; stop it`);
        }
        await setTimeout(CHECK_EVERY_MS);
      }
    },
    lanes() {
      for (const [lane, pid] of gateways) if (!runs(pid, "gateway_process.ts")) gateways.delete(lane);
      return [...gateways.keys()];
    },
  };
}

/** Whether this process is one of ours: numbers are used again, after a reboot and in containers at once. */
function runs(pid: number, entry: string): boolean {
  return commandOf(pid).includes(entry);
}

function commandOf(pid: number): string {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return ""; // there is no such process, or no way to tell
  }
}
