import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { startGateway, type Gateway } from "./gateway.ts";
import { listen, type Listening } from "./listen.ts";
import { openRequest, rawRequest } from "./raw.ts";

const MIB = 2 ** 20;
/** What one call may cost: what is recorded of its bodies, some buffers, and what the collector is behind. */
const MOST_BYTES = 112 * MIB;
const FORM_PIECES = 250;

const linux = process.platform === "linux";

let upstream: Listening;
let gateway: Gateway;
let uploaded: { readonly bytes: number; readonly sha256: string } | undefined;
let floodedBytes = 0;
let held: IncomingMessage | undefined;

beforeAll(async () => {
  const server = createServer((request, response) => {
    if (request.url === "/v1/hold") held = request.pause();
    else if (request.url === "/v1/flood") {
      request.resume();
      response.writeHead(200, { "content-type": "audio/mpeg" });
      const page = Buffer.alloc(256 * 1024);
      const write = (): void => {
        while (!response.destroyed) {
          floodedBytes += page.length;
          if (!response.write(page)) return void response.once("drain", write);
        }
      };
      write();
    } else {
      const hash = createHash("sha256");
      let bytes = 0;
      request.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        hash.update(chunk);
      });
      request.on("end", () => {
        uploaded = { bytes, sha256: hash.digest("hex") };
        response.end("{}");
      });
    }
  });
  upstream = await listen(server);
  gateway = await startGateway({
    config: {
      default_upstream: "up",
      upstreams: { up: { base_url: `http://127.0.0.1:${upstream.port}/v1` } },
      capture: "full",
      gateway: { max_body_bytes: 256 * MIB },
    },
  });
  await rawRequest({ url: `${gateway.dataUrl}/v1/files`, method: "POST", body: Buffer.alloc(MIB) });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await upstream?.[Symbol.asyncDispose]();
});

/** Resident memory of the gateway process. */
function residentBytes(): number {
  const [, kib = "0"] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${gateway.pids.gateway[0]}/status`, "utf8")) ?? [];
  return Number(kib) * 1024;
}

let before = 0;
beforeEach(() => void (before = linux ? residentBytes() : 0));

/** The most it has grown by while something went on. */
async function growth(during: Promise<unknown>): Promise<number> {
  let most = 0;
  let over = false;
  const watching = (async () => {
    while (!over) {
      most = Math.max(most, residentBytes() - before);
      await setTimeout(10);
    }
  })();
  await during.finally(() => (over = true));
  await watching;
  return most;
}

async function untilStill(read: () => number): Promise<void> {
  let last = -1;
  await eventually(
    async () => {
      const moved = read() !== last;
      last = read();
      await setTimeout(200);
      return moved;
    },
    (moved) => !moved,
  );
}

test.skipIf(!linux)("a form of 250 MB streams through, and is not held", async () => {
  const piece = randomBytes(MIB);
  const hash = createHash("sha256");
  const send = async (): Promise<void> => {
    const headers = { "content-type": "multipart/form-data; boundary=b" };
    const sent = httpRequest(`${gateway.dataUrl}/v1/files`, { method: "POST", agent: false, headers });
    const answered = once(sent, "response") as Promise<[IncomingMessage]>;
    for (let count = 0; count < FORM_PIECES; count++) {
      hash.update(piece);
      if (!sent.write(piece)) await once(sent, "drain");
    }
    sent.end();
    const [response] = await answered;
    response.resume();
    expect(response.statusCode).toBe(200);
  };
  expect(await growth(send())).toBeLessThan(MOST_BYTES);
  expect(uploaded).toEqual({ bytes: FORM_PIECES * MIB, sha256: hash.digest("hex") });
});

test.skipIf(!linux)("an upstream that floods a client that does not read costs no memory", async () => {
  const [response] = await openRequest({ url: `${gateway.dataUrl}/v1/flood`, method: "POST", body: "{}" });
  response.on("error", () => {});
  response.pause();
  expect(await growth(untilStill(() => floodedBytes))).toBeLessThan(MOST_BYTES);
  expect(floodedBytes).toBeGreaterThan(MIB);
  response.destroy();
});

test.skipIf(!linux)("a client that floods an upstream that does not read costs no memory", async () => {
  const sent = httpRequest(`${gateway.dataUrl}/v1/hold`, { method: "POST", agent: false, headers: { "content-type": "audio/wav" } });
  sent.on("error", () => {});
  let taken = 0;
  const flood = (): void => {
    do taken += MIB;
    while (sent.write(Buffer.alloc(MIB)));
  };
  sent.on("drain", flood);
  flood();
  expect(await growth(untilStill(() => taken))).toBeLessThan(MOST_BYTES);
  expect(held).toBeDefined();
  expect(taken).toBeGreaterThan(MIB);
  sent.destroy();
  held?.destroy(); // nobody reads as far as where the client left
});
