import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import { startDataPlane } from "../data_plane.ts";
import { listen } from "../listen.ts";
import { many } from "../many.ts";
import { rawRequest } from "../raw.ts";
import { events } from "../recorded.ts";
import type { Fault } from "./fault.ts";

const LIMIT_MS = 1000;
/** B-P5: no call outlives its limit by more. */
const BEYOND_MS = 1000;

const event = events({ choices: [{ index: 0, delta: { content: "Hel" } }] }).replace("data: [DONE]\n\n", "");
const begin = (response: ServerResponse, bytes: string): void => {
  response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  if (bytes) response.write(bytes);
};
const HANGS: { readonly [where: string]: (response: ServerResponse) => void } = {
  "before its head": () => {},
  "behind interim responses without end"(response) {
    const timer = setInterval(() => response.writeProcessing(), LIMIT_MS / 5);
    response.once("close", () => clearInterval(timer));
  },
  "before its first event": (response) => begin(response, ""),
  "between two events": (response) => begin(response, event),
  "within an event": (response) => begin(response, event + event.slice(0, 20)),
};

export const upstreamHangs: Fault = {
  id: "F26",
  title: "the upstream falls silent before its head, before its first event, between two and within one",
  holds: "the call is given up within its limit and a second, and both connections are closed",
  fast: 25,
  long: 500,
  async run(round) {
    const wheres = Object.keys(HANGS);
    const left: Promise<unknown>[] = [];
    await using up = await listen(
      createServer((request, response) => {
        left.push(new Promise((resolve) => request.socket.once("close", resolve))); // `once` of node:events would take a reset for a failure
        const where = String(request.headers["x-where"]);
        request.resume().on("end", () => {
          HANGS[where]?.(response);
          round.injected();
        });
      }),
    );
    await using plane = await startDataPlane({
      upstreams: { up: `http://127.0.0.1:${up.port}/v1` },
      gateway: { first_byte_timeout_ms: LIMIT_MS, idle_timeout_ms: LIMIT_MS },
    });
    const beyond = await many(round.count, 25, async (index) => {
      const where = wheres[index % wheres.length] ?? "";
      const since = performance.now();
      const headers = { "x-where": where };
      const reply = await rawRequest({ url: `${plane.url}/v1/chat/completions`, method: "POST", headers, body: "{}" });
      const tookMs = performance.now() - since;
      assert.ok(tookMs < LIMIT_MS + BEYOND_MS, `silent ${where}: given up after ${tookMs} ms`);
      if (/head|interim/.test(where)) {
        assert.equal(reply.status, 504, where);
        assert.equal((JSON.parse(String(reply.body)) as { error: { code: string } }).error.code, "upstream_timeout");
      } else assert.ok(!reply.whole || String(reply.body).includes('"upstream_timeout"'), `silent ${where}: a clean end`);
      return tookMs - LIMIT_MS;
    });
    await Promise.all(left);
    const entries = await plane.ended();
    assert.deepEqual(new Set(entries.map(({ closed }) => `${closed?.ending} ${closed?.error}`)), new Set(["cut timeout"]));
    round.measured("beyond the limit, at most", Math.max(...beyond), "ms");
  },
};
