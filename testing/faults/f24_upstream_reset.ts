import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { startDataPlane } from "../data_plane.ts";
import { listen } from "../listen.ts";
import { many } from "../many.ts";
import { rawRequest } from "../raw.ts";
import type { Fault } from "./fault.ts";

const WAYS: readonly ((socket: Socket) => void)[] = [(socket) => socket.resetAndDestroy(), (socket) => socket.destroy()];

export const upstreamReset: Fault = {
  id: "F24",
  title: "the upstream resets or closes before it answers",
  holds: "the client gets a 502 in OpenAI's shape, and the POST was sent once",
  fast: 40,
  long: 1000,
  async run(round) {
    const attempts = new Map<string, number>();
    await using up = await listen(
      createServer((socket) => {
        let text = "";
        socket.on("data", (bytes) => {
          text += String(bytes);
          const id = /x-mark: (\d+)/i.exec(text)?.[1];
          if (id === undefined || !text.endsWith("}")) return;
          attempts.set(id, (attempts.get(id) ?? 0) + 1);
          round.random.pick(WAYS)(socket);
          round.injected();
        });
      }),
    );
    await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${up.port}/v1` } });
    await many(round.count, 20, async (index) => {
      const reply = await rawRequest({
        url: `${plane.url}/v1/chat/completions`,
        method: "POST",
        headers: { "content-type": "application/json", "x-mark": String(index) },
        body: JSON.stringify({ model: "any", messages: [] }),
      });
      assert.equal(reply.status, 502);
      const { error } = JSON.parse(String(reply.body)) as { error: { code: string; type: string; message: string } };
      assert.deepEqual([error.code, error.type], ["upstream_unreachable", "server_error"]);
      assert.match(error.message, /check that it runs/);
      assert.equal(attempts.get(String(index)), 1);
    });
    const entries = await plane.ended();
    assert.equal(entries.length, round.count);
    for (const { closed } of entries) {
      assert.equal(closed?.ending, "cut");
      assert.equal(closed.status, 502);
      assert.equal(closed.attempts.length, 1);
    }
    round.measured("attempts a call", Math.max(...attempts.values()));
  },
};
