import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";

const START = fileURLToPath(new URL("../start.mjs", import.meta.url));

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `spangate` as an operator would, somewhere without a configuration. */
export function spangate(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SPANGATE|OPENAI|VITEST)/.test(name)));
  return new Promise((resolve) => {
    execFile(process.execPath, [START, ...args], { cwd: tmpdir(), env: { ...own, ...env }, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, stdout, stderr }),
    );
  });
}
