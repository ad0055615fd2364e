import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, request as httpRequest, type RequestListener } from "node:http";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { startDataPlane, type DataPlane } from "../testing/data_plane.ts";
import { eventually } from "../testing/eventually.ts";
import { listen, type Listening } from "../testing/listen.ts";
import { MAX_DEPTH } from "./scan.ts";

const MIB = 2 ** 20;

interface Upload {
  readonly sha256: string;
  readonly bytes: number;
  readonly whole: boolean;
}

interface Upstream extends Listening {
  readonly url: string;
  readonly uploads: readonly Upload[];
}

/** Reads uploads, whole or broken off, and answers those it has read. */
async function upstream(): Promise<Upstream> {
  const uploads: Upload[] = [];
  const server = createServer((request, response) => {
    const hash = createHash("sha256");
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      hash.update(chunk);
      bytes += chunk.length;
    });
    request.on("error", () => {});
    request.on("close", () => {
      uploads.push({ sha256: hash.digest("hex"), bytes, whole: request.complete });
      response.end("{}");
    });
  });
  const listening = await listen(server);
  return Object.assign(listening, { uploads, url: `http://127.0.0.1:${listening.port}/v1` });
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Writes bytes to one connection, all of them before it looks at what comes back: the answers, until the connection is closed. */
async function exchange({ url }: Pick<DataPlane, "url">, requests: readonly (readonly Buffer[])[]): Promise<readonly Answer[]> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const closed = once(socket, "close");
  socket.on("error", () => {});
  const received: Buffer[] = [];
  socket.on("data", (bytes: Buffer) => received.push(bytes));
  for (const bytes of requests.flat()) {
    if (socket.destroyed) break;
    if (!socket.write(bytes)) await Promise.race([once(socket, "drain"), closed]);
  }
  await closed;
  return Buffer.concat(received)
    .toString()
    .split(/(?=HTTP\/1\.1 )/)
    .map((answer) => ({ status: Number(answer.slice(9, 12)), body: answer.split("\r\n\r\n", 2)[1] ?? "" }));
}

interface Post {
  readonly path?: string;
  readonly type: string;
  readonly body: Buffer;
  /** With a `Content-Length`, not in chunks. */
  readonly sized?: boolean;
  readonly last?: boolean;
}

