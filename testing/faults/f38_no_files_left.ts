import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { eventually } from "../eventually.ts";
import { listen } from "../listen.ts";
import { rawRequest } from "../raw.ts";
import type { Fault } from "./fault.ts";
import { observedGateway } from "./observed.ts";

const MOST_FILES = 512;
const BACK_WITHIN_MS = 2000;
const ASK = "POST /v1/hold HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 2\r\n\r\n{}";

export const noFilesLeft: Fault = {
  id: "F38",
  title: "the gateway process runs out of open files: 512 at most, and more clients than that",
  holds: "clients beyond are answered 503 or refused, nothing crashes, and within 2 s of their leaving calls are served again",
  fast: 300,
  long: 3000,
  async run(round) {
    await using up = await listen(
      createServer((request, response) => {
        if (!request.url?.endsWith("/hold")) request.resume().on("end", () => response.end("{}"));
      }),
    );
    await using running = await observedGateway(`http://127.0.0.1:${up.port}/v1`);
    const { url } = running;
    await promisify(execFile)("prlimit", [`--pid=${running.pid}`, `--nofile=${MOST_FILES}:${MOST_FILES}`]);

    const seen = { overloaded: 0, refused: 0 };
    let slowest = 0;
    while (seen.overloaded + seen.refused < round.count) {
      const clients = Array.from({ length: MOST_FILES }, () => hold(url));
      await setTimeout(1000);
      for (const { answer, closed } of clients) {
        if (answer().startsWith("HTTP/1.1 503")) seen.overloaded++;
        else if (closed() && answer() === "") seen.refused++;
        else assert.equal(answer(), "", "an answer that is no 503");
      }
      for (const { socket } of clients) socket.destroy();
      const since = performance.now();
      await eventually(
        () =>
          rawRequest({ url: `${url}/v1/models`, method: "GET" }).then(
            ({ status }) => status,
            () => 0,
          ),
        (status) => status === 200,
        BACK_WITHIN_MS,
      );
      slowest = Math.max(slowest, performance.now() - since);
      process.kill(running.pid, 0); // throws when it is gone
    }
    round.injected(seen.overloaded + seen.refused);
    round.measured("answered 503", seen.overloaded);
    round.measured("refused", seen.refused);
    round.measured("served again after, at most", slowest, "ms");
  },
};

interface Holding {
  readonly socket: Socket;
  readonly answer: () => string;
  readonly closed: () => boolean;
}

/** A client whose call never ends. */
function hold(url: string): Holding {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  let answer = "";
  let closed = false;
  socket.once("close", () => (closed = true));
  socket.on("error", () => {}).on("data", (bytes) => (answer += String(bytes)));
  socket.write(ASK);
  return { socket, answer: () => answer, closed: () => closed };
}
