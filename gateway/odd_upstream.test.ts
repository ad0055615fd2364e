import { createServer, connect, type Socket } from "node:net";
import { once } from "node:events";
import { expect, test } from "vitest";
import { startDataPlane } from "../testing/data_plane.ts";
import { listen } from "../testing/listen.ts";
import { rawRequest } from "../testing/raw.ts";

/** An upstream that says what no HTTP library would. */
const saying = (says: (socket: Socket) => void) =>
  listen(
    createServer((socket) => {
      socket.on("error", () => {}).on("data", () => says(socket));
    }),
  );

const body = '{"id":"chatcmpl-1"}';
const whole = (statusLine: string): Buffer =>
  Buffer.from(`${statusLine}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`, "latin1");

for (const [title, statusLine] of [
  ["in another alphabet", "HTTP/1.1 200 \xe6\x88\x90\xe5\x8a\x9f"],
  ["with a byte beyond ASCII", "HTTP/1.1 200 caf\xe9"],
  ["with a control character", "HTTP/1.1 200 O\x1b[31mK"],
  ["with no reason at all", "HTTP/1.1 200 "],
] as const) {
  test(`a status line ${title} hurts nobody`, async () => {
    await using up = await saying((socket) => socket.write(whole(statusLine)));
    await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${up.port}/v1` } });
    for (let call = 0; call < 2; call++) {
      const reply = await rawRequest({ url: `${plane.url}/v1/chat/completions`, method: "POST", body: "{}" });
      expect([200, 502]).toContain(reply.status);
      if (reply.status === 200) expect(reply.body.toString()).toBe(body);
    }
    expect(plane.errors).toEqual([]);
  });
}

test("a reply that only the end of the connection delimits is cut when the connection is reset", async () => {
  await using up = await saying((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n${body}`);
    setTimeout(() => socket.resetAndDestroy(), 50);
  });
  await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${up.port}/v1` } });
  const reply = await rawRequest({ url: `${plane.url}/v1/chat/completions`, method: "POST", body: "{}" });
  expect(reply.body.toString()).toBe(body);
  expect((await plane.ended()).map(({ closed }) => closed?.ending)).toEqual(["cut"]);
});

test("a reply that is not HTTP is named as such", async () => {
  await using up = await saying((socket) => socket.end("I am no web server\r\n\r\n"));
  await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${up.port}/v1` } });
  const reply = await rawRequest({ url: `${plane.url}/v1/chat/completions`, method: "POST", body: "{}" });
  expect(reply.status).toBe(502);
  expect(reply.body.toString()).toContain("not HTTP");
  expect((await plane.ended()).map(({ closed }) => closed?.error)).toEqual(["invalid_response"]);
});

test("a client that neither reads nor closes does not keep its connection", async () => {
  await using up = await saying(() => {});
  await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${up.port}/v1` } });
  const { port } = new URL(plane.url);
  const socket = connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  socket.on("error", () => {}).write("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nBad Header\r\n\r\n");
  socket.resume();
  await once(socket, "end");
  // Its own half stays open; writing to what is closed tells.
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const timer = setInterval(() => socket.write("x"), 100);
  await closed;
  clearInterval(timer);
  expect(socket.destroyed).toBe(true);
});
