import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem, version } from "node:os";
import { ranPreferred } from "./process.ts";
import { pathOf } from "./tools.ts";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gib: number;
  readonly system: string;
  readonly kernel: string;
  readonly file_system: string;
  readonly node: string;
  readonly commit: string;
  /** Whether the measured processes were set above other work; else read only ratios. */
  readonly preferred: boolean;
}

export function describeMachine(folder: string): Machine {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    system: /PRETTY_NAME="(.*)"/.exec(said(() => readFileSync("/etc/os-release", "utf8")))?.[1] ?? version(),
    kernel: release(),
    file_system: said(() => execFileSync("stat", ["-f", "-c", "%T", folder], { encoding: "utf8" })),
    node: process.version,
    commit: said(() => execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8", cwd: folder })),
    preferred: ranPreferred(),
  };
}

/** Throws when the method cannot be followed here, with what is missing. */
export function checkMachine(): void {
  if (process.platform !== "linux") throw new Error("the benchmark reads /proc and pins processes to cores: run it on Linux");
  if (pathOf("taskset") === undefined)
    throw new Error("there is no taskset to pin processes with; install it, on Debian: apt-get install util-linux");
  if (availableParallelism() < 2) {
    throw new Error("the benchmark needs two cores, one for the load and one for what is measured; give it another core");
  }
}

function said(ask: () => string): string {
  try {
    return ask().trim();
  } catch {
    return "unknown";
  }
}
