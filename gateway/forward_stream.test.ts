import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { startDataPlane, type DataPlane } from "../testing/data_plane.ts";
import { eventually } from "../testing/eventually.ts";
import { listen } from "../testing/listen.ts";
import { openRequest } from "../testing/raw.ts";

const sse = { "content-type": "text/event-stream" };
const event = (content: string): string => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
const DONE = "data: [DONE]\n\n";

async function open({ url }: DataPlane, headers: Readonly<Record<string, string>> = {}): Promise<IncomingMessage> {
  const [response] = await openRequest({ url: `${url}/v1/chat/completions`, method: "POST", headers, body: "{}" });
  response.on("error", () => {});
  return response;
}

const flows = [
  { title: "a stream of events", headers: sse, pieces: [event("one"), event("two"), event("three")] },
  { title: "events in pieces", headers: sse, pieces: ["da", "ta: {", '"a"', ":1}\n", "\n"] },
  { title: "a compressed stream", headers: { ...sse, "content-encoding": "gzip" }, pieces: ["\x1f\x8b", "\x08\x00"] },
  { title: "a body in chunks", headers: { "content-type": "audio/mpeg" }, pieces: ["one", "two", "three"] },
  { title: "a body of known length", headers: { "content-type": "audio/mpeg", "content-length": "11" }, pieces: ["one", "two", "three"] },
];
for (const { title, headers, pieces } of flows) {
  // No clock: the upstream says nothing more before the client has what it said, so anything held back would be waited for for ever.
  test(`${title} flows on as it comes, the head first`, async () => {
    let response: ServerResponse | undefined;
    await using up = await listen(
      createServer((_request, reply) => {
        response = reply.writeHead(200, headers);
        response.flushHeaders();
      }),
    );
    await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${up.port}/v1` } });
    const reply = await open(plane);
    expect(reply.statusCode).toBe(200);
    for (const piece of pieces) {
      response?.write(piece, "latin1");
      const [bytes] = (await once(reply, "data")) as [Buffer];
      expect(bytes.toString("latin1")).toBe(piece);
    }
    response?.destroy();
  });
}

/** Reads until the client has what it takes for the end: this moment counts, not when the connection is over. */
function untilEnd(reply: IncomingMessage, isEnd: (soFar: string) => boolean): Promise<void> {
  return new Promise((resolve) => {
    let soFar = "";
    reply.on("data", (bytes: Buffer) => {
      soFar += bytes;
      if (isEnd(soFar)) resolve();
    });
    reply.on("end", resolve);
  });
}

const never = (): boolean => false;
const answer = JSON.stringify({ object: "chat.completion", choices: [] });
const ends: readonly { title: string; answers: (response: ServerResponse) => void; isEnd: (soFar: string) => boolean }[] = [
  {
    title: "the last byte of a body of known length",
    answers: (response) => void response.writeHead(200, { "content-length": answer.length }).end(answer),
    isEnd: (soFar) => soFar.length === answer.length,
  },
  {
    title: "the last byte of such a body that came in pieces",
    answers: (response) => {
      response.writeHead(200, { "content-length": answer.length }).write(answer.slice(0, 10));
      setImmediate(() => response.end(answer.slice(10)));
    },
    isEnd: (soFar) => soFar.length === answer.length,
  },
  { title: "the last chunk", answers: (response) => void response.writeHead(200).write(answer, () => response.end()), isEnd: never },
  { title: "a reply without a body", answers: (response) => void response.writeHead(204).end(), isEnd: never },
  { title: "a reply of no length", answers: (response) => void response.writeHead(200, { "content-length": 0 }).end(), isEnd: never },
  {
    title: "the terminal event of a stream",
    answers: (response) => void response.writeHead(200, sse).write(event("Hi"), () => response.write(DONE)),
    isEnd: (soFar) => soFar.endsWith(DONE),
  },
  {
    title: "the terminal event of a stream that names its events",
    answers: (response) => void response.writeHead(200, sse).end('event: response.completed\ndata: {"type":"response.completed"}\n\n'),
    isEnd: (soFar) => soFar.endsWith("\n\n"),
  },
];
const CALLS = 20;
for (const durability of ["balanced", "strict"] as const) {
  for (const { title, answers, isEnd } of ends) {
    test(`when the client has ${title}, the record is in the journal (${durability})`, async () => {
      const answering: RequestListener = (request, response) => void request.resume().on("end", () => answers(response));
      await using up = await listen(createServer(answering));
      await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${up.port}/v1` }, durability });
      let late = 0;
      for (let call = 0; call < CALLS; call++) {
        const reply = await open(plane);
        await untilEnd(reply, isEnd);
        const entry = (await plane.entries())[call];
        if (entry?.closed === undefined) late++;
        else expect(entry.closed).toMatchObject({ ending: "completed", attempts: [{ status: reply.statusCode }] });
        reply.destroy();
        await eventually(
          () => plane.counts.open,
          (open) => open === 0,
        );
      }
      // A write that takes longer than the bound is not waited for, and then counted.
      expect(late).toBeLessThanOrEqual(durability === "strict" ? 0 : plane.counts.released_before_written);
      expect(late).toBeLessThan(CALLS / 2);
      expect(plane.counts).toMatchObject({ completed: CALLS, abandoned: 0, cut: 0 });
      expect(await plane.ended()).toHaveLength(CALLS);
    });
  }
}

