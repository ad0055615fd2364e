import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { startGateway } from "./gateway.ts";
import { listen } from "./listen.ts";
import { rawRequest } from "./raw.ts";

/** With usage: counting the tokens of digits takes longer than anything else that is done to them. */
const usage = { prompt_tokens: 57_000, completion_tokens: 0, total_tokens: 57_000 };
const chat = JSON.stringify({ id: "c", object: "chat.completion", model: "demo", choices: [], usage });
const QUOTA_BYTES = 12_000_000;
const CALLS = 250;
const CONTENT_BYTES = 100_000;
/** What the disk and the pipeline keep up with. */
const PAUSE_MS = 20;

test("more passes through the journals than they may hold, and nothing is lost: what is stored makes room at once", async () => {
  await using up = await listen(createServer((request, response) => void request.resume().on("end", () => response.end(chat))));
  await using gateway = await startGateway({
    config: {
      default_upstream: "up",
      upstreams: { up: { base_url: `http://127.0.0.1:${up.port}/v1` } },
      capture: "full",
      journal: { quota_bytes: QUOTA_BYTES },
    },
  });
  expect(CALLS * CONTENT_BYTES).toBeGreaterThan(2 * QUOTA_BYTES);
  const headers = { "content-type": "application/json" };
  for (let i = 0; i < CALLS; i++) {
    const content = randomBytes(CONTENT_BYTES / 2).toString("hex");
    const body = JSON.stringify({ model: "demo", messages: [{ role: "user", content }] });
    const { status } = await rawRequest({ url: `${gateway.dataUrl}/v1/chat/completions`, method: "POST", headers, body });
    expect(status).toBe(200);
    await setTimeout(PAUSE_MS);
  }
  const stored = "SELECT count(*) AS rows, count(input_messages) AS whole FROM spans WHERE operation = 'chat'";
  expect(await gateway.sql(stored)).toEqual([{ rows: String(CALLS), whole: String(CALLS) }]);
  expect(await gateway.doctor()).toMatchObject({ dropped: {} });
});
