import { fork, type ChildProcess } from "node:child_process";
import { on, once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { intakeEntries } from "../testing/data_plane.ts";
import { eventually } from "../testing/eventually.ts";
import { startGateway } from "../testing/gateway.ts";
import { listen } from "../testing/listen.ts";
import { openRequest, rawRequest } from "../testing/raw.ts";
import type { FromGateway, ToGateway } from "./messages.ts";

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "spangate-test-"));
  await mkdir(join(dataDir, "keys"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

interface Process extends AsyncDisposable {
  readonly url: string;
  readonly child: ChildProcess;
  readonly tell: (message: ToGateway) => void;
  /** What it says that it has in force. */
  readonly inForce: () => Promise<unknown>;
  readonly stderr: () => string;
}

/** One gateway process, told what the supervisor would tell it; `changed`, before it is ready. */
async function gatewayProcess(lane: string, raw: object, changed?: object): Promise<Process> {
  const child = fork(new URL("gateway_process.ts", import.meta.url), { stdio: ["ignore", "ignore", "pipe", "ipc"] });
  let stderr = "";
  let asked = 0;
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const tell = (message: ToGateway): void => void child.send(message);
  tell({ type: "start", raw: { ...raw }, dataDir, lane, port: 0, shared: false });
  if (changed !== undefined) tell({ type: "reload", raw: { ...changed } });
  const [message] = (await once(child, "message")) as [FromGateway];
  if (message.type !== "ready") throw new Error(`the gateway process said ${JSON.stringify(message)}\n${stderr}`);
  return {
    url: `http://127.0.0.1:${message.port}`,
    child,
    tell,
    async inForce() {
      const id = asked++;
      tell({ type: "report", id });
      for await (const [said] of on(child, "message") as AsyncIterable<[FromGateway]>) {
        if (said.type === "report" && said.id === id) return said.inForce; // others come by themselves
      }
    },
    stderr: () => stderr,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

const chat = (id: string): object => ({
  id,
  object: "chat.completion",
  model: "demo",
  choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: `answer ${id}` } }],
});
const delta = (id: string, content: string): string =>
  `data: ${JSON.stringify({ id, object: "chat.completion.chunk", model: "demo", choices: [{ index: 0, delta: { role: "assistant", content } }] })}\n\n`;
const DONE = "data: [DONE]\n\n";

/** How replies end, in the order of the calls: by their length, by their last chunk, by their terminal event; one never does. */
const replies: { readonly [kind: string]: (response: ServerResponse, id: string) => void } = {
  sized(response, id) {
    const body = JSON.stringify(chat(id));
    response.writeHead(200, { "content-type": "application/json", "content-length": body.length }).end(body);
  },
  chunked: (response, id) =>
    void response.writeHead(200, { "content-type": "application/json" }).write(JSON.stringify(chat(id)), () => response.end()),
  stream: (response, id) => void response.writeHead(200, { "content-type": "text/event-stream" }).write(delta(id, "answer") + DONE),
  unending: (response, id) => void response.writeHead(200, { "content-type": "text/event-stream" }).write(delta(id, "so far")),
};
const upstream = createServer((request, response) => {
  const [kind = "", id = ""] = String(request.headers["x-reply"]).split(" ");
  request.resume().on("end", () => replies[kind]?.(response, id));
});

async function ask(url: string, kind: string, id: string): Promise<IncomingMessage> {
  const headers = { "content-type": "application/json", "x-reply": `${kind} ${id}`, "x-spangate-conversation": id };
  const body = JSON.stringify({ model: "demo", stream: kind === "stream", messages: [{ role: "user", content: "Hello" }] });
  const [response] = await openRequest({ url: `${url}/v1/chat/completions`, method: "POST", headers, body });
  response.on("error", () => {});
  return response;
}

const KILLS = 20;
/** `balanced` waits some milliseconds for a record: on a machine too busy to write one in that time it may be lost. */
const MOST_LATE = 2;
const ROWS =
  "SELECT conversation_id AS id, ending, outcome, error_type, output_messages::VARCHAR AS output FROM spans WHERE operation = 'chat'";

test("no reply that a client has had is lost when the gateway is killed at that moment, and an open stream keeps what had come", async () => {
  await using up = await listen(upstream);
  for (let index = 0; index < KILLS; index++) {
    const durability = index % 2 === 0 ? "balanced" : "strict";
    const raw = { default_upstream: "up", upstreams: { up: { base_url: `http://127.0.0.1:${up.port}/v1` } }, capture: "full", durability };
    await using running = await gatewayProcess(`lane-${index}`, raw);
    const kind = ["sized", "chunked", "stream"][index % 3] ?? "";
    await once((await ask(running.url, "sized", `before-${index}`)).resume(), "end");
    const response = await ask(running.url, kind, `${durability}-${index}`);
    if (index === 0) {
      await once(await ask(running.url, "unending", "open"), "data");
      await eventually(
        () => intakeEntries(dataDir),
        (entries) => entries.some(({ closed, response: bytes }) => closed === undefined && bytes.includes("so far")),
      );
    }
    let text = "";
    response.on("data", (bytes: Buffer) => {
      text += bytes;
      if (text.endsWith(DONE)) running.child.kill("SIGKILL");
    });
    response.on("end", () => running.child.kill("SIGKILL"));
    await once(running.child, "exit");
    expect(text).toContain("answer");
  }

  await using gateway = await startGateway({ dataDir });
  const rows = await eventually(
    () => gateway.sql(ROWS),
    ({ length }) => length > 2 * KILLS - MOST_LATE,
    15_000,
  );
  const completed = rows.filter(({ id }) => id !== "open");
  const count = (what: string): number => new Set(completed.map(({ id }) => String(id)).filter((id) => id.startsWith(what))).size;
  expect(completed).toHaveLength(count(""));
  expect([count("before-"), count("strict-")]).toEqual([KILLS, KILLS / 2]);
  expect(count("balanced-")).toBeGreaterThanOrEqual(KILLS / 2 - MOST_LATE);
  expect(new Set(completed.map(({ ending, outcome }) => `${ending} ${outcome}`))).toEqual(new Set(["completed ok"]));
  expect(completed.every(({ output }) => String(output).includes("answer"))).toBe(true);
  expect(rows.find(({ id }) => id === "open")).toMatchObject({ ending: "incomplete", outcome: "error", error_type: "recorder_lost" });
  expect(rows.find(({ id }) => id === "open")?.["output"]).toContain("so far");
}, 40_000);

test("settings that turn out to be unusable leave those before in force, and the log says why", async () => {
  await using up = await listen(upstream);
  const raw = { default_upstream: "up", upstreams: { up: { base_url: `http://127.0.0.1:${up.port}/v1` } } };
  await using running = await gatewayProcess("lane", raw);
  const before = { durability: "balanced", audit: "best_effort", capture: "scrubbed" };
  expect(await running.inForce()).toEqual(before);
  const unusable = {
    ...raw,
    durability: "strict",
    audit: "required",
    clients: [{ name: "app", token: { file: join(dataDir, "no-such-token") } }],
  };
  running.tell({ type: "reload", raw: unusable });
  await eventually(running.stderr, (text) => text.includes("no-such-token"), 2000);
  expect(running.stderr()).toContain("the one before stays in force");
  expect(await running.inForce()).toEqual(before);
  running.tell({ type: "reload", raw: { ...raw, durability: "strict" } });
  expect(await running.inForce()).toEqual({ ...before, durability: "strict" });
  expect((await rawRequest({ url: `${running.url}/v1/x`, method: "POST", headers: { "x-reply": "sized a" }, body: "{}" })).status).toBe(
    200,
  );
});

test("a change that comes while a process still starts is in force in it", async () => {
  const raw = { default_upstream: "up", upstreams: { up: { base_url: "http://127.0.0.1:9/v1" } } };
  await using running = await gatewayProcess("lane", raw, { ...raw, durability: "strict", audit: "required" });
  expect(await running.inForce()).toEqual({ durability: "strict", audit: "required", capture: "scrubbed" });
});
