import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "./eventually.ts";

const START = fileURLToPath(new URL("../start.mjs", import.meta.url));
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

/** A Node of this machine that cannot read TypeScript; most have none. */
const old = ["/usr/local/bin/node", "/usr/bin/node"].find(
  (node) => existsSync(node) && Number(/^v(\d+)/.exec(execFileSync(node, ["--version"], { encoding: "utf8" }))?.[1]) < 24,
);
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SPANGATE|VITEST|NODE_)/.test(name)));

test.skipIf(old === undefined)("a command that an old Node starts runs on the bundled one, with its output and exit code", () => {
  const run = (...args: readonly string[]) => execFileSync(old ?? "", [START, ...args], { encoding: "utf8", env, stdio: "pipe" });
  expect(run("--version")).toBe(`${version}\n`);
  expect(() => run("sevre")).toThrow(expect.objectContaining({ status: 2, stderr: expect.stringContaining("unknown command") }));
});

test.skipIf(old === undefined)(
  "a server that an old Node starts runs on the bundled one, and stops in order when the old one is told to",
  async () => {
    const home = await mkdtemp(join(tmpdir(), "spangate-old-"));
    onTestFinished(() => rm(home, { recursive: true, force: true }));
    const server = spawn(old ?? "", [START, "serve", "--data", join(home, "data"), "--port", "0", "--control-port", "0"], {
      cwd: home,
      env,
      stdio: "ignore",
    });
    const served = join(home, "data", "run", "serve.json");
    await eventually(() => existsSync(served), Boolean, 15_000);
    const { pid, data_url: url } = JSON.parse(readFileSync(served, "utf8")) as { pid: number; data_url: string };
    expect(pid).not.toBe(server.pid);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    server.kill("SIGTERM");
    expect(await once(server, "exit")).toEqual([0, null]);
    expect(existsSync(served)).toBe(false);
  },
);
