import { DuckDBInstance } from "@duckdb/node-api";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { test } from "vitest";
import { eventually } from "./eventually.ts";
import { startGateway, type Gateway } from "./gateway.ts";
import { listen, type Listening } from "./listen.ts";
import { isRunning } from "./process_tree.ts";
import { openRequest, rawRequest } from "./raw.ts";

const event = 'data: {"id":"c","object":"chat.completion.chunk","model":"demo","choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n';
const DONE = "data: [DONE]\n\n";

/** Begins streams, and leaves it to the test when they end, unless they are to be short. */
async function upstream(): Promise<Listening & { readonly streams: readonly ServerResponse[]; readonly config: object }> {
  const streams: ServerResponse[] = [];
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(event);
      if (request.headers["x-short"]) response.end(DONE);
      else streams.push(response);
    });
  });
  const listening = await listen(server);
  const config = { default_upstream: "up", upstreams: { up: { base_url: `http://127.0.0.1:${listening.port}/v1` } }, capture: "full" };
  return Object.assign(listening, { streams, config });
}

const call = (gateway: Gateway) => ({
  url: `${gateway.dataUrl}/v1/chat/completions`,
  method: "POST",
  body: '{"model":"demo","stream":true}',
});

async function openStream(gateway: Gateway): Promise<IncomingMessage> {
  const [response] = await openRequest(call(gateway));
  response.on("error", () => {});
  await once(response, "readable");
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const bytes of response as AsyncIterable<Buffer>) text += bytes;
  return text;
}

const processesOf = ({ pid, pids }: Gateway): readonly number[] => [pid, ...pids.gateway, pids.pipeline];

test.concurrent("a stopped server finishes its streams, takes no new calls, stores all, and ends with 0", async ({ expect }) => {
  await using up = await upstream();
  await using gateway = await startGateway({ config: up.config });
  const running = await openStream(gateway);
  const stopped = gateway.stop("SIGTERM");
  const refused = await eventually(
    () =>
      rawRequest({ ...call(gateway), headers: { "x-short": "1" } }).then(
        ({ status, body }) => `${status} ${String(body)}`,
        (error: NodeJS.ErrnoException) => String(error.code),
      ),
    (said) => !said.startsWith("200"),
  );
  expect(refused).toMatch(/^ECONNREFUSED|^ECONNRESET|^503 .*"draining"/);
  expect(isRunning(gateway.pid)).toBe(true);

  up.streams[0]?.end(event + DONE);
  expect(await textOf(running)).toBe(event + event + DONE);
  expect(await stopped).toBe(0);
  await eventually(
    () => processesOf(gateway).filter(isRunning),
    ({ length }) => length === 0,
    2000,
  );

  const database = await DuckDBInstance.create(join(gateway.dataDir, "spans.duckdb"), { access_mode: "READ_ONLY" });
  const connection = await database.connect();
  const rows = await connection.runAndReadAll("SELECT ending FROM spans WHERE operation = 'chat' AND response_id = 'c'");
  expect(rows.getRowObjectsJson()).toContainEqual({ ending: "completed" });
  connection.closeSync();
  database.closeSync();
});

test.concurrent("a second signal ends a server that waits for its streams, all of its processes, at once", async ({ expect }) => {
  await using up = await upstream();
  await using gateway = await startGateway({ config: up.config });
  const running = await openStream(gateway);
  const stopped = gateway.stop("SIGTERM");
  await setTimeout(300);
  process.kill(gateway.pid, "SIGTERM"); // the same one, as npm and shells pass it on
  await setTimeout(1900);
  expect(processesOf(gateway).filter(isRunning)).toEqual(processesOf(gateway));
  process.kill(gateway.pid, "SIGINT");
  const since = performance.now();
  expect(await stopped).toBe(1);
  await eventually(
    () => processesOf(gateway).filter(isRunning),
    ({ length }) => length === 0,
    2000,
  );
  expect(performance.now() - since).toBeLessThan(1500);
  await expect(textOf(running)).rejects.toThrow();
});

test.concurrent("no process stays when the supervisor is killed; streams are finished first", async ({ expect, onTestFinished }) => {
  await using up = await upstream();
  const home = await mkdtemp(join(tmpdir(), "spangate-test-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  {
    await using gateway = await startGateway({ config: up.config, dataDir: home });
    const running = await openStream(gateway);
    expect(await gateway.stop("SIGKILL")).toBe(null);
    await setTimeout(200);
    up.streams[0]?.end(DONE);
    expect(await textOf(running)).toBe(event + DONE);
    await eventually(
      () => processesOf(gateway).filter(isRunning),
      ({ length }) => length === 0,
      5000,
    );
  }
  // What was left behind is no obstacle, and what was recorded is there.
  await using gateway = await startGateway({ config: up.config, dataDir: home });
  const rows = await eventually(
    () => gateway.spans(),
    ({ length }) => length > 0,
  );
  expect(rows).toMatchObject([{ ending: "completed", response_id: "c" }]);
});
