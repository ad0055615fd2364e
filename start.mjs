#!/usr/bin/env node
// The one entry of every command. Plain JavaScript, because the Node that a machine brings may be too old to read TypeScript:
// then the same command runs again on the Node that `npm ci` installed.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
const canRun = process.features.typescript && (major > 24 || (major === 24 && minor >= 12));

if (canRun) {
  module.enableCompileCache();
  await import("./cli/main.ts");
} else {
  const bundled = fileURLToPath(new URL("node_modules/.bin/node", import.meta.url));
  if (!existsSync(bundled) || process.env.SPANGATE_REEXECUTED) {
    console.error(
      `Spangate runs on Node 24.12 or newer; this is ${process.version} and no bundled Node was found at ${bundled}.\n` +
        "Run `npm ci` in this folder (without --omit=optional), or install Node 26.",
    );
    process.exit(1);
  }
  const child = spawn(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { ...process.env, SPANGATE_REEXECUTED: "1" },
  });
  // The terminal sends Ctrl-C to both processes; what is sent to this one alone is passed on.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}
