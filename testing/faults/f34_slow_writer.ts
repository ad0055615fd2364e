import assert from "node:assert/strict";
import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import { once } from "node:events";
import { startDataPlane } from "../data_plane.ts";
import { listen } from "../listen.ts";
import { many } from "../many.ts";
import type { Fault } from "./fault.ts";

const CLOSED_WITHIN_MS = 30_000;
const MIB = 2 ** 20;
/** Longer than the time in which a client must send something. */
const UPSTREAM_WAITS_MS = 12_000;

export const slowWriter: Fault = {
  id: "F34",
  title: "a client sends its body at a byte a second, from the beginning or behind the first megabyte",
  holds: "it gets a 408 and its connection is closed within 30 s; an upload that waits for its upstream as long is not hurt",
  fast: 20,
  long: 200,
  async run(round) {
    let uploaded = 0;
    await using up = await listen(
      createServer((request, response) => {
        request.on("error", () => {}).pause();
        void setTimeout(UPSTREAM_WAITS_MS, undefined, { ref: false }).then(() => request.resume());
        request.on("data", (bytes: Buffer) => (uploaded += bytes.length)).on("end", () => response.end("{}"));
      }),
    );
    await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${up.port}/v1` } });
    const bytes = 20 * MIB;
    const patient = upload(plane.url, bytes);
    const took = await many(round.count, 200, async (index) => {
      const tookMs = await drip(plane.url, index % 4 === 3 ? MIB : 1, index % 2 === 0);
      round.injected();
      return tookMs;
    });
    round.measured("closed after, at most", Math.max(...took) / 1000, "s");
    assert.equal(await patient, 200);
    assert.equal(uploaded >= bytes, true);
    const entries = await plane.ended();
    assert.equal(entries.filter(({ closed }) => closed?.rejection === "request_timeout").length, round.count);
  },
};

/** Resolves with how long the connection lasted. */
async function drip(url: string, beginning: number, chunked: boolean): Promise<number> {
  const { port } = new URL(url);
  const since = performance.now();
  const socket = connect(Number(port), "127.0.0.1");
  let answer = "";
  socket.on("error", () => {}).on("data", (bytes) => (answer += String(bytes)));
  const piece = (bytes: Buffer): Buffer =>
    chunked ? Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]) : bytes;
  socket.write(
    `POST /v1/files HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: audio/wav\r\n${chunked ? "transfer-encoding: chunked" : `content-length: ${2 * MIB}`}\r\n\r\n`,
  );
  socket.write(piece(Buffer.alloc(beginning)));
  const timer = setInterval(() => socket.write(piece(Buffer.alloc(1))), 1000);
  await once(socket, "close");
  clearInterval(timer);
  const tookMs = performance.now() - since;
  assert.match(answer, /^HTTP\/1.1 408 /);
  assert.match(answer, /"code":"request_timeout"/);
  assert.ok(tookMs <= CLOSED_WITHIN_MS, `closed after ${tookMs} ms`);
  return tookMs;
}

async function upload(url: string, bytes: number): Promise<number | undefined> {
  const sent = httpRequest(`${url}/v1/files`, {
    method: "POST",
    agent: false,
    headers: { "content-type": "audio/wav", "content-length": bytes },
  });
  const answered = once(sent, "response") as Promise<[IncomingMessage]>;
  sent.end(Buffer.alloc(bytes));
  const [response] = await answered;
  response.resume();
  return response.statusCode;
}
