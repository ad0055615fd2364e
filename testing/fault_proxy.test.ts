import { createServer, connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { faultProxy, type Done, type Script } from "./fault_proxy.ts";
import { listen } from "./listen.ts";

const SAID = "0123456789";

interface Heard {
  readonly text: string;
  readonly error: string | undefined;
  readonly ms: number;
}

/** Says ten bytes, ends, and hears what comes until the other side ends, or for half a second. */
async function talk(port: number): Promise<Heard> {
  const since = performance.now();
  let text = "";
  let error: string | undefined;
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.setEncoding("utf8").on("data", (some: string) => (text += some));
  socket.on("error", ({ code }: NodeJS.ErrnoException) => (error = code));
  socket.on("end", () => socket.destroy());
  socket.setTimeout(500, () => {
    error = "silence";
    socket.destroy();
  });
  socket.end(SAID);
  await new Promise((resolve) => socket.once("close", resolve));
  return { text, error, ms: performance.now() - since };
}

/** Says everything back, once it has heard all. */
const echo = (heard: string[]) =>
  createServer({ allowHalfOpen: true }, (socket: Socket) => {
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("end", () => {
      heard.push(String(Buffer.concat(chunks)));
      socket.end(Buffer.concat(chunks));
    });
  });

const cases: readonly { title: string; script: Script; heard: Partial<Heard>; atServer: readonly string[]; done: readonly Done[] }[] = [
  { title: "passes everything on where it is told nothing", script: {}, heard: { text: SAID }, atServer: [SAID], done: [] },
  { title: "refuses", script: { refuse: true }, heard: { text: "", error: "ECONNRESET" }, atServer: [], done: ["refuse"] },
  { title: "cuts a reply", script: { toClient: { cutAt: 4 } }, heard: { text: "0123" }, atServer: [SAID], done: ["cut"] },
  { title: "cuts before the first byte", script: { toClient: { cutAt: 0 } }, heard: { text: "" }, atServer: [SAID], done: ["cut"] },
  {
    title: "cuts at the very last byte",
    script: { toClient: { cutAt: 10 } },
    heard: { text: SAID },
    atServer: [SAID],
    done: ["cut"],
  },
  { title: "does not cut a reply that is shorter", script: { toClient: { cutAt: 11 } }, heard: { text: SAID }, atServer: [SAID], done: [] },
  {
    title: "resets inside a reply, whose bytes before that arrive",
    script: { toClient: { resetAt: 4 } },
    heard: { text: "0123", error: "ECONNRESET" },
    atServer: [SAID],
    done: ["reset"],
  },
  {
    title: "swallows the rest of a reply, and its end",
    script: { toClient: { blackholeAt: 4 } },
    heard: { text: "0123", error: "silence" },
    atServer: [SAID],
    done: ["blackhole"],
  },
  {
    title: "swallows the rest of a request, and its end",
    script: { toServer: { blackholeAt: 4 } },
    heard: { text: "", error: "silence" },
    atServer: [],
    done: ["blackhole"],
  },
  {
    title: "corrupts single bytes",
    script: { toServer: { corrupt: [0, 9] }, toClient: { corrupt: [5] } },
    heard: { text: "1123446788" },
    atServer: ["1123456788"],
    done: ["corrupt", "corrupt"],
  },
  {
    title: "trickles",
    script: { toClient: { trickle: { bytes: 3, everyMs: 20 } } },
    heard: { text: SAID },
    atServer: [SAID],
    done: ["trickle"],
  },
  { title: "delays", script: { toClient: { delayMs: 80 } }, heard: { text: SAID }, atServer: [SAID], done: ["delay"] },
];

for (const { title, script, heard, atServer, done } of cases) {
  test(title, async () => {
    const received: string[] = [];
    await using server = await listen(echo(received));
    await using proxy = await faultProxy(server.port, () => script);
    const reply = await talk(proxy.port);
    expect({ text: reply.text, error: reply.error }).toEqual({ error: undefined, ...heard });
    if (done[0] === "trickle" || done[0] === "delay") expect(reply.ms).toBeGreaterThanOrEqual(75);
    expect(received).toEqual(atServer);
    expect(proxy.connections.map((each) => each.done)).toEqual([done]);
    expect(Object.values(proxy.done()).reduce((sum, count) => sum + count, 0)).toBe(done.length);
  });
}

test("does to each connection what the script says of it, and knows when it is over", async () => {
  await using server = await listen(echo([]));
  await using proxy = await faultProxy(server.port, (index) => (index === 1 ? { toClient: { resetAt: 2 } } : {}));
  expect((await talk(proxy.port)).text).toBe(SAID);
  expect((await talk(proxy.port)).error).toBe("ECONNRESET");
  expect((await talk(proxy.port)).text).toBe(SAID);
  await eventually(
    () => proxy.connections.map(({ closed }) => closed),
    (all) => all.every(Boolean),
  );
  expect(proxy.connections).toMatchObject([
    { toServerBytes: 10, toClientBytes: 10, done: [] },
    { toServerBytes: 10, toClientBytes: 2, done: ["reset"] },
    { toServerBytes: 10, toClientBytes: 10, done: [] },
  ]);
});

test("passes on that one side broke off", async () => {
  const received: string[] = [];
  await using server = await listen(
    createServer((socket) => {
      socket.on("error", ({ code }: NodeJS.ErrnoException) => received.push(String(code)));
      socket.once("data", () => socket.write("so far"));
    }),
  );
  await using proxy = await faultProxy(server.port, () => ({}));
  const client = connect(proxy.port, "127.0.0.1");
  client.write(SAID);
  await new Promise((resolve) => client.once("data", resolve));
  client.resetAndDestroy();
  await eventually(
    () => received,
    ({ length }) => length > 0,
  );
  expect(received).toEqual(["ECONNRESET"]);
});
