import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { test } from "vitest";
import { startDataPlane } from "../testing/data_plane.ts";
import { listen } from "../testing/listen.ts";
import { openRequest, rawRequest } from "../testing/raw.ts";

/** What a limit may be passed by. */
const TOLERANCE_MS = 1000;
const LIMIT_MS = 300;

const event = `data: ${JSON.stringify({ choices: [{ delta: { content: "Hel" } }] })}\n\n`;
const half = '{"id":"chatcmpl-1","choi';

interface Silence {
  readonly title: string;
  readonly says: (response: ServerResponse) => void;
  readonly status: number;
  /** What the client gets beyond the upstream's own bytes; undefined when the connection is broken instead. */
  readonly upstreamBytes: string;
  readonly errorEvent?: true;
}

const json = { "content-type": "application/json" };
const stream = { "content-type": "text/event-stream" };
const begin = (headers: Record<string, string>, bytes: string) => (response: ServerResponse) => {
  response.writeHead(200, headers).flushHeaders();
  if (bytes) response.write(bytes);
};
const silences: readonly Silence[] = [
  { title: "before its head", says: () => {}, status: 504, upstreamBytes: "" },
  {
    title: "but for interim responses without end",
    says(response) {
      const timer = setInterval(() => response.writeProcessing(), LIMIT_MS / 5);
      response.once("close", () => clearInterval(timer));
    },
    status: 504,
    upstreamBytes: "",
  },
  { title: "behind the head of a stream", says: begin(stream, ""), status: 200, upstreamBytes: "" },
  { title: "between two events", says: begin(stream, event), status: 200, upstreamBytes: event, errorEvent: true },
  { title: "within an event", says: begin(stream, event + event.slice(0, 20)), status: 200, upstreamBytes: event + event.slice(0, 20) },
  {
    title: "between the events of a compressed stream",
    says: begin({ ...stream, "content-encoding": "gzip" }, event),
    status: 200,
    upstreamBytes: event,
  },
  { title: "within a body of known length", says: begin({ ...json, "content-length": "100" }, half), status: 200, upstreamBytes: half },
  { title: "within a chunked body", says: begin(json, half), status: 200, upstreamBytes: half },
];

for (const { title, says, status, upstreamBytes, errorEvent } of silences) {
  test.concurrent(`an upstream that falls silent ${title} is given up in time, and the client cannot take the reply for whole`, async ({
    expect,
  }) => {
    let left: Promise<unknown> | undefined;
    await using up = await listen(
      createServer((request, response) => {
        left = once(request.socket, "close");
        request.resume().on("end", () => says(response));
      }),
    );
    await using plane = await startDataPlane({
      upstreams: { up: `http://127.0.0.1:${up.port}/v1` },
      gateway: { first_byte_timeout_ms: LIMIT_MS, idle_timeout_ms: LIMIT_MS },
    });
    const since = performance.now();
    const reply = await rawRequest({ url: `${plane.url}/v1/chat/completions`, method: "POST", body: "{}" });
    await left;
    const tookMs = performance.now() - since;
    expect(tookMs).toBeGreaterThanOrEqual(LIMIT_MS - 50);
    expect(tookMs).toBeLessThan(LIMIT_MS + TOLERANCE_MS);
    expect(reply.status).toBe(status);

    const error = {
      message: expect.stringContaining("did not answer in time"),
      type: "server_error",
      param: null,
      code: "upstream_timeout",
    };
    const own = reply.body.subarray(Buffer.byteLength(upstreamBytes)).toString();
    expect(reply.body.toString().startsWith(upstreamBytes)).toBe(true);
    if (status === 504) expect(JSON.parse(own)).toEqual({ error });
    else if (errorEvent) expect(JSON.parse(/^data: (.*)\n\n$/.exec(own)?.[1] ?? "null")).toEqual({ error });
    else expect([own, reply.whole]).toEqual(["", false]);

    const [entry] = await plane.ended();
    expect(entry?.closed).toMatchObject({ ending: "cut", error: "timeout", status, attempts: [{ error: "timeout" }] });
    expect(entry?.response.toString()).toBe(upstreamBytes);
  });
}

/** A port whose connections the system no longer takes in; undefined where that cannot be had. */
async function fullBacklog(): Promise<{ readonly port: number; [Symbol.asyncDispose](): Promise<void> } | undefined> {
  const worker = new Worker(
    `const { parentPort } = require("node:worker_threads");
     const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); // accepts nothing any more
     });`,
    { eval: true },
  );
  const [port] = (await once(worker, "message")) as [number];
  const waiting: Socket[] = [];
  const dispose = async (): Promise<void> => {
    for (const socket of waiting) socket.destroy();
    await worker.terminate();
  };
  for (let tries = 0; tries < 16; tries++) {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    waiting.push(socket);
    const connected = await Promise.race([once(socket, "connect").then(() => true), setTimeout(150, false)]);
    if (!connected) return { port, [Symbol.asyncDispose]: dispose };
  }
  await dispose();
  return undefined;
}

