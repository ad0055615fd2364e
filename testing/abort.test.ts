import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readExchange } from "./exchange.ts";
import { eventually } from "./eventually.ts";
import { startGateway, type Gateway } from "./gateway.ts";
import { openRequest } from "./raw.ts";
import { replayUpstream, type Fault, type ReplayUpstream } from "./replay_upstream.ts";

let upstream: ReplayUpstream;
let gateway: Gateway;

beforeAll(async () => {
  const [stream, plain] = [await readExchange("chat_stream"), await readExchange("chat")];
  upstream = await replayUpstream(({ headers }) => ({
    exchange: headers["x-reply"] === "stream" ? stream : plain,
    fault: headers["x-fault"] as Fault,
  }));
  gateway = await startGateway({ config: { default_upstream: "up", upstreams: { up: { base_url: upstream.url } }, capture: "full" } });
}, 40_000);
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await upstream?.[Symbol.asyncDispose]();
});

const cases: readonly { title: string; reply: string; fault: Fault; head: boolean; bytes: number }[] = [
  { title: "before the head of a stream", reply: "stream", fault: "hang_before_headers", head: false, bytes: 0 },
  { title: "before the first event of a stream", reply: "stream", fault: "hang_before_first_chunk", head: true, bytes: 0 },
  { title: "in the middle of a stream", reply: "stream", fault: "hang_between_chunks", head: true, bytes: 1 },
  { title: "while it waits for a plain reply", reply: "plain", fault: "hang_before_headers", head: false, bytes: 0 },
  { title: "in the middle of a plain reply", reply: "plain", fault: "hang_between_chunks", head: true, bytes: 1 },
];

for (const [index, { title, reply, fault, head, bytes }] of cases.entries()) {
  test(`a client that leaves ${title} takes the upstream's work along, and is on record as abandoned`, async () => {
    const conversation = `leaves-${index}`;
    const { request } = await readExchange(reply === "stream" ? "chat_stream" : "chat");
    const headers = {
      ...request.headers,
      "x-reply": reply,
      "x-fault": fault,
      "x-spangate-conversation": conversation,
      "x-mark": conversation,
    };
    const leaving = new AbortController();
    const opened = openRequest({
      url: `${gateway.dataUrl}/v1/chat/completions`,
      method: "POST",
      headers,
      body: JSON.stringify(request.body),
      signal: leaving.signal,
    });
    const left = opened.then(
      () => "head",
      () => "nothing",
    );
    const seen = await eventually(() => upstream.seen.find((each) => each.headers["x-mark"] === conversation), Boolean);
    if (head) {
      const [response] = await opened;
      response.on("error", () => {});
      if (bytes > 0) await new Promise((resolve) => response.once("data", resolve));
    } else await setTimeout(50);

    const leftAt = Date.now();
    leaving.abort();
    expect(await left).toBe(head ? "head" : "nothing");
    const closedAt = await eventually(
      () => seen?.leftAt,
      (at) => at !== undefined,
      2000,
    );
    expect((closedAt ?? 0) - leftAt).toBeLessThan(1000);

    const [row] = await eventually(
      async () => (await gateway.spans()).filter((each) => each["conversation_id"] === conversation),
      (rows) => rows.length === 1,
      10_000,
    );
    expect(row).toMatchObject({ ending: "abandoned", outcome: "cancelled", operation: "chat" });
    // A stream was answered as far as it came, and is estimated; what the rest of a plain reply said nobody knows.
    const answered = { tokens_out_text: expect.any(Number) as number, usage_source: "estimated", cost_usd: expect.any(String) as string };
    expect(row).toMatchObject(reply === "stream" && head ? answered : { tokens_out_text: null, cost_usd: null });
  });
}

test("calls go on being served after all that", async () => {
  const { request, response } = await readExchange("chat");
  const headers = { ...request.headers, "x-reply": "plain" };
  const reply = await fetch(`${gateway.dataUrl}/v1/chat/completions`, { method: "POST", headers, body: JSON.stringify(request.body) });
  expect(Buffer.from(await reply.arrayBuffer()).equals(response.body)).toBe(true);
});
