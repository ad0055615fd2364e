import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "./eventually.ts";
import { startGateway } from "./gateway.ts";
import { listen } from "./listen.ts";
import { openRequest, rawRequest } from "./raw.ts";

const event = 'data: {"id":"c","object":"chat.completion.chunk","model":"demo","choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n';
const DONE = "data: [DONE]\n\n";

test("a server that starts while the killed one still finishes a stream has that stream whole, and every call once", async () => {
  const streams: ServerResponse[] = [];
  await using up = await listen(
    createServer((request, response) => {
      request.resume().on("end", () => {
        response.writeHead(200, { "content-type": "text/event-stream" }).write(event);
        if (request.headers["x-short"]) response.end(DONE);
        else streams.push(response);
      });
    }),
  );
  const dataDir = await mkdtemp(join(tmpdir(), "spangate-restart-"));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const config = { default_upstream: "up", upstreams: { up: { base_url: `http://127.0.0.1:${up.port}/v1` } } };
  const call = (url: string, conversation: string, headers: object = {}) => ({
    url: `${url}/v1/chat/completions`,
    method: "POST",
    headers: { "content-type": "application/json", "x-spangate-conversation": conversation, ...headers },
    body: '{"model":"demo","stream":true}',
  });

  await using killed = await startGateway({ config, dataDir });
  const [stream] = await openRequest(call(killed.dataUrl, "long"));
  const text: string[] = [];
  stream.setEncoding("utf8").on("data", (bytes: string) => text.push(bytes));
  const short = Array.from({ length: 20 }, (_, i) => rawRequest(call(killed.dataUrl, `before ${i}`, { "x-short": "1" })));
  expect((await Promise.all(short)).map(({ status }) => status)).toEqual(Array(20).fill(200));
  await killed.stop("SIGKILL");

  await using gateway = await startGateway({ config, dataDir });
  expect((await rawRequest(call(gateway.dataUrl, "after", { "x-short": "1" }))).status).toBe(200);
  await eventually(
    () => gateway.spans(),
    ({ length }) => length === 21,
  );
  await setTimeout(500); // the lane of the stream lives on: nothing may be made of it yet
  expect((await gateway.spans()).map((row) => row["ending"])).toEqual(Array(21).fill("completed"));

  streams[0]?.end(DONE);
  await once(stream, "end");
  expect(text.join("")).toBe(event + DONE);
  const rows = await eventually(
    () => gateway.spans(),
    ({ length }) => length >= 22,
  );
  expect(rows.map((row) => `${String(row["conversation_id"])} ${String(row["ending"])}`).sort()).toEqual(
    ["after", "long", ...Array.from({ length: 20 }, (_, i) => `before ${i}`)].map((name) => `${name} completed`).sort(),
  );
  expect(await gateway.stop()).toBe(0);
});
