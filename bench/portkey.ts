import { execFile } from "node:child_process";
import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { eventually } from "../testing/eventually.ts";
import { readMemory } from "./cpu.ts";
import { freePort, isOpen } from "./port.ts";
import { MEASURED_CORE, start } from "./process.ts";
import type { Proxy } from "./proxy.ts";
import { CACHE } from "./tools.ts";

const READY_WITHIN_MS = 20_000;
const INSTALLED_WITHIN_MS = 120_000;

/** The peer: the best-known gateway in TypeScript, as npm has it. It records nothing. */
export const portkey: Proxy = {
  name: "portkey",
  title: "Portkey gateway (records nothing)",
  async start({ upstream }) {
    const installed = await install();
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(await readFile(join(installed, "package.json"), "utf8")));
    const port = await freePort();
    const args = [join(installed, "build/start-server.js"), `--port=${port}`, "--headless"];
    await using starting = new AsyncDisposableStack();
    const running = starting.use(start({ command: process.execPath, args, core: MEASURED_CORE }));
    await eventually(async () => running.exited || (await isOpen(port)), Boolean, READY_WITHIN_MS);
    if (running.exited) throw new Error(`the gateway does not start: ${running.output().slice(-2000)}`);
    const owned = starting.move();
    return {
      version,
      port,
      headers: ["x-portkey-provider: openai", `x-portkey-custom-host: ${upstream.baseUrl}`],
      pids: { gateway: [running.pid], pipeline: [], other: [] },
      idle: readMemory([running.pid]),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  },
};

/** Installs it beside this project, outside its lock file; gives its folder. */
async function install(): Promise<string> {
  const folder = join(CACHE, "portkey");
  const installed = join(folder, "node_modules/@portkey-ai/gateway");
  const manifest = fileURLToPath(new URL("portkey/package.json", import.meta.url));
  const done = join(folder, "installed.json"); // only a finished installation has it
  const [wanted, there] = await Promise.all([readFile(manifest, "utf8"), readFile(done, "utf8").catch(() => "")]);
  if (wanted === there) return installed;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await copyFile(manifest, join(folder, "package.json"));
  const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"];
  await promisify(execFile)("npm", args, { cwd: folder, timeout: INSTALLED_WITHIN_MS }).catch((error: unknown) => {
    const { message, stderr = "" } = error as Error & { stderr?: string };
    throw new Error(`cannot install ${manifest} with npm within ${INSTALLED_WITHIN_MS / 1000} s: ${message} ${stderr.slice(-500)}`);
  });
  await copyFile(manifest, done);
  return installed;
}
