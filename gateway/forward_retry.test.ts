import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { createServer as createSecureServer } from "node:tls";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { startDataPlane, type DataPlane } from "../testing/data_plane.ts";
import { eventually } from "../testing/eventually.ts";
import { listen, type Listening } from "../testing/listen.ts";
import { rawRequest, type RawReply } from "../testing/raw.ts";

const ok = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{"ok":true}';
const body = JSON.stringify({ model: "gpt-5-nano", messages: [{ role: "user", content: "charge me once" }] });

interface Script {
  /** What becomes of a request at its first bytes, when it is not to be read at all. */
  readonly unread?: (socket: Socket) => void;
  /** What becomes of a request that was read whole. */
  readonly read?: (socket: Socket) => void;
}

interface Upstream extends Listening {
  readonly url: string;
  /** Bodies of the requests that were read whole: what a model would have worked on, and somebody would pay for. */
  readonly worked: readonly string[];
}

/** Follows one script after the other, a script for each request that begins; behind the last it answers. */
async function upstream(scripts: readonly Script[], secure = false): Promise<Upstream> {
  const left = [...scripts];
  const worked: string[] = [];
  const serve = (socket: Socket): void => {
    let text = "";
    let script: Script | undefined;
    socket.on("data", (bytes) => {
      script ??= left.shift() ?? {};
      if (script.unread) return script.unread(socket);
      text += String(bytes);
      const [head = "", sent = ""] = text.split("\r\n\r\n", 2);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (!text.includes("\r\n\r\n") || sent.length < length) return;
      const { read } = script;
      text = "";
      script = undefined;
      worked.push(sent);
      if (read) read(socket);
      else socket.write(ok);
    });
  };
  const server = secure
    ? createSecureServer({ key: readFileSync(file("server.key")), cert: readFileSync(file("server.pem")) }, serve)
    : createServer(serve);
  const listening = await listen(server);
  return Object.assign(listening, { worked, url: `${secure ? "https" : "http"}://localhost:${listening.port}/v1` });
}

async function post({ url }: DataPlane): Promise<RawReply> {
  return await rawRequest({ url: `${url}/v1/chat/completions`, method: "POST", headers: { "content-type": "application/json" }, body });
}

const file = (name: string): string => new URL(`../testing/tls/${name}`, import.meta.url).pathname;
const reset = (socket: Socket): void => void socket.resetAndDestroy();
/** Bytes first: a reset overtakes what is still on the way. */
const after = (bytes: string, then: (socket: Socket) => void) => (socket: Socket) => {
  socket.write(bytes);
  void setTimeout(20).then(() => then(socket));
};

const stale: readonly { title: string; secure: boolean; unread: (socket: Socket) => void }[] = [
  { title: "reset", secure: false, unread: reset },
  { title: "closed", secure: false, unread: (socket) => void socket.end() },
  { title: "closed in TLS", secure: true, unread: (socket) => void socket.end() },
];
for (const { title, secure, unread } of stale) {
  test(`a request written to a kept-alive connection that the upstream had just ${title} is sent again, and both attempts are on record`, async () => {
    await using up = await upstream([{}, { unread }, {}], secure);
    await using plane = await startDataPlane({ upstreams: { up: { base_url: up.url, ca_file: file("ca.pem") } } });
    await post(plane);
    const reply = await post(plane);
    expect([reply.status, reply.body.toString()]).toEqual([200, '{"ok":true}']);
    expect(up.worked).toEqual([body, body]);
    expect(plane.counts.retried).toBe(1);
    const [, entry] = await plane.ended();
    expect(entry?.closed).toMatchObject({ ending: "completed", attempts: [{ error: "ECONNRESET" }, { status: 200 }] });
    const [first, second] = entry?.closed?.attempts ?? [];
    expect(first?.endedUs).toBeLessThanOrEqual(second?.startedUs ?? 0);
    expect(entry?.request.toString()).toBe(body);
  });
}

test("a request that finds such a connection twice is not sent a third time", async () => {
  // Two calls at once leave two kept-alive connections.
  const held: Socket[] = [];
  const together = (socket: Socket): void => {
    held.push(socket);
    if (held.length === 2) for (const each of held) each.write(ok);
  };
  await using up = await upstream([{ read: together }, { read: together }, { unread: reset }, { unread: reset }]);
  await using plane = await startDataPlane({ upstreams: { up: up.url } });
  await Promise.all([post(plane), post(plane)]);
  const reply = await post(plane);
  expect(reply.status).toBe(502);
  expect(up.worked).toHaveLength(2);
  const [, , entry] = await plane.ended();
  expect(entry?.closed).toMatchObject({ ending: "cut", error: "ECONNRESET", attempts: [{ error: "ECONNRESET" }, { error: "ECONNRESET" }] });
});

const once: readonly { title: string; scripts: readonly Script[]; calls?: number; worked?: number; status?: number }[] = [
  { title: "on a fresh connection, unread", scripts: [{ unread: reset }], worked: 0 },
  { title: "on a fresh connection, read", scripts: [{ read: reset }] },
  { title: "on a fresh connection, closed in order", scripts: [{ read: (socket) => socket.end() }] },
  {
    title: "on a kept-alive connection, but late",
    scripts: [{}, { read: (socket) => void setTimeout(150).then(() => reset(socket)) }],
    calls: 2,
  },
  {
    title: "on a kept-alive connection behind half a head",
    scripts: [{}, { read: after("HTTP/1.1 200 OK\r\ncontent-", reset) }],
    calls: 2,
  },
  {
    title: "on a kept-alive connection behind an interim reply",
    scripts: [{}, { read: after("HTTP/1.1 103 Early Hints\r\n\r\n", reset) }],
    calls: 2,
  },
  { title: "on a kept-alive connection behind a head", scripts: [{}, { read: after(ok.slice(0, -11), reset) }], calls: 2, status: 200 },
  { title: "on a kept-alive connection behind half a body", scripts: [{}, { read: after(ok.slice(0, -5), reset) }], calls: 2, status: 200 },
];
for (const { title, scripts, calls = 1, worked = calls, status = 502 } of once) {
  test(`a request that is broken off ${title} is not sent again`, async () => {
    await using up = await upstream(scripts);
    await using plane = await startDataPlane({ upstreams: { up: up.url } });
    for (let call = 1; call < calls; call++) expect((await post(plane)).status).toBe(200);
    const reply = await post(plane);
    expect(reply.status).toBe(status);
    if (status === 200) expect(reply.whole).toBe(false);
    else
      expect(JSON.parse(reply.body.toString())).toMatchObject({
        error: { code: "upstream_unreachable", type: "server_error", param: null },
      });
    await setTimeout(100);
    expect(up.worked).toHaveLength(worked);
    expect(up.connections).toHaveLength(1);
    const entry = (await plane.ended()).at(-1);
    expect(entry?.closed).toMatchObject({ ending: "cut", error: "ECONNRESET", attempts: [{ error: "ECONNRESET" }] });
    expect(plane.counts.retried).toBe(0);
  });
}

test("an upload that is too large to be held is never sent twice", async () => {
  await using up = await upstream([{}, { unread: reset }]);
  await using plane = await startDataPlane({ upstreams: { up: up.url } });
  await post(plane);
  const reply = await rawRequest({ url: `${plane.url}/v1/files`, method: "POST", body: Buffer.alloc(2_000_000) });
  expect(reply.status).toBe(502);
  expect(up.connections).toHaveLength(1);
  await eventually(
    () => plane.counts.open,
    (open) => open === 0,
  );
});
