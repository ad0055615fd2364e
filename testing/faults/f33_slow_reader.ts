import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { startDataPlane } from "../data_plane.ts";
import { eventually } from "../eventually.ts";
import { listen } from "../listen.ts";
import { many } from "../many.ts";
import type { Fault, Round } from "./fault.ts";
import { observedGateway } from "./observed.ts";

const MIB = 2 ** 20;
const STALL_MS = 1000;

export const slowReader: Fault = {
  id: "F33",
  title: "clients read streams of 10 MiB at 1 KiB a second, or not at all",
  holds: "the upstream is paused, each client costs at most 256 KiB, and one that takes nothing for `gateway.stall_timeout_ms` is let go",
  fast: 40,
  long: 100,
  async run(round) {
    await flood(round, { most: 256 * 1024, streamBytes: 10 * MIB, forMs: round.count >= 100 ? 20_000 : 4000, bytesPerSecond: 1024 });
    await stall(round);
  },
};

export const fastUpstream: Fault = {
  id: "F35",
  title: "an upstream sends as fast as it can to clients that hardly read",
  holds: "each stream costs at most 1 MiB of memory",
  fast: 20,
  long: 60,
  run: (round) => flood(round, { most: MIB, streamBytes: Infinity, forMs: round.count >= 60 ? 15_000 : 3000, bytesPerSecond: 16 * 1024 }),
};

interface Flood {
  /** Bytes of memory that one stream may cost. */
  readonly most: number;
  readonly streamBytes: number;
  readonly forMs: number;
  readonly bytesPerSecond: number;
}

/** As many streams as asked for, all slow, and how much memory the gateway process takes for them. */
async function flood(round: Round, { most, streamBytes, forMs, bytesPerSecond }: Flood): Promise<void> {
  const sent: number[] = [];
  await using up = await listen(
    createServer((request, response) => {
      response.on("error", () => {});
      request.resume().on("end", () => pour(response, sent, streamBytes));
    }),
  );
  // Without a record: the buffers of the journal are shared by all calls, and have a bound of their own.
  await using running = await observedGateway(`http://127.0.0.1:${up.port}/v1`, { durability: "off" });
  const { url } = running;
  await many(round.count, 50, async () => void (await open(url)).destroy()); // the first calls of a process cost more
  await eventually(
    () => up.connections.every(({ destroyed }) => destroyed),
    (gone) => gone,
    10_000,
  );
  sent.length = 0;

  const before = await running.observe();
  const clients = await many(round.count, 50, () => open(url));
  const stop = new AbortController();
  const reading = Promise.all(clients.map((client) => readSlowly(client, bytesPerSecond, stop.signal)));
  await setTimeout(forMs);
  const poured = [...sent];
  await setTimeout(500);
  const still = sent.filter((bytes, index) => bytes - (poured[index] ?? 0) < MIB).length;
  const after = await running.observe();
  stop.abort();
  const read = await reading;
  for (const client of clients) client.destroy();

  round.injected(still);
  assert.equal(sent.length, round.count);
  assert.equal(still, round.count, "the upstream was not paused");
  assert.ok(
    read.every((bytes) => bytes > 0),
    "a slow client got nothing",
  );
  const each = (after.usedBytes - before.usedBytes) / round.count;
  round.measured("memory a stream", each / 1024, "KiB");
  round.measured("memory of the process more", (after.residentBytes - before.residentBytes) / MIB, "MiB");
  assert.ok(each <= most, `${each} bytes of memory a stream`);
}

/** Writes as fast as it is taken, and notes how much was. */
function pour(response: ServerResponse, sent: number[], streamBytes: number): void {
  const page = Buffer.alloc(64 * 1024, "x");
  const index = sent.push(0) - 1;
  response.writeHead(200, { "content-type": "text/event-stream" });
  const write = (): void => {
    while (!response.destroyed) {
      if ((sent[index] as number) >= streamBytes) return void response.end();
      sent[index] = (sent[index] as number) + page.length;
      if (!response.write(page)) return void response.once("drain", write);
    }
  };
  write();
}

/** A client that has asked, has the head of the reply, and reads no more. */
async function open(url: string): Promise<Socket> {
  const { port } = new URL(url);
  const socket = connect({ port: Number(port), host: "127.0.0.1" });
  socket.on("error", () => {});
  socket.write("POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 2\r\n\r\n{}");
  await once(socket, "readable");
  return socket;
}

async function readSlowly(socket: Socket, bytesPerSecond: number, signal: AbortSignal): Promise<number> {
  let bytes = 0;
  while (!signal.aborted) {
    bytes += ((socket.read(bytesPerSecond / 4) ?? "") as Buffer).length;
    await setTimeout(250);
  }
  return bytes;
}

/** Clients that take nothing at all. */
async function stall(round: Round): Promise<void> {
  await using up = await listen(createServer((request, response) => void request.resume().on("end", () => pour(response, [], Infinity))));
  await using plane = await startDataPlane({
    upstreams: { up: `http://127.0.0.1:${up.port}/v1` },
    gateway: { stall_timeout_ms: STALL_MS, max_capture_bytes: 1024 },
    capture: "metadata",
  });
  const clients = await many(round.count, 50, () => open(plane.url));
  const since = performance.now();
  await eventually(
    () => up.connections.filter(({ destroyed }) => !destroyed).length,
    (left) => left === 0,
    30_000,
  );
  round.measured("let go after", performance.now() - since, "ms");
  for (const { closed } of await plane.ended()) assert.equal(closed?.ending, "abandoned");
  assert.equal(plane.counts.abandoned, round.count);
  for (const client of clients) client.destroy();
}
