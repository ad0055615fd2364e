import assert from "node:assert/strict";
import { createServer } from "node:net";
import { tokenizer } from "../../processors/tokens/tokenizer.ts";
import { startDataPlane } from "../data_plane.ts";
import { faultProxy } from "../fault_proxy.ts";
import { listen } from "../listen.ts";
import { many } from "../many.ts";
import { rawRequest } from "../raw.ts";
import { events } from "../recorded.ts";
import { ASKED, ASKED_TOKENS, estimated } from "./estimate.ts";
import type { Fault } from "./fault.ts";

const WORDS = ["Hel", "lo", " wörld", "."];
const EVENTS = events(...WORDS.map((content) => ({ choices: [{ index: 0, delta: { content } }] })));
const BODY = Buffer.from(EVENTS);
/** How the same stream may be framed: the end of each shows in another way. */
const FRAMES: readonly { readonly head: string; readonly framed: Buffer }[] = [
  { head: "transfer-encoding: chunked", framed: chunked(EVENTS.split(/(?<=\n\n)/)) },
  { head: `content-length: ${BODY.length}`, framed: BODY },
  { head: "connection: close", framed: BODY },
];

export const streamCut: Fault = {
  id: "F25",
  title: "the upstream resets or closes inside a stream, at each end of an event and within",
  holds:
    "all that came is delivered and on record as `cut`, its tokens estimated; what follows is a broken connection or an error event, never a clean end",
  fast: 60,
  long: 1200,
  async run(round) {
    // The same stream is cut at every place in turn, beginning at a random one.
    const places = FRAMES.flatMap(({ head, framed }) =>
      Array.from({ length: framed.indexOf("[DONE]") }, (_, at) => ({ head, framed, at })).filter(
        ({ at }) => at === 0 || round.count > 1000 || at % 7 === 0 || framed.subarray(0, at).toString().endsWith("\n\n"),
      ),
    );
    const first = round.random.whole(0, places.length - 1);
    const told = await many(round.count, 12, async (index) => {
      const place = places[(first + index * 37) % places.length];
      assert.ok(place);
      return await cutOnce(place, index % 2 === 0 ? "resetAt" : "cutAt", round.injected);
    });
    round.measured("error events", told.filter((each) => each === "error event").length);
    round.measured("broken connections", told.filter((each) => each === "broken").length);
  },
};

async function cutOnce(
  { head, framed, at }: { head: string; framed: Buffer; at: number },
  way: "resetAt" | "cutAt",
  injected: () => void,
): Promise<"error event" | "broken"> {
  const start = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n${head}\r\n\r\n`);
  await using up = await listen(createServer((socket) => void socket.once("data", () => socket.write(Buffer.concat([start, framed])))));
  await using proxy = await faultProxy(up.port, () => ({ toClient: { [way]: start.length + at } }));
  await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${proxy.port}/v1` } });
  const reply = await rawRequest({ url: `${plane.url}/v1/chat/completions`, method: "POST", body: ASKED });
  const { reset, cut } = proxy.done();
  assert.equal(reset + cut, 1);
  injected();

  const where = `${way} ${at} of ${head}`;
  const [entry, ...more] = await plane.ended();
  assert.deepEqual(more, []);
  assert.equal(entry?.closed?.ending, "cut", where);
  const delivered = head.startsWith("transfer") ? unchunked(framed.subarray(0, at)) : framed.subarray(0, at);
  assert.equal(String(entry.response), String(delivered), where);
  // An event that lacks only its end still says what it has to say.
  const whole = String(delivered)
    .split("\n\n")
    .filter((event) => event.trimEnd().endsWith("]}")).length;
  const text = WORDS.slice(0, whole).join("");
  assert.deepEqual(await estimated(entry), { inUncached: ASKED_TOKENS, outText: (await tokenizer("gpt-4o"))(text) }, where);
  assert.equal(reply.status, 200);
  assert.equal(String(reply.body.subarray(0, delivered.length)), String(delivered), where);
  const said = String(reply.body.subarray(delivered.length));
  if (said === "") {
    assert.equal(reply.whole, false, `${where}: a clean end`);
    return "broken";
  }
  const { error } = JSON.parse(/^data: (.*)\n\n$/.exec(said)?.[1] ?? "null") as { error: { code: string } };
  assert.equal(error.code, "upstream_unreachable", where);
  assert.match(String(delivered), /\n\n$/, `${where}: the error event became part of another`);
  return "error event";
}

function chunked(pieces: readonly string[]): Buffer {
  return Buffer.from([...pieces, ""].map((piece) => `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`).join(""));
}

/** As much of the body as a beginning of its chunked form brings. */
function unchunked(framed: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < framed.length;) {
    const line = framed.indexOf("\r\n", at);
    if (line === -1) break;
    const length = Number.parseInt(framed.toString("latin1", at, line), 16);
    pieces.push(framed.subarray(line + 2, line + 2 + length));
    at = line + 2 + length + 2;
  }
  return Buffer.concat(pieces);
}