function post({ path = "/v1/files", type, body, sized = true, last = false }: Post): readonly Buffer[] {
  const framing = sized ? `Content-Length: ${body.length}` : "Transfer-Encoding: chunked";
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${type}\r\n${framing}\r\n${last ? "Connection: close\r\n" : ""}\r\n`;
  if (sized) return [Buffer.from(head), ...piecesOf(body, 100_000)];
  const chunks = [...piecesOf(body, 100_000)].flatMap((chunk) => [
    Buffer.from(`${chunk.length.toString(16)}\r\n`),
    chunk,
    Buffer.from("\r\n"),
  ]);
  return [Buffer.from(head), ...chunks, Buffer.from("0\r\n\r\n")];
}

function* piecesOf(bytes: Buffer, size: number): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const form = Buffer.concat([
  Buffer.from('--boundary\r\nContent-Disposition: form-data; name="file"; filename="talk.wav"\r\nContent-Type: audio/wav\r\n\r\n'),
  randomBytes(40 * MIB),
  Buffer.from("\r\n--boundary--\r\n"),
]);
const long = Buffer.from(JSON.stringify({ model: "gpt-5-nano", input: '\u00e9\ud83d\ude00\\"{['.repeat(200_000), "no-log": false }));
const whole: readonly { title: string; type: string; body: Buffer; sized: boolean }[] = [
  { title: "a form of 40 MB with a length", type: "multipart/form-data; boundary=boundary", body: form, sized: true },
  { title: "a form of 40 MB in chunks", type: "multipart/form-data; boundary=boundary", body: form, sized: false },
  { title: "3 MB of JSON with a length", type: "application/json", body: long, sized: true },
  { title: "3 MB of JSON in chunks", type: "application/json", body: long, sized: false },
];
for (const { title, type, body, sized } of whole) {
  test(`${title} arrives as it was sent`, async () => {
    await using up = await upstream();
    await using plane = await startDataPlane({ upstreams: { up: up.url } });
    expect(await exchange(plane, [post({ type, body, sized, last: true })])).toEqual([{ status: 200, body: "{}" }]);
    expect(up.uploads).toEqual([{ sha256: createHash("sha256").update(body).digest("hex"), bytes: body.length, whole: true }]);
    const [entry] = await plane.ended();
    expect(entry?.closed).toMatchObject({ ending: "completed", requestBytes: body.length });
    expect(body.subarray(0, entry?.request.length).equals(entry?.request ?? Buffer.alloc(0))).toBe(true);
    expect(entry?.request).toHaveLength(Math.min(body.length, 8 * MIB));
    expect(plane.errors).toEqual([]);
  });
}

const text = Buffer.from(`{"model":"gpt-5-nano","input":"${"x".repeat(2 * MIB)}",`);
const rest = Buffer.from(`"more":"${"x".repeat(6 * MIB)}"}`);
const refusedLate: readonly { title: string; type: string; body: Buffer; status: number; code: string }[] = [
  {
    title: "nested too deep behind the first megabyte",
    type: "application/json",
    body: Buffer.concat([text, Buffer.from(`"deep":${"[".repeat(MAX_DEPTH)}${"]".repeat(MAX_DEPTH)},`), rest]),
    status: 400,
    code: "too_deep",
  },
  {
    title: "with a second model behind the first megabyte",
    type: "application/json",
    body: Buffer.concat([text, Buffer.from('"model":"gpt-5-pro",'), rest]),
    status: 400,
    code: "invalid_request",
  },
  { title: "that grows beyond the limit", type: "audio/wav", body: Buffer.alloc(16 * MIB), status: 413, code: "body_too_large" },
];
for (const { title, type, body, status, code } of refusedLate) {
  test(`a body ${title} is refused, and the upstream never has it whole`, async () => {
    await using up = await upstream();
    await using plane = await startDataPlane({ upstreams: { up: up.url }, gateway: { max_body_bytes: 12 * MIB } });
    const [answer, ...more] = await exchange(plane, [post({ type, body, sized: false }), post({ type, body: Buffer.from("{}") })]);
    expect(answer?.status).toBe(status);
    expect(JSON.parse(answer?.body ?? "")).toMatchObject({ error: { code, type: "invalid_request_error", param: null } });
    expect(more).toEqual([]); // what follows a refused body is no request
    await eventually(
      () => up.uploads.length,
      (count) => count === 1,
    );
    expect(up.uploads).toMatchObject([{ whole: false }]);
    const entries = await plane.ended();
    expect(entries.map(({ closed }) => closed)).toMatchObject([{ ending: "rejected", rejection: code, status }]);
  });
}

test("a length beyond the limit is refused before anything goes on", async () => {
  await using up = await upstream();
  await using plane = await startDataPlane({ upstreams: { up: up.url }, gateway: { max_body_bytes: 4 * MIB } });
  const [answer] = await exchange(plane, [post({ type: "audio/wav", body: Buffer.alloc(8 * MIB) })]);
  expect([answer?.status, JSON.parse(answer?.body ?? "").error.code]).toEqual([413, "body_too_large"]);
  expect(up.connections).toHaveLength(0);
});

const early: readonly { title: string; answers: RequestListener; status: number; says: string; closes?: true }[] = [
  {
    title: "whose key an upstream refuses at once",
    answers: (_request, response) => void response.writeHead(401, { "content-length": 15 }).end("invalid_api_key"),
    status: 401,
    says: "invalid_api_key",
  },
  {
    title: "that an upstream answers while it is still coming",
    answers: (request, response) => void request.once("data", () => response.writeHead(413, { "content-length": 9 }).end("too large")),
    status: 413,
    says: "too large",
  },
  {
    title: "that an upstream breaks off",
    answers: (request) => void request.once("data", () => request.socket.resetAndDestroy()),
    status: 502,
    says: "upstream_unreachable",
    closes: true,
  },
];
for (const { title, answers, status, says, closes } of early) {
  test(`the client of an upload ${title} can send it to its end, and gets the answer`, async () => {
    await using up = await listen(createServer(answers));
    await using fine = await upstream();
    await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${up.port}/v1`, fine: fine.url } });
    const next = post({ path: "/fine/v1/files", type: "application/json", body: Buffer.from("{}"), last: true });
    const [answer, ...more] = await exchange(plane, [post({ type: "audio/wav", body: Buffer.alloc(20 * MIB) }), next]);
    expect(answer).toMatchObject({ status, body: expect.stringContaining(says) });
    expect(more).toEqual(closes ? [] : [{ status: 200, body: "{}" }]);
    const [entry] = await plane.ended();
    expect(entry?.closed).toMatchObject({ ending: closes ? "cut" : "completed", status });
  });
}

test("a client that leaves in the middle of its upload leaves the upstream without a whole one", async () => {
  await using up = await upstream();
  await using plane = await startDataPlane({ upstreams: { up: up.url } });
  const leaving = new AbortController();
  const sent = httpRequest(`${plane.url}/v1/files`, {
    method: "POST",
    agent: false,
    signal: leaving.signal,
    headers: { "content-length": 5 * MIB },
  });
  sent.on("error", () => {});
  sent.write(Buffer.alloc(3 * MIB));
  await eventually(
    () => up.connections[0]?.bytesRead ?? 0,
    (bytes) => bytes > 2 * MIB,
  );
  leaving.abort();
  await eventually(
    () => up.uploads.length,
    (count) => count === 1,
    1000,
  );
  expect(up.uploads).toMatchObject([{ whole: false }]);
  await eventually(
    () => plane.counts.open,
    (open) => open === 0,
  );
  expect((await plane.ended())[0]?.closed).toMatchObject({ ending: "abandoned", attempts: [{ error: "client_left" }] });
});

test("a body in a stated coding goes on as it is", async () => {
  await using up = await upstream();
  await using plane = await startDataPlane({ upstreams: { up: up.url } });
  const body = randomBytes(3 * MIB);
  const type = "application/json\r\nContent-Encoding: gzip";
  expect(await exchange(plane, [post({ type, body, last: true })])).toMatchObject([{ status: 200 }]);
  expect(up.uploads).toMatchObject([{ sha256: createHash("sha256").update(body).digest("hex"), whole: true }]);
});
