import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import { setTimeout } from "node:timers/promises";
import { startDataPlane } from "../data_plane.ts";
import { listen } from "../listen.ts";
import { many, percentile } from "../many.ts";
import { openRequest } from "../raw.ts";
import { events } from "../recorded.ts";
import { ASKED, ASKED_TOKENS, estimated } from "./estimate.ts";
import type { Fault, Round } from "./fault.ts";

/** B-P2, for 99 of 100 clients. */
const MOST_MS = 1000;
const FAST_LEAVES_MS = 300;
const LONG_LEAVES_MS = 5000;

interface Reply {
  /** What the upstream says before it goes on working without an end. */
  readonly says: (response: ServerResponse) => void;
  /** What the client has when it leaves. */
  readonly has: "nothing" | "head" | "bytes";
}

const asked = JSON.parse(ASKED) as object;
const event = events({ choices: [{ index: 0, delta: { content: "Hel" } }] }).replace("data: [DONE]\n\n", "");
const stream = { "content-type": "text/event-stream" };
const json = { "content-type": "application/json", "content-length": "1000" };

const BEFORE_FIRST: readonly Reply[] = [
  { says: () => {}, has: "nothing" },
  { says: (response) => response.writeHead(200, stream).flushHeaders(), has: "head" },
];
const MID_STREAM: readonly Reply[] = [
  { says: (response) => void response.writeHead(200, stream).write(event), has: "bytes" },
  { says: (response) => void response.writeHead(200, stream).write(event + event.slice(0, 20)), has: "bytes" },
  { says: dripping, has: "bytes" },
];
const NOT_STREAMED: readonly Reply[] = [
  { says: () => {}, has: "nothing" },
  { says: (response) => void response.writeHead(200, json).write('{"id":'), has: "bytes" },
];

function dripping(response: ServerResponse): void {
  response.writeHead(200, stream);
  const timer = setInterval(() => response.write(event), 20);
  response.once("close", () => clearInterval(timer));
}

export const clientLeaves: readonly Fault[] = [
  leaving("F27", "before the first token", BEFORE_FIRST),
  leaving("F28", "in the middle of a stream", MID_STREAM),
  leaving("F29", "during a call that is not streamed", NOT_STREAMED),
];

function leaving(id: string, when: string, replies: readonly Reply[]): Fault {
  return {
    id,
    title: `the client leaves ${when}`,
    holds:
      "the upstream's work ends within a second, and the exchange is on record as `abandoned`, with what had come" +
      (replies === MID_STREAM ? " and its tokens estimated" : ""),
    fast: 60,
    long: 1000,
    run: (round) => leaveOften(round, replies),
  };
}

async function leaveOften(round: Round, replies: readonly Reply[]): Promise<void> {
  const closed = new Map<string, (at: number) => void>();
  await using up = await listen(
    createServer((request, response) => {
      const [mark = "", which = "0"] = String(request.headers["x-mark"]).split(" ");
      response.once("close", () => closed.get(mark)?.(performance.now()));
      request.resume().on("end", () => replies[Number(which)]?.says(response));
    }),
  );
  await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${up.port}/v1` } });
  const longestMs = round.count >= 1000 ? LONG_LEAVES_MS : FAST_LEAVES_MS;
  const took = await many(round.count, 100, async (index) => {
    const which = index % replies.length;
    const reply = replies[which] as Reply;
    const { promise: closedAt, resolve } = Promise.withResolvers<number>();
    closed.set(String(index), resolve);
    const leaves = new AbortController();
    const opened = openRequest({
      url: `${plane.url}/v1/chat/completions`,
      method: "POST",
      headers: { "content-type": "application/json", "x-mark": `${index} ${which}` },
      body: JSON.stringify({ ...asked, user: reply.has }),
      signal: leaves.signal,
    });
    opened.catch(() => {});
    if (reply.has !== "nothing") {
      const [response] = await opened;
      response.on("error", () => {});
      if (reply.has === "bytes") await new Promise((seen) => response.once("data", seen));
    }
    await setTimeout(20 + round.random.whole(0, longestMs));
    const leftAt = performance.now();
    leaves.abort();
    const at = await Promise.race([closedAt, setTimeout(10 * MOST_MS, Infinity, { ref: false })]);
    assert.notEqual(at, Infinity, "the upstream was never told that the client left");
    round.injected();
    return at - leftAt;
  });
  const p99 = percentile(took, 0.99);
  round.measured("upstream closed, p50", percentile(took, 0.5), "ms");
  round.measured("p99", p99, "ms");
  round.measured("at most", Math.max(...took), "ms");
  assert.ok(p99 <= MOST_MS, `p99 is ${p99} ms`);

  const entries = await plane.ended();
  assert.equal(entries.length, round.count);
  for (const entry of entries) {
    assert.equal(entry.closed?.ending, "abandoned");
    const { user: has } = JSON.parse(String(entry.request)) as { user: Reply["has"] };
    assert.equal(
      entry.response.length > 0,
      has === "bytes",
      `on record are ${entry.response.length} bytes of a reply of which ${has} had come`,
    );
    if (replies !== MID_STREAM) continue;
    const { inUncached, outText = 0 } = await estimated(entry);
    assert.ok(inUncached === ASKED_TOKENS && outText > 0, `estimated are ${inUncached} tokens of input, ${outText} of output`);
  }
}