test.concurrent("an upstream that takes no connection is given up in time", async ({ expect, skip }) => {
  await using full = await fullBacklog();
  if (full === undefined) return skip("this system takes in connections that nobody accepts");
  await using plane = await startDataPlane({
    upstreams: { up: `http://127.0.0.1:${full.port}/v1` },
    gateway: { connect_timeout_ms: LIMIT_MS },
  });
  const since = performance.now();
  const reply = await rawRequest({ url: `${plane.url}/v1/chat/completions`, method: "POST", body: "{}" });
  const tookMs = performance.now() - since;
  expect(tookMs).toBeGreaterThanOrEqual(LIMIT_MS - 50);
  expect(tookMs).toBeLessThan(LIMIT_MS + TOLERANCE_MS);
  expect(reply.status).toBe(504);
  expect(JSON.parse(reply.body.toString())).toMatchObject({ error: { type: "server_error", param: null, code: "upstream_timeout" } });
});

const patient: readonly { title: string; answer: RequestListener; call: (url: string) => Promise<number>; bytes: number }[] = [
  {
    title: "a client that reads nothing for longer than the limit is not taken for a silent upstream",
    answer: (_request, response) => void response.end(Buffer.alloc(12_000_000)),
    call: async (url) => {
      const [response] = await openRequest({ url, method: "POST", body: "{}" });
      response.pause();
      await setTimeout(LIMIT_MS + 2 * TOLERANCE_MS);
      return await count(response);
    },
    bytes: 12_000_000,
  },
  {
    title: "an upload that takes longer than the limit is waited for",
    answer: (request, response) => void count(request).then((bytes) => response.end(Buffer.alloc(bytes))),
    call: sendSlowly,
    bytes: 3_600_000,
  },
  {
    title: "an upload that takes longer than the limit is waited for, also by an upstream that says so all the while",
    answer(request, response) {
      const timer = setInterval(() => response.writeProcessing(), LIMIT_MS / 5);
      void count(request).then((bytes) => {
        clearInterval(timer);
        response.end(Buffer.alloc(bytes));
      });
    },
    call: sendSlowly,
    bytes: 3_600_000,
  },
];

async function sendSlowly(url: string): Promise<number> {
  const sent = httpRequest(url, { method: "POST", agent: false, headers: { "content-type": "application/octet-stream" } });
  const answered = once(sent, "response") as Promise<[IncomingMessage]>;
  for (let piece = 0; piece < 6; piece++) {
    sent.write(Buffer.alloc(600_000));
    await setTimeout(LIMIT_MS);
  }
  sent.end();
  const [response] = await answered;
  return await count(response);
}

for (const { title, answer, call, bytes } of patient) {
  test.concurrent(title, async ({ expect }) => {
    await using up = await listen(createServer(answer));
    await using plane = await startDataPlane({
      upstreams: { up: `http://127.0.0.1:${up.port}/v1` },
      gateway: { first_byte_timeout_ms: LIMIT_MS, idle_timeout_ms: LIMIT_MS },
    });
    expect(await call(`${plane.url}/v1/files`)).toBe(bytes);
    expect((await plane.ended())[0]?.closed?.ending).toBe("completed");
  });
}

async function count(stream: IncomingMessage): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) bytes += chunk.length;
  return bytes;
}

for (const [title, breaks] of [
  ["falls silent", () => {}],
  ["resets", (response: ServerResponse) => void setTimeout(50).then(() => response.socket?.resetAndDestroy())],
] as const) {
  test(`an upstream that ${title} behind its terminal event leaves a reply that is whole, with not a byte added`, async ({ expect }) => {
    const whole = `${event}data: [DONE]\n\n`;
    await using up = await listen(
      createServer((request, response) => {
        request.resume().on("end", () => {
          begin(stream, whole)(response);
          breaks(response);
        });
      }),
    );
    await using plane = await startDataPlane({
      upstreams: { up: `http://127.0.0.1:${up.port}/v1` },
      gateway: { first_byte_timeout_ms: LIMIT_MS, idle_timeout_ms: LIMIT_MS },
    });
    const reply = await rawRequest({ url: `${plane.url}/v1/chat/completions`, method: "POST", body: "{}" });
    expect([reply.status, reply.body.toString()]).toEqual([200, whole]);
  });
}
