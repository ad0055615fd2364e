import { createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { startGateway } from "./gateway.ts";
import { listen } from "./listen.ts";
import { rawRequest } from "./raw.ts";

const chat = JSON.stringify({ id: "c", object: "chat.completion", model: "demo", choices: [] });
const answer = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${chat.length}\r\n\r\n${chat}`;

/** Answers the first request of its first connection, gives up the second unread, and answers all others. */
function forgetful(): ReturnType<typeof createServer> {
  const first: { socket?: Socket; served: number } = { served: 0 };
  return createServer((socket) => {
    first.socket ??= socket;
    socket.on("data", () => {
      if (socket === first.socket && ++first.served > 1) socket.resetAndDestroy();
      else socket.write(answer);
    });
  });
}

test("a call that took two attempts has a span for each below that of the model, and one that took one has none", async () => {
  await using up = await listen(forgetful());
  await using gateway = await startGateway({
    config: { default_upstream: "up", upstreams: { up: { base_url: `http://127.0.0.1:${up.port}/v1` } } },
  });
  const call = (conversation: string) =>
    rawRequest({
      url: `${gateway.dataUrl}/v1/chat/completions`,
      method: "POST",
      headers: { "content-type": "application/json", "x-spangate-conversation": conversation },
      body: '{"model":"demo"}',
    });
  expect((await call("one")).status).toBe(200);
  expect((await call("two")).status).toBe(200);

  const rows = await eventually(
    () => gateway.spans({ all: true }),
    ({ length }) => length >= 6,
  );
  const [one, two] = ["one", "two"].map((conversation) =>
    rows.find((row) => row["conversation_id"] === conversation && row["operation"] === "chat"),
  );
  const below = (parent: typeof one) => rows.filter((row) => row["parent_span_id"] === parent?.["span_id"]);
  expect(below(one)).toEqual([]);
  const attempts = below(two).toSorted((a, b) => String(a["start_time"]).localeCompare(String(b["start_time"])));
  expect(attempts).toMatchObject([
    { kind: "client", error_type: "ECONNRESET", http_status: null },
    { kind: "client", error_type: null, http_status: 200 },
  ]);
  expect(two).toMatchObject({ ending: "completed", outcome: "ok" });
});
