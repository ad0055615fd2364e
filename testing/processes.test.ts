import { createServer } from "node:http";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadOrCreateKey } from "../journal/seal.ts";
import { journalEntries } from "./data_plane.ts";
import { eventually } from "./eventually.ts";
import { startGateway, type Gateway } from "./gateway.ts";
import { listen } from "./listen.ts";
import { rawRequest, type RawReply } from "./raw.ts";

const chat = JSON.stringify({ id: "c", object: "chat.completion", model: "demo", choices: [] });

async function call(gateway: Gateway, conversation: string): Promise<RawReply> {
  const headers = { "content-type": "application/json", "x-spangate-conversation": conversation };
  return await rawRequest({ url: `${gateway.dataUrl}/v1/chat/completions`, method: "POST", headers, body: '{"model":"demo"}' });
}

/** Calls in each lane: each gateway process writes one. */
async function callsByLane({ dataDir }: Gateway): Promise<readonly number[]> {
  const intake = join(dataDir, "journal", "intake");
  const master = loadOrCreateKey(join(dataDir, "keys", "intake.key"));
  const lanes = await readdir(intake);
  return await Promise.all(lanes.map(async (lane) => (await journalEntries(join(intake, lane), [master])).length));
}

async function pidsOf({ dataDir }: Gateway): Promise<readonly number[]> {
  const served = JSON.parse(await readFile(join(dataDir, "run", "serve.json"), "utf8")) as { pids: { gateway: number[] } };
  return served.pids.gateway;
}

const CALLS = 60;

// Elsewhere the system does not spread connections over processes.
test.skipIf(process.platform !== "linux")(
  "two processes share one port; when one is killed the other goes on, and it is replaced",
  async () => {
    await using up = await listen(createServer((request, response) => void request.resume().on("end", () => response.end(chat))));
    await using gateway = await startGateway({
      config: { default_upstream: "up", upstreams: { up: { base_url: `http://127.0.0.1:${up.port}/v1` } }, gateway: { processes: 2 } },
    });
    expect(new Set(gateway.pids.gateway).size).toBe(2);
    const replies = await Promise.all(Array.from({ length: CALLS }, (_, index) => call(gateway, `call-${index}`)));
    expect(replies.map(({ status }) => status)).toEqual(Array(CALLS).fill(200));
    const [one = 0, two = 0, ...more] = await callsByLane(gateway);
    expect([one + two, more]).toEqual([CALLS, []]);
    expect(Math.min(one, two)).toBeGreaterThan(0);

    const [killed, left] = gateway.pids.gateway;
    process.kill(killed ?? 0, "SIGKILL");
    let refused = 0;
    const pids = await eventually(
      async () => {
        // A connection that reached the dead one's queue is lost with it; those that come now reach the other.
        await call(gateway, "meanwhile").catch(() => refused++);
        return await pidsOf(gateway);
      },
      (all) => all.length === 2 && !all.includes(killed ?? 0),
    );
    expect(pids).toContain(left);
    expect(refused).toBeLessThanOrEqual(1);
    expect((await call(gateway, "afterwards")).status).toBe(200);

    const [stored] = await eventually(
      () =>
        gateway.sql(
          "SELECT count(*) FILTER (conversation_id LIKE 'call-%')::INTEGER AS before, count(*) FILTER (conversation_id = 'afterwards')::INTEGER AS afterwards FROM spans WHERE operation = 'chat' AND ending = 'completed'",
        ),
      ([row]) => row?.["afterwards"] === 1,
    );
    expect(stored).toEqual({ before: CALLS, afterwards: 1 });
  },
);
