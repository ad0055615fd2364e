import { createServer, type ServerResponse } from "node:http";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Journal } from "../journal/append.ts";
import { startDataPlane } from "../testing/data_plane.ts";
import { listen } from "../testing/listen.ts";
import { rawRequest } from "../testing/raw.ts";

/** Everything that can happen to the recording. */
const disks: readonly { readonly title: string; readonly disk: (lane: Journal) => Journal }[] = [
  { title: "is written", disk: (lane) => lane },
  { title: "cannot be written", disk: (lane) => ({ ...lane, written: () => Promise.reject(new Error("no space left")) }) },
  { title: "is never written", disk: (lane) => ({ ...lane, written: () => new Promise<void>(() => {}) }) },
  {
    title: "cannot be made",
    disk: (lane) => ({
      ...lane,
      append: () => {
        throw new RangeError("no memory left");
      },
    }),
  },
];

interface Reply {
  readonly type: string;
  readonly framing: "length" | "chunks";
  readonly pieces: readonly Buffer[];
}

const text = fc.constantFrom(
  "data: {}\n\n",
  "data: [DONE]\n\n",
  "data: [DO",
  "NE]\n\n",
  ": note\r\n\r\n",
  "\n",
  "event: response.completed\n",
  "é👋",
);
const piece = fc.oneof(
  text.map((each) => Buffer.from(each)),
  fc.uint8Array({ minLength: 1, maxLength: 200 }).map((each) => Buffer.from(each)),
);
const reply: fc.Arbitrary<Reply> = fc.record({
  type: fc.constantFrom("application/json", "text/event-stream", "text/event-stream; charset=utf-8", "application/octet-stream"),
  framing: fc.constantFrom("length", "chunks"),
  pieces: fc.array(piece, { maxLength: 12 }),
});

async function send(response: ServerResponse, { type, framing, pieces }: Reply): Promise<void> {
  const length = pieces.reduce((sum, bytes) => sum + bytes.length, 0);
  response.writeHead(200, { "content-type": type, ...(framing === "length" && { "content-length": length }) });
  for (const bytes of pieces) {
    response.write(bytes);
    await new Promise((resolve) => setImmediate(resolve));
  }
  response.end();
}

for (const { title, disk } of disks) {
  test(`the client's bytes are the upstream's bytes when the record ${title}`, async () => {
    let next: Reply | undefined;
    const sent: string[] = [];
    await using up = await listen(
      createServer((request, response) => {
        request.on("data", (bytes: Buffer) => sent.push(bytes.toString("hex"))).on("end", () => void (next && send(response, next)));
      }),
    );
    await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${up.port}/v1` }, disk });
    await fc.assert(
      fc.asyncProperty(reply, fc.uint8Array({ minLength: 1, maxLength: 500 }), async (given, body) => {
        next = given;
        sent.length = 0;
        const got = await rawRequest({ url: `${plane.url}/v1/chat/completions`, method: "POST", body: Buffer.from(body) });
        expect(got.status).toBe(200);
        expect(got.body.equals(Buffer.concat(given.pieces))).toBe(true);
        expect(sent.join("")).toBe(Buffer.from(body).toString("hex"));
      }),
      { numRuns: 60 },
    );
    expect(plane.counts.completed).toBeGreaterThanOrEqual(60);
  });
}
