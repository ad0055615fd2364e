import { readFileSync } from "node:fs";
import { join } from "node:path";
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { spangate, type Run } from "./command.ts";
import { eventually } from "./eventually.ts";
import { startGateway, type Gateway } from "./gateway.ts";

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ config: { demo: true } });
  for (const conversation of ["first", "second", "third"]) await chat(conversation);
}, 40_000);
afterAll(async () => gateway?.[Symbol.asyncDispose]());

const rows = z.array(z.record(z.string(), z.unknown()));
const ask = (...args: readonly string[]): Promise<Run> => spangate([...args, "--data", gateway.dataDir]);
const newToken = async (name = "test"): Promise<string> => (await ask("token", "create", name)).stdout.trim();

async function chat(conversation: string, server = gateway): Promise<number> {
  const { statusCode, body } = await request(`${server.dataUrl}/demo/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-spangate-conversation": conversation },
    body: JSON.stringify({ model: "demo", messages: [{ role: "user", content: "Hello" }] }),
  });
  await body.text();
  return statusCode;
}

async function control(path: string, { token, server = gateway }: { readonly token?: string; readonly server?: Gateway } = {}) {
  const { statusCode, body, headers } = await request(`${server.controlUrl}${path}`, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
  return { status: statusCode, type: String(headers["content-type"]), text: await body.text() };
}

describe("the control plane", () => {
  test("answers health and readiness to anyone", async () => {
    for (const path of ["/healthz", "/readyz"]) expect(await control(path)).toMatchObject({ status: 200, text: "ok\n" });
  });

  for (const path of ["/metrics", "/api/spans", "/api/doctor", "/api/tokens", "/api/openapi.json", "/nothing"]) {
    test(`answers ${path} to nobody without a token`, async () => {
      for (const token of [undefined, "", "sgt_000000000000_wrong"]) {
        const { status, text } = await control(path, token === undefined ? {} : { token });
        expect([status, JSON.parse(text)]).toEqual([401, { error: expect.objectContaining({ code: "unauthorized", param: null }) }]);
        expect(text).toContain("spangate token create");
      }
    });
  }

  test("takes a token from its creation until it is revoked", async () => {
    const token = await newToken("a tool");
    const [, id = ""] = token.split("_");
    expect(token).toMatch(/^sgt_[0-9a-f]{12}_[\w-]{43}$/);
    expect((await control("/api/spans?limit=1", { token })).status).toBe(200);
    const listed = await ask("token", "list");
    expect(listed.stdout).toMatch(new RegExp(`^${id} +a tool +\\d{4}-`, "m"));
    expect(listed.stdout).not.toContain(token.slice(17));
    expect(await ask("token", "revoke", id)).toMatchObject({ code: 0, stdout: `revoked ${id}\n` });
    expect((await control("/api/spans?limit=1", { token })).status).toBe(401);
    expect(await ask("token", "revoke", id)).toMatchObject({ code: 1, stderr: expect.stringContaining(`no token has the id ${id}`) });
    expect(await ask("token", "create", "\u001b")).toMatchObject({ code: 1, stderr: expect.stringContaining("letters, digits") });
  });

  test("is asked from elsewhere with an address and a token", async () => {
    const env = { SPANGATE_CONTROL_URL: `${gateway.controlUrl}/`, SPANGATE_TOKEN: await newToken() };
    const { code, stdout } = await spangate(["spans", "--json"], env);
    expect([code, rows.parse(JSON.parse(stdout)).length]).toEqual([0, 3]);
    expect(await spangate(["spans"], { ...env, SPANGATE_TOKEN: "wrong" })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("token"),
    });
    const nowhere = await spangate(["spans"], { SPANGATE_CONTROL_URL: "http://127.0.0.1:9" });
    expect(nowhere).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/cannot reach the server at http:\/\/127\.0\.0\.1:9/),
    });
  });

  const refused = [
    { title: "a body that is too large", path: "/api/sql", body: "x".repeat(1024 * 1024 + 1), status: 413, code: "body_too_large" },
    { title: "a body that is no JSON", path: "/api/sql", body: "{", status: 400, code: "invalid_request" },
    { title: "a path it does not know", path: "/api/nothing", body: "{}", status: 404, code: "not_found" },
    {
      title: "an encoded body",
      path: "/api/sql",
      body: "{}",
      headers: { "content-encoding": "gzip" },
      status: 415,
      code: "unsupported_encoding",
    },
  ];
  for (const { title, path, body, headers, status, code } of refused) {
    test(`refuses ${title} in the shape OpenAI's clients parse`, async () => {
      const authorization = `Bearer ${await newToken()}`;
      const reply = await request(`${gateway.controlUrl}${path}`, {
        method: "POST",
        headers: { authorization, "content-type": "application/json", ...headers },
        body,
      });
      expect([reply.statusCode, await reply.body.json()]).toEqual([
        status,
        { error: { message: expect.any(String), type: expect.any(String), param: null, code } },
      ]);
    });
  }

  test("has metrics that Prometheus can read", async () => {
    const { status, type, text } = await control("/metrics", { token: await newToken() });
    expect([status, type]).toEqual([200, "text/plain; version=0.0.4"]);
    const samples = samplesOf(text);
    expect(samples.get("spangate_exchanges_begun_total")).toBe(3);
    expect(samples.get('spangate_exchanges_ended_total{ending="completed"}')).toBe(3);
    expect(samples.get("spangate_spans_stored_total")).toBe(6);
    expect(samples.get("spangate_pipeline_up")).toBe(1);
  });
});

