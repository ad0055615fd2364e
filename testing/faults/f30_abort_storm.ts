import assert from "node:assert/strict";
import { createServer } from "node:http";
import { setTimeout } from "node:timers/promises";
import { eventually } from "../eventually.ts";
import { listen } from "../listen.ts";
import { many } from "../many.ts";
import { openRequest, rawRequest } from "../raw.ts";
import { events } from "../recorded.ts";
import type { Fault, Random } from "./fault.ts";
import { observedGateway } from "./observed.ts";

const AT_ONCE = 50;
/** What the first storm costs a process is no leak, if the next one costs it no more. */
const warmUp = (count: number): number => Math.max(200, count / 2);
const MOST_FILES = 5;
const MOST_BYTES = 32 * 2 ** 20;
const UNUSED_WITHIN_MS = 5000;

const event = events({ choices: [{ index: 0, delta: { content: "Hel" } }] }).replace("data: [DONE]\n\n", "");

export const abortStorm: Fault = {
  id: "F30",
  title: "a storm of clients that leave, at any moment of their calls",
  holds: "no connection, file or memory stays behind, and no connection to the upstream that never carried a request",
  fast: 300,
  long: 5000,
  async run(round) {
    await using up = await listen(
      createServer((request, response) => {
        request.resume().on("end", () => {
          if (request.url?.endsWith("/models")) return void response.end("{}");
          response.writeHead(200, { "content-type": "text/event-stream" });
          const timer = setInterval(() => response.write(event), 5);
          response.once("close", () => clearInterval(timer));
        });
      }),
    );
    await using running = await observedGateway(`http://127.0.0.1:${up.port}/v1`);
    const { url } = running;
    const storm = (count: number): Promise<unknown> => many(count, AT_ONCE, () => leave(url, round.random));
    await storm(warmUp(round.count));
    await quiet(up.connections);
    const before = await running.observe();
    const files = running.openFiles();

    await storm(round.count);
    round.injected(round.count);
    await eventually(
      () => up.connections.filter((socket) => !socket.destroyed && socket.bytesRead === 0).length,
      (unused) => unused === 0,
      UNUSED_WITHIN_MS,
    );
    await quiet(up.connections);
    const more = await eventually(
      () => running.openFiles() - files,
      (count) => Math.abs(count) <= MOST_FILES,
    );
    const after = await running.observe();
    const grown = after.usedBytes - before.usedBytes;
    round.measured("open files more", more);
    round.measured("memory in use more", grown / 2 ** 20, "MiB");
    round.measured("resident more", (after.residentBytes - before.residentBytes) / 2 ** 20, "MiB");
    assert.ok(grown <= MOST_BYTES, `${grown} bytes more than before the storm`);
    assert.equal((await rawRequest({ url: `${url}/v1/models`, method: "GET" })).status, 200);
  },
};

async function leave(url: string, random: Random): Promise<void> {
  const leaves = new AbortController();
  const opened = openRequest({ url: `${url}/v1/chat/completions`, method: "POST", body: "{}", signal: leaves.signal }).then(
    ([response]) => void response.on("error", () => {}).resume(),
    () => {},
  );
  await setTimeout(random.whole(0, 30));
  leaves.abort();
  await opened;
}

/** Waits until no call runs any more. */
async function quiet(connections: readonly { readonly destroyed: boolean }[]): Promise<void> {
  await eventually(
    () => connections.filter(({ destroyed }) => !destroyed).length,
    (open) => open === 0,
    10_000,
  );
}
