import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startGateway, type Gateway } from "./gateway.ts";
import { listen } from "./listen.ts";

const START = fileURLToPath(new URL("../start.mjs", import.meta.url));

let home: string;
let gateway: Gateway;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "spangate-test-"));
  gateway = await startGateway();
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

/** Runs a command that cannot succeed, to its end. */
function run(...args: readonly string[]): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(SPANGATE|VITEST)/.test(name)));
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [START, ...args], { cwd: home, env, timeout: 15_000 }, (_error, _stdout, stderr) =>
      resolve({ code: child.exitCode, stderr }),
    );
  });
}

const serve = (...args: readonly string[]) => run("serve", "--data", join(home, "data"), ...args);
const portOf = (url: string): string => new URL(url).port;

test("a used port ends the start with 3, and says who has it", async () => {
  for (const [option, url] of [
    ["--port", gateway.dataUrl],
    ["--control-port", gateway.controlUrl],
  ] as const) {
    const other = option === "--port" ? "--control-port" : "--port";
    const { code, stderr } = await serve(option, portOf(url), other, "0");
    expect(code).toBe(3);
    expect(stderr).toContain(`127.0.0.1:${portOf(url)} is in use by process `);
    expect(stderr).toMatch(
      new RegExp(`process (${[gateway.pid, ...gateway.pids.gateway].join("|")}) \\(.*\\); stop it, or choose another .*${option}`),
    );
  }
});

test("a port that something else has ends the start the same way", async () => {
  await using taken = await listen(createServer());
  const { code, stderr } = await serve("--port", String(taken.port), "--control-port", "0");
  expect(code).toBe(3);
  expect(stderr).toContain(`is in use by process ${process.pid} (`);
});

test("a used data folder ends the start with 3, and says who has it", async () => {
  const { code, stderr } = await run("serve", "--data", gateway.dataDir, "--port", "0", "--control-port", "0");
  expect(code).toBe(3);
  expect(stderr).toContain(
    `the data folder ${gateway.dataDir} is in use by the Spangate of process ${gateway.pid}; stop it, or set data_dir`,
  );
});

test("a bad configuration ends the start with 2, and every problem is named at once", async () => {
  const config = {
    default_upstream: "missing",
    durability: "sometimes",
    upstreams: { up: { base_url: "ftp://files.example" }, private: { base_url: "https://llm.internal/v1", ca_file: "/nowhere/ca.pem" } },
    clients: [{ name: "app", token: { env: "NO_SUCH_VARIABLE" } }],
    gateway: { host: "0.0.0.0", prot: 4000 },
  };
  await writeFile(join(home, "bad.yaml"), JSON.stringify(config));
  const { code, stderr } = await serve("--config", join(home, "bad.yaml"), "--port", "0", "--control-port", "0");
  expect(code).toBe(2);
  for (const said of ["default_upstream", "durability", "upstreams.up.base_url", "/nowhere/ca.pem", "NO_SUCH_VARIABLE", "gateway.prot"]) {
    expect(stderr).toContain(said);
  }
});

const misused = [
  { title: "an unknown option", args: ["serve", "--prot", "4000"], says: "unknown option '--prot'" },
  { title: "an unknown command", args: ["sevre"], says: "unknown command 'sevre'" },
  { title: "an option without its value", args: ["serve", "--port"], says: "argument missing" },
  { title: "a port that is no number", args: ["serve", "--port", "http"], says: "--port" },
  { title: "a configuration file that is not there", args: ["serve", "--config", "nowhere.yaml"], says: "nowhere.yaml" },
  { title: "an upstream that is no address", args: ["serve", "--upstream", "api.openai.com"], says: "--upstream" },
];
for (const { title, args, says } of misused) {
  test.concurrent(`${title} ends the command with 2`, async ({ expect }) => {
    const { code, stderr } = await run(...args);
    expect(stderr).toContain(says);
    expect(code).toBe(2);
  });
}

test("nothing of all this disturbed the server that runs", async () => {
  expect((await fetch(`${gateway.dataUrl}/readyz`)).status).toBe(200);
  expect((await fetch(`${gateway.controlUrl}/readyz`)).status).toBe(200);
});