/** Reads the text format strictly: each family once, described before its samples, and no sample twice. */
function samplesOf(text: string): ReadonlyMap<string, number> {
  expect(text.endsWith("\n")).toBe(true);
  const samples = new Map<string, number>();
  const families = new Set<string>();
  let family = "";
  for (const line of text.trimEnd().split("\n")) {
    const [, described] = /^# HELP (spangate_[a-z_]+) \S.*$/.exec(line) ?? [];
    if (described !== undefined) {
      expect(families.has(described)).toBe(false);
      families.add((family = described));
      continue;
    }
    if (line.startsWith("#")) {
      expect(line).toMatch(new RegExp(`^# TYPE ${family} (counter|gauge)$`));
      continue;
    }
    const [, name = "", labels = "", value = ""] = /^([a-z_]+)((?:\{[a-z_]+="[^"\\\n]*"\})?) (\d+(?:\.\d+)?)$/.exec(line) ?? [];
    expect(name, line).toBe(family);
    expect(samples.has(name + labels)).toBe(false);
    samples.set(name + labels, Number(value));
  }
  return samples;
}

function servedBy({ dataDir }: Gateway): { readonly pids: { readonly pipeline?: number; readonly gateway: readonly number[] } } {
  return JSON.parse(readFileSync(join(dataDir, "run", "serve.json"), "utf8"));
}

test("while the pipeline is down calls are relayed and nothing is answered, and afterwards nothing is missing", async () => {
  await using server = await startGateway({ config: { demo: true } });
  const token = (await spangate(["token", "create", "test", "--data", server.dataDir])).stdout.trim();
  expect(await chat("before", server)).toBe(200);
  await eventually(
    () => server.spans(),
    ({ length }) => length === 1,
  );
  // Each time it is started again after a longer pause: the last one is two seconds, enough to look around.
  let { pipeline } = server.pids;
  for (let kills = 1; kills <= 3; kills++) {
    const killed = pipeline;
    process.kill(killed, "SIGKILL");
    if (kills < 3)
      pipeline = await eventually(
        async () => servedBy(server).pids.pipeline ?? killed,
        (pid) => pid !== killed,
        10_000,
      );
  }
  const down = await eventually(
    () => control("/api/spans", { token, server }),
    ({ status }) => status !== 200,
  );
  expect([down.status, JSON.parse(down.text)]).toEqual([
    503,
    { error: { message: expect.stringContaining("still relayed"), type: "server_error", param: null, code: "store_unavailable" } },
  ]);
  expect(await chat("meanwhile", server)).toBe(200);
  const { text } = await control("/api/doctor", { token, server });
  expect(JSON.parse(text)).toMatchObject({ pipeline: "down", completed: 2, backlog: expect.any(Number) });
  expect((await control("/readyz", { server })).status).toBe(503);

  const rowsOf = async (): Promise<string[]> =>
    (await server.spans()).map((row) => `${String(row["conversation_id"])} ${String(row["ending"])}`);
  const found = await eventually(
    () => rowsOf().catch(() => []),
    ({ length }) => length >= 2,
    10_000,
  );
  expect(found.map(String).sort()).toEqual(["before completed", "meanwhile completed"]);
  const served = servedBy(server);
  expect(served.pids.pipeline).not.toBe(server.pids.pipeline);
  expect(served.pids.gateway).toEqual(server.pids.gateway);
  expect((await control("/readyz", { server })).status).toBe(200);
});

test("while no gateway process runs, the doctor knows of no settings that are in force", async () => {
  await using server = await startGateway({ config: { durability: "strict", audit: "required", capture: "full" } });
  const token = (await spangate(["token", "create", "test", "--data", server.dataDir])).stdout.trim();
  const said = async (): Promise<Record<string, unknown>> => JSON.parse((await control("/api/doctor", { token, server })).text);
  const settings = { durability: "strict", audit: "required", capture: "full" };
  expect(await said()).toMatchObject(settings);
  for (const pid of server.pids.gateway) process.kill(pid, "SIGKILL");
  const without = await eventually(said, ({ durability }) => durability !== "strict");
  expect(without).toMatchObject({ durability: "unknown", audit: "unknown", capture: "unknown" });
  expect(await eventually(said, ({ durability }) => durability === "strict", 10_000)).toMatchObject(settings);
});
