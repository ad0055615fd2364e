import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { assertConserved, storedCalls, type Stored } from "../conservation.ts";
import { eventually } from "../eventually.ts";
import { many } from "../many.ts";
import type { Fault } from "./fault.ts";
import { observedGateway, type ObservedGateway } from "./observed.ts";

const HELD_MS = 60_000;
/** Each gets one a second. */
const LEAST_EVENTS = 50;
const MOST_BYTES_EACH = 100 * 1024;
const MOST_DELAY_MS = 100;
/** Loopback addresses of the clients, so that no one of them runs out of ports. */
const ADDRESSES = 8;
const WARM_UP = 200;
/** What an event says. */
const TICK = "tick";
/** Events that a client which left may not have seen. */
const ON_THEIR_WAY = 2;
const STORED_WITHIN_MS = 60_000;

export const manyStreams: Fault = {
  id: "F36",
  title: "9,500 streams are open at once in one process, an event a second on each, for a minute",
  holds:
    "no stream fails or falls behind; one costs less than 100 KiB, and the event loop is late by at most 100 ms (p99); each is stored once, as `abandoned`, with all that its client had",
  fast: 0,
  long: 9500,
  async run(round) {
    const upstream = fork(new URL("ticking_upstream.ts", import.meta.url), { stdio: ["ignore", "pipe", "inherit", "ipc"] });
    try {
      const [port] = (await once(upstream.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
      await using running = await observedGateway(`http://127.0.0.1:${Number(port)}/v1`, { capture: "full" });
      const warmUp = await many(WARM_UP, 50, (index) => open(running.url, "f36-warm", index));
      for (const { socket } of warmUp) socket.destroy();
      await setTimeout(1000);
      const before = await running.observe();
      const streams = await many(round.count, 100, (index) => open(running.url, "f36-held", index));
      await running.observe(); // how late it was while all of them came does not count
      for (const stream of streams) stream.events = 0;
      await setTimeout(HELD_MS);
      const events = streams.map((stream) => stream.events);
      const errors = streams.filter(({ failed, socket }) => failed || socket.destroyed).length;
      const after = await running.observe();
      const each = (after.residentBytes - before.residentBytes) / round.count;
      round.injected(streams.length);
      round.measured("errors", errors);
      round.measured("events a stream, at least", Math.min(...events));
      round.measured("memory a stream", each / 1024, "KiB");
      round.measured("event loop late, p99", after.delayP99Ms, "ms");
      for (const { socket } of streams) socket.destroy();
      assert.equal(errors, 0);
      assert.ok(Math.min(...events) >= LEAST_EVENTS, `a stream got ${Math.min(...events)} events`);
      assert.ok(each <= MOST_BYTES_EACH, `${each} bytes of memory a stream`);
      assert.ok(after.delayP99Ms <= MOST_DELAY_MS, `the event loop is late by ${after.delayP99Ms} ms`);
      await assertStored(running, "f36-warm", warmUp);
      await assertStored(running, "f36-held", streams);
      await assertConserved(running);
    } finally {
      const ended = once(upstream, "exit");
      upstream.kill("SIGKILL");
      await ended;
    }
  },
};

interface Stream {
  readonly id: string;
  readonly socket: Socket;
  /** All that came. */
  text: string;
  events: number;
  failed: boolean;
}

/** Throws unless each stream is stored once, as one that its client left, with what its client had and at most a few events more. */
async function assertStored(running: ObservedGateway, name: string, streams: readonly Stream[]): Promise<void> {
  const wrong = (stored: readonly Stored[]): readonly string[] => {
    const rows = Map.groupBy(stored, ({ id }) => id);
    return streams.flatMap(({ id, text }) => {
      const said = (rows.get(id) ?? []).map(({ ending, answered }) => `${ending} ${answered.length / TICK.length}`).join(" and ");
      const had = text.split(`"content":"${TICK}"`).length - 1;
      const allowed = Array.from({ length: ON_THEIR_WAY + 1 }, (_, more) => `abandoned ${had + more}`);
      return allowed.includes(said) ? [] : [`${id} had ${had} events and is stored as ${said || "nothing"}`];
    });
  };
  const found = await eventually(
    async () => {
      const stored = await storedCalls(running, `${name}-`);
      return { wrong: wrong(stored), count: stored.length };
    },
    (read) => read.wrong.length === 0,
    STORED_WITHIN_MS,
  );
  assert.equal(found.count, streams.length);
}

/** Resolves with the first event. */
async function open(url: string, name: string, index: number): Promise<Stream> {
  const id = `${name}-${index}`;
  const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1", localAddress: `127.0.0.${2 + (index % ADDRESSES)}` });
  const stream: Stream = { id, socket, text: "", events: 0, failed: false };
  const first = Promise.withResolvers<void>();
  socket.on("error", (error) => {
    stream.failed = true;
    first.reject(error);
  });
  socket.on("data", (bytes: Buffer) => {
    stream.text += String(bytes);
    if (bytes.includes("data: ")) {
      stream.events++;
      first.resolve();
    }
  });
  const body = JSON.stringify({ model: "any", stream: true, messages: [{ role: "user", content: "Hello" }] });
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nx-spangate-conversation: ${id}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  await first.promise;
  return stream;
}
