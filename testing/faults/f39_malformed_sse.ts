import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import { setImmediate } from "node:timers/promises";
import { eventually } from "../eventually.ts";
import { startGateway } from "../gateway.ts";
import { listen } from "../listen.ts";
import { many } from "../many.ts";
import { rawRequest } from "../raw.ts";
import type { Fault, Random } from "./fault.ts";
import { fuzzed, MALFORMED } from "./malformed.ts";

const READABLE_WITHIN_MS = 60_000;

export const malformedSse: Fault = {
  id: "F39",
  title: "streams that are no sound SSE: each of a corpus, and any number of fuzzed ones, cut anywhere",
  holds: "the client's bytes are the upstream's, by SHA-256, and each exchange has its span",
  fast: MALFORMED.length + 150,
  long: MALFORMED.length + 5000,
  async run(round) {
    const { random } = round;
    const streams = Array.from({ length: round.count }, (_, index) => MALFORMED[index]?.bytes ?? fuzzed(random));
    await using up = await listen(
      createServer((request, response) => {
        request.resume();
        void play(streams[Number(request.headers["x-stream"])] as Buffer, response, random);
      }),
    );
    await using gateway = await startGateway({
      config: { default_upstream: "up", upstreams: { up: { base_url: `http://127.0.0.1:${up.port}/v1` } }, capture: "full" },
    });
    await many(round.count, 16, async (index) => {
      const reply = await rawRequest({
        url: `${gateway.dataUrl}/v1/chat/completions`,
        method: "POST",
        headers: { "content-type": "application/json", "x-stream": String(index), "x-spangate-conversation": `f39-${index}` },
        body: JSON.stringify({ model: "any", stream: true, messages: [{ role: "user", content: "Hello" }] }),
      });
      const what = MALFORMED[index]?.title ?? `fuzzed stream ${index}`;
      assert.deepEqual([reply.status, reply.whole], [200, true], what);
      assert.equal(sha256(reply.body), sha256(streams[index] as Buffer), what);
      round.injected();
    });
    const rows = await eventually(
      () => gateway.sql("SELECT conversation_id AS id, ending FROM spans WHERE operation = 'chat' AND conversation_id LIKE 'f39-%'"),
      ({ length }) => length >= round.count,
      READABLE_WITHIN_MS,
    );
    assert.equal(rows.length, round.count);
    assert.deepEqual(new Set(rows.map(({ id }) => id)).size, round.count);
    assert.deepEqual(new Set(rows.map(({ ending }) => ending)), new Set(["completed"]));
    round.measured("of a corpus", Math.min(round.count, MALFORMED.length));
    round.measured("spans", rows.length);
  },
};

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

async function play(bytes: Buffer, response: ServerResponse, random: Random): Promise<void> {
  response.on("error", () => {}).writeHead(200, { "content-type": "text/event-stream" });
  for (const piece of cutAnywhere(bytes, random)) {
    response.write(piece);
    await setImmediate();
  }
  response.end();
}

function* cutAnywhere(bytes: Buffer, random: Random): Iterable<Buffer> {
  const longest = Math.max(1, random.pick([1, 7, 100, 4096, 2 ** 20]), Math.ceil(bytes.length / 400));
  for (let at = 0; at < bytes.length;) {
    const next = at + random.whole(1, longest);
    yield bytes.subarray(at, next);
    at = next;
  }
}
