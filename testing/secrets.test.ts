import { DuckDBInstance } from "@duckdb/node-api";
import { createServer, type IncomingMessage } from "node:http";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadOrCreateKey } from "../journal/seal.ts";
import { filesOf, spanBatches } from "./at_rest.ts";
import { intakeEntries } from "./data_plane.ts";
import { eventually } from "./eventually.ts";
import { startGateway, type Gateway } from "./gateway.ts";
import { listen, type Listening } from "./listen.ts";
import { rawRequest, type RawReply } from "./raw.ts";

const CANARY = "canary-51d3c0ffee";
const CONTENT = "content-that-is-kept";

/** Everywhere a caller may leave a secret that is not content. */
const secretHeaders = {
  authorization: `Bearer sk-${CANARY}`,
  "api-key": CANARY,
  "x-api-key": CANARY,
  "x-goog-api-key": CANARY,
  cookie: `session=${CANARY}`,
  "x-portkey-config": JSON.stringify({ provider: "openai", api_key: CANARY }),
  "x-portkey-virtual-key": CANARY,
  "helicone-jwt": CANARY,
  "x-custom-token": CANARY,
};
const secretQuery = `?api_key=${CANARY}&access_token=${CANARY}&user=somebody`;

let upstream: Listening;
let gateway: Gateway;
const heard: IncomingMessage[] = [];

beforeAll(async () => {
  const chat = JSON.stringify({
    id: "c",
    object: "chat.completion",
    model: "demo",
    choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: CONTENT } }],
  });
  upstream = await listen(
    createServer((request, response) => {
      heard.push(request);
      request.resume().on("end", () => {
        if (request.headers["x-break"]) return request.socket.resetAndDestroy();
        response.writeHead(200, { "content-type": "application/json", "set-cookie": `session=${CANARY}`, "x-internal": CANARY }).end(chat);
      });
    }),
  );
  const base_url = `http://127.0.0.1:${upstream.port}/v1`;
  gateway = await startGateway({
    config: {
      default_upstream: "up",
      upstreams: {
        up: { base_url },
        stored: { base_url, credential: { env: "STORED_CREDENTIAL" } },
        nobody: { base_url: "http://127.0.0.1:9/v1" },
      },
      clients: [{ name: "app", tenant: "acme", token: { env: "CLIENT_TOKEN" } }],
      capture: "full",
    },
    env: { STORED_CREDENTIAL: `stored-${CANARY}`, CLIENT_TOKEN: `token-${CANARY}` },
  });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await upstream?.[Symbol.asyncDispose]();
});

async function call(path: string, headers: Readonly<Record<string, string>> = {}): Promise<RawReply> {
  return await rawRequest({
    url: `${gateway.dataUrl}${path}${secretQuery}`,
    method: "POST",
    headers: { "content-type": "application/json", "x-spangate-key": `token-${CANARY}`, ...secretHeaders, ...headers },
    body: JSON.stringify({ model: "demo", messages: [{ role: "user", content: CONTENT }] }),
  });
}

test("no secret of a call, a client or an upstream is in the journal, the store or the log", async () => {
  expect((await call("/v1/chat/completions")).status).toBe(200);
  expect((await call("/stored/v1/chat/completions")).status).toBe(200);
  expect((await call("/v1/chat/completions", { "x-break": "1" })).status).toBe(502);
  expect((await call("/nobody/v1/chat/completions")).status).toBe(502);
  expect((await call("/nowhere/v1/chat/completions")).status).toBe(404);
  expect((await call("/v1/chat/completions", { "x-spangate-key": `wrong-${CANARY}` })).status).toBe(401);
  expect((await call("/v1/chat/completions", { origin: `https://${CANARY}.example` })).status).toBe(401);

  const authorizations = heard.map(({ headers }) => headers.authorization);
  expect(authorizations.slice(0, 2)).toEqual([`Bearer sk-${CANARY}`, `Bearer stored-${CANARY}`]);
  expect(heard[1]?.headers).not.toHaveProperty("api-key");

  const entries = await eventually(
    () => intakeEntries(gateway.dataDir),
    (all) => all.length === 7 && all.every(({ closed }) => closed),
  );
  const journal = entries
    .map(({ opened, closed, request, response }) => JSON.stringify([opened, closed, String(request), String(response)]))
    .join("\n");
  expect(journal).toContain(CONTENT);
  expect(journal).not.toContain(CANARY);

  await eventually(
    () => gateway.sql("SELECT count(*)::INTEGER AS calls FROM spans WHERE kind = 'server'"),
    ([row]) => row?.["calls"] === 7,
  );
  expect(await gateway.stop()).toBe(0);
  expect(gateway.stderr()).not.toContain(CANARY);

  const batches = await spanBatches(gateway.dataDir);
  expect(batches).toContain(CONTENT);
  expect(batches).not.toContain(CANARY);

  const database = await DuckDBInstance.create(join(gateway.dataDir, "spans.duckdb"), { access_mode: "READ_ONLY" });
  const connection = await database.connect();
  const rows = JSON.stringify((await connection.runAndReadAll("SELECT * FROM spans")).getRowObjectsJson());
  connection.closeSync();
  database.closeSync();
  expect(rows).toContain(CONTENT);
  expect(rows).not.toContain(CANARY);

  // As bytes too: what a file says outside of its compressed parts. The folder holds the key that decrypts the intake, and that is all.
  const { bytes: key } = loadOrCreateKey(join(gateway.dataDir, "keys", "intake.key"));
  for (const file of await filesOf(gateway.dataDir)) {
    const bytes = await readFile(file);
    expect([file, bytes.includes(CANARY)]).toEqual([file, false]);
    if (file.endsWith(".seg")) expect([file, bytes.includes(key)]).toEqual([file, false]);
  }
});
