import assert from "node:assert/strict";
import { createServer } from "node:http";
import { startDataPlane } from "../data_plane.ts";
import { faultProxy } from "../fault_proxy.ts";
import { listen } from "../listen.ts";
import { many } from "../many.ts";
import { rawRequest } from "../raw.ts";
import { events } from "../recorded.ts";
import type { Fault } from "./fault.ts";

const LIMIT_MS = 1000;
const BEYOND_MS = 1000;
const BODY = events(...["Hel", "lo"].map((content) => ({ choices: [{ index: 0, delta: { content } }] })));

export const upstreamHalfOpen: Fault = {
  id: "F32",
  title: "the connection to the upstream goes dead without a word, anywhere in its reply",
  holds: "the call is given up within the limit on silence and a second",
  fast: 25,
  long: 500,
  async run(round) {
    await using up = await listen(
      createServer((request, response) => {
        request.resume().on("end", () => response.writeHead(200, { "content-type": "text/event-stream" }).end(BODY));
      }),
    );
    await using proxy = await faultProxy(up.port, () => ({ toClient: { blackholeAt: round.random.whole(1, BODY.length) } }));
    await using plane = await startDataPlane({
      upstreams: { up: `http://127.0.0.1:${proxy.port}/v1` },
      gateway: { first_byte_timeout_ms: LIMIT_MS, idle_timeout_ms: LIMIT_MS },
    });
    const beyond = await many(round.count, 25, async () => {
      const since = performance.now();
      const reply = await rawRequest({ url: `${plane.url}/v1/chat/completions`, method: "POST", body: "{}" });
      const tookMs = performance.now() - since;
      assert.ok(tookMs < LIMIT_MS + BEYOND_MS, `given up after ${tookMs} ms`);
      assert.ok(!reply.whole || String(reply.body).includes('"upstream_timeout"'), "a clean end");
      return tookMs - LIMIT_MS;
    });
    round.injected(proxy.done().blackhole);
    for (const { closed } of await plane.ended()) assert.equal(`${closed?.ending} ${closed?.error}`, "cut timeout");
    round.measured("beyond the limit, at most", Math.max(...beyond), "ms");
  },
};