/** Far longer than a reply waits that is not to wait for the disk. */
const LONG_MS = 150;
const callers = [
  { title: "strict waits for the disk where others do not", common: "balanced", own: "strict", order: ["others", "own"] },
  { title: "balanced does not wait for the disk where others do", common: "strict", own: "balanced", order: ["own", "others"] },
] as const;
for (const { title, common, own, order } of callers) {
  test(`a caller that is ${title}`, async () => {
    const answering: RequestListener = (_request, response) => void response.writeHead(200).write(answer, () => response.end());
    await using up = await listen(createServer(answering));
    const disk = Promise.withResolvers<void>();
    await using plane = await startDataPlane({
      upstreams: { up: `http://127.0.0.1:${up.port}/v1` },
      durability: common,
      clients: [
        { name: "own", token: "own", durability: own },
        { name: "others", token: "others" },
      ],
      disk: (lane) => ({ ...lane, durable: () => disk.promise.then(() => lane.durable()) }),
    });
    using leaving = new DisposableStack();
    leaving.defer(disk.resolve); // or the data plane would wait for it
    const ended: string[] = [];
    const replies = order.map(async (token) => {
      await untilEnd(await open(plane, { "x-spangate-key": token }), never);
      ended.push(token);
    });
    await eventually(
      () => ended,
      ({ length }) => length > 0,
    );
    await setTimeout(LONG_MS);
    expect(ended).toEqual(order.slice(0, 1));
    disk.resolve();
    await Promise.all(replies);
    expect(ended).toEqual(order);
    expect(plane.counts).toMatchObject({ begun: 2, completed: 2 });
  });
}

test("with durability off the journal stays empty, and the calls are counted", async () => {
  await using up = await listen(createServer((_request, response) => void response.end(answer)));
  await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${up.port}/v1` }, durability: "off" });
  await untilEnd(await open(plane), never);
  expect(await plane.entries()).toEqual([]);
  expect(plane.counts).toMatchObject({ unrecorded: 1, begun: 0 });
});

const pages = 400;
const page = Buffer.alloc(100_000, "x");
/** What the buffers of two connections may swallow, as the kernel sizes them, and more than enough on top. */
const SWALLOWED = 20_000_000;

test("a client that does not read pauses an upstream that floods it", async () => {
  let sent = 0;
  await using up = await listen(
    createServer((_request, response) => {
      response.writeHead(200, { "content-type": "audio/mpeg" });
      const write = (): void => {
        while (sent < pages * page.length) {
          sent += page.length;
          if (!response.write(page)) return void response.once("drain", write);
        }
        response.end();
      };
      write();
    }),
  );
  await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${up.port}/v1` } });
  const reply = await open(plane);
  reply.pause();
  let before = -1;
  await eventually(
    () => {
      const moved = sent !== before;
      before = sent;
      return moved;
    },
    (moved) => !moved,
  );
  expect(sent).toBeGreaterThan(page.length);
  expect(sent).toBeLessThan(SWALLOWED);
  let bytes = 0;
  for await (const chunk of reply as AsyncIterable<Buffer>) bytes += chunk.length;
  expect(bytes).toBe(pages * page.length);
  expect((await plane.ended())[0]?.closed).toMatchObject({ ending: "completed", responseBytes: bytes, responseTruncated: true });
});

test("an upstream that does not read pauses a client that floods it", async () => {
  let request: IncomingMessage | undefined;
  await using up = await listen(createServer((asked) => void (request = asked.pause())));
  await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${up.port}/v1` } });
  const { hostname, port } = new URL(plane.url);
  const client = connect(Number(port), hostname);
  client.on("error", () => {});
  client.write(`POST /v1/files HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${pages * page.length}\r\n\r\n`);
  for (let sent = 0; sent < pages; sent++) client.write(page);
  let before = -1;
  await eventually(
    () => {
      const taken = client.bytesWritten - client.writableLength;
      const moved = taken !== before;
      before = taken;
      return moved || request === undefined;
    },
    (moved) => !moved,
  );
  expect(before).toBeLessThan(SWALLOWED);
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) bytes += chunk.length;
  expect(bytes).toBe(pages * page.length);
  client.destroy();
});
