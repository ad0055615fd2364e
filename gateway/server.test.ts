import { once } from "node:events";
import { Agent, createServer, request, type ClientRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { startDataPlane } from "../testing/data_plane.ts";
import { eventually } from "../testing/eventually.ts";
import { listen, type Listening } from "../testing/listen.ts";
import { openRequest, rawRequest } from "../testing/raw.ts";

const event = 'data: {"choices":[]}\n\n';
const DONE = "data: [DONE]\n\n";

interface Upstream extends Listening {
  readonly url: string;
  /** Streams it has begun and not ended. */
  readonly streams: readonly ServerResponse[];
  readonly heard: readonly string[];
}

/** Begins a stream for who asks for `/stream`; answers anybody else with its name and what it was sent. */
async function upstream(name: string): Promise<Upstream> {
  const streams: ServerResponse[] = [];
  const heard: string[] = [];
  const server = createServer((asked, response) => {
    let body = "";
    asked.on("data", (bytes) => (body += bytes));
    asked.on("end", () => {
      heard.push(body);
      if (asked.url !== "/v1/stream") return response.end(`${name}:${body}`);
      streams.push(response);
      response.writeHead(200, { "content-type": "text/event-stream" }).write(event);
    });
  });
  const listening = await listen(server);
  return Object.assign(listening, { streams, heard, url: `http://127.0.0.1:${listening.port}/v1` });
}

async function stream(url: string): Promise<IncomingMessage> {
  const [response] = await openRequest({ url: `${url}/v1/stream`, method: "POST", body: "{}" });
  await once(response, "readable");
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = "";
  for await (const bytes of response as AsyncIterable<Buffer>) text += bytes;
  return text;
}

/** A call whose body has only begun. */
function half(url: string, agent: Agent | false = false): ClientRequest {
  const sent = request(`${url}/v1/echo`, { method: "POST", agent, headers: { "content-length": 10 } });
  sent.on("error", () => {});
  sent.write("12345");
  return sent;
}

async function answerOf(sent: ClientRequest): Promise<{ readonly status: number | undefined; readonly text: string }> {
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return { status: response.statusCode, text: await textOf(response) };
}

test("new settings hold for new calls, and running ones end as they began", async () => {
  await using before = await upstream("before");
  await using after = await upstream("after");
  await using plane = await startDataPlane({ upstreams: { up: before.url }, capture: "full" });
  const running = await stream(plane.url);
  const coming = half(plane.url);
  await eventually(
    () => plane.counts.open,
    (open) => open === 2,
  );

  plane.apply({ upstreams: { up: after.url }, capture: "metadata", clients: [{ name: "app", token: "secret-token" }] });
  const call = { url: `${plane.url}/v1/echo`, method: "POST", body: "new" };
  expect((await rawRequest(call)).status).toBe(401);
  const reply = await rawRequest({ ...call, headers: { "x-spangate-key": "secret-token" } });
  expect([reply.status, reply.body.toString()]).toEqual([200, "after:new"]);

  coming.end("67890");
  expect(await answerOf(coming)).toEqual({ status: 200, text: "before:1234567890" });
  before.streams[0]?.end(event + DONE);
  expect(await textOf(running)).toBe(event + event + DONE);

  const entries = await plane.ended();
  expect(entries.map(({ opened, closed }) => [opened.path, opened.tier, opened.caller, closed?.ending])).toEqual(
    expect.arrayContaining([
      ["/v1/stream", "full", undefined, "completed"],
      ["/v1/echo", "full", undefined, "completed"],
      ["/v1/echo", "metadata", undefined, "rejected"],
      ["/v1/echo", "metadata", "app", "completed"],
    ]),
  );
  // Nothing of the settings before is kept: their last call was over.
  await eventually(() => before.connections.every(({ destroyed }) => destroyed), Boolean);
  expect(plane.errors).toEqual([]);
});

test("settings that cannot be applied leave those before in force", async () => {
  await using up = await upstream("up");
  await using plane = await startDataPlane({ upstreams: { up: up.url } });
  expect(() => plane.apply({ upstreams: { up: { base_url: up.url, ca_file: "/nowhere/ca.pem" } } })).toThrow("/nowhere/ca.pem");
  const reply = await rawRequest({ url: `${plane.url}/v1/echo`, method: "POST", body: "still" });
  expect([reply.status, reply.body.toString()]).toEqual([200, "up:still"]);
});

test("draining finishes what runs, and refuses what comes", async () => {
  await using up = await upstream("up");
  await using plane = await startDataPlane({ upstreams: { up: up.url } });
  const agent = new Agent({ keepAlive: true });
  const running = await stream(plane.url);
  const coming = half(plane.url, agent);
  await eventually(
    () => plane.counts.open,
    (open) => open === 2,
  );
  // A connection that has sent part of its next request is not idle.
  const socket = (await eventually(() => coming.socket, Boolean)) as NonNullable<ClientRequest["socket"]>;

  const drained = plane.drain(10_000);
  await expect(openRequest({ url: `${plane.url}/v1/echo`, method: "POST", body: "late" })).rejects.toThrow("ECONNREFUSED");

  const pipelined: Buffer[] = [];
  socket.on("data", (bytes: Buffer) => pipelined.push(bytes));
  socket.write("67890POST /v1/echo HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}");
  await once(socket, "close");
  const [, first = "", second = ""] = Buffer.concat(pipelined).toString().split("HTTP/1.1 ");
  expect(first).toMatch(/^200 [^]*up:1234567890/);
  expect(second).toMatch(/^503 [^]*retry-after: 1[^]*"code":"draining"/i);

  up.streams[0]?.end(event + DONE);
  expect(await textOf(running)).toBe(event + event + DONE);
  await drained;
  expect(up.heard).toEqual(["{}", "1234567890"]);
  expect(plane.counts).toMatchObject({ completed: 2, rejected: 1, open: 0 });
  agent.destroy();
});

test("draining takes no longer than its limit: what still runs then is cut, and says so", async () => {
  await using up = await upstream("up");
  await using plane = await startDataPlane({ upstreams: { up: up.url } });
  const running = await stream(plane.url);
  const uploading = half(plane.url);
  uploading.on("response", () => {});
  await eventually(
    () => plane.counts.open,
    (open) => open === 2,
  );
  const said = textOf(running);
  const since = performance.now();
  await plane.drain(200);
  expect(performance.now() - since).toBeLessThan(1200);
  const [own = ""] = (await said).split(event).slice(1);
  expect(JSON.parse(own.replace(/^data: /, ""))).toMatchObject({ error: { code: "draining", type: "server_error", param: null } });
  const entries = await plane.ended();
  expect(entries.map(({ response, closed }) => [response.toString(), closed?.ending, closed?.error])).toEqual([
    [event, "cut", "draining"],
    ["", "abandoned", undefined],
  ]);
});

test("draining answers a call that its upstream did not", async () => {
  await using up = await listen(createServer(() => {}));
  await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${up.port}/v1` } });
  const reply = rawRequest({ url: `${plane.url}/v1/x`, method: "POST", body: "{}" });
  await eventually(
    () => up.connections.length,
    (count) => count === 1,
  );
  await plane.drain(100);
  expect((await reply).status).toBe(503);
  expect(JSON.parse((await reply).body.toString())).toMatchObject({ error: { code: "draining" } });
  const [entry] = await plane.ended();
  expect(entry?.closed).toMatchObject({ ending: "cut", error: "draining", status: 503 });
});
