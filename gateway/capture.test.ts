import { createServer, type RequestListener } from "node:http";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { Secret } from "../config/secret.ts";
import type { Tier } from "../genai/recorded.ts";
import { startDataPlane, type DataPlane, type DataPlaneOptions } from "../testing/data_plane.ts";
import { eventually } from "../testing/eventually.ts";
import { listen, type Listening } from "../testing/listen.ts";
import { openRequest, rawRequest, rawSocket, type RawReply } from "../testing/raw.ts";

const CANARY = "canary-7c1e";

const answering: RequestListener = (request, response) => {
  const headers = {
    "content-type": "application/json",
    "set-cookie": `session=${CANARY}`,
    "x-internal-key": CANARY,
    "x-request-id": "req_1",
  };
  request.resume().on("end", () => response.writeHead(200, headers).end("{}"));
};

async function upstream(answers = answering): Promise<Listening & { readonly url: string }> {
  const listening = await listen(createServer(answers));
  return Object.assign(listening, { url: `http://127.0.0.1:${listening.port}/v1` });
}

interface Posted {
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: string;
  readonly path?: string;
}

async function post(
  { url }: DataPlane,
  { headers = {}, query = "", body = "{}", path = "/v1/chat/completions" }: Posted,
): Promise<RawReply> {
  return await rawRequest({
    url: `${url}${path}${query}`,
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
}

/** Everything that was written, decrypted. */
async function journalText(plane: DataPlane): Promise<string> {
  const entries = await plane.ended();
  return entries
    .map(({ opened, closed, request, response }) => JSON.stringify([opened, closed, String(request), String(response)]))
    .join("\n");
}

const credentials: readonly (Posted & { title: string })[] = [
  ...[
    "authorization",
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "cookie",
    "proxy-authorization",
    "x-portkey-config",
    "x-portkey-virtual-key",
    "x-portkey-api-key",
    "helicone-auth",
    "helicone-jwt",
    "x-litellm-api-key",
    "x-bf-vk",
    "x-bf-api-key",
    "cf-aig-authorization",
    "x-amz-security-token",
    "x-spangate-key",
  ].map((name) => ({ title: name, headers: { [name]: CANARY } })),
  { title: "a key as a parameter", query: `?api_key=${CANARY}&model=a` },
  { title: "a key behind a semicolon", query: `?x=1;key=${CANARY}` },
  { title: "a key under a name that is encoded twice", query: `?%256bey=${CANARY}` },
  { title: "a bearer as a parameter", query: `?bearer=${CANARY}&jwt=${CANARY}&pwd=${CANARY}&sas=${CANARY}` },
  { title: "a key as an encoded parameter", query: `?model=a&api%5Fkey=${CANARY}` },
  { title: "a token as a parameter in other letters", query: `?Access-Token=${CANARY}` },
  { title: "a signature as a parameter", query: `?X-Amz-Signature=${CANARY}&X-Amz-Credential=${CANARY}` },
];
for (const { title, ...posted } of credentials) {
  test(`no record holds ${title}`, async () => {
    await using up = await upstream();
    await using plane = await startDataPlane({ upstreams: { up: up.url } });
    expect((await post(plane, posted)).status).toBe(200);
    await post(plane, { ...posted, path: "/nowhere/v1/models" });
    const text = await journalText(plane);
    expect(text).toContain('"ending":"completed"');
    expect(text).toContain('"ending":"rejected"');
    expect(text).toContain("req_1");
    expect(text).not.toContain(CANARY);
  });
}

test("no record holds a stored credential or a client's token", async () => {
  await using up = await upstream();
  await using plane = await startDataPlane({
    upstreams: { up: { base_url: up.url, credential: new Secret(`sk-${CANARY}`) } },
    clients: [{ name: "app", token: `token-${CANARY}` }],
  });
  expect((await post(plane, { headers: { "x-spangate-key": `token-${CANARY}` } })).status).toBe(200);
  expect(await journalText(plane)).not.toContain(CANARY);
});

const tiers: readonly { title: string; configured: Tier; headers: Readonly<Record<string, string>>; tier: Tier }[] = [
  { title: "lowers the tier", configured: "full", headers: { "x-spangate-capture": "metadata" }, tier: "metadata" },
  { title: "lowers it by one", configured: "full", headers: { "X-Spangate-Capture": "Scrubbed" }, tier: "scrubbed" },
  { title: "never raises it", configured: "metadata", headers: { "x-spangate-capture": "full" }, tier: "metadata" },
  {
    title: "that says nothing known keeps content out",
    configured: "full",
    headers: { "x-spangate-capture": "metdata" },
    tier: "metadata",
  },
  { title: "Helicone-Omit-Request keeps content out", configured: "full", headers: { "helicone-omit-request": "true" }, tier: "metadata" },
  {
    title: "Helicone-Omit-Response keeps content out",
    configured: "full",
    headers: { "helicone-omit-response": "true" },
    tier: "metadata",
  },
  { title: "x-portkey-debug keeps content out", configured: "full", headers: { "x-portkey-debug": "false" }, tier: "metadata" },
  {
    title: "cf-aig-collect-log-payload keeps content out",
    configured: "full",
    headers: { "cf-aig-collect-log-payload": "false" },
    tier: "metadata",
  },
  {
    title: "x-bf-disable-content-logging keeps content out",
    configured: "full",
    headers: { "x-bf-disable-content-logging": "true" },
    tier: "metadata",
  },
  {
    title: "x-litellm-enable-message-redaction keeps content out",
    configured: "full",
    headers: { "x-litellm-enable-message-redaction": "true" },
    tier: "metadata",
  },
  {
    title: "that omits nothing changes nothing",
    configured: "full",
    headers: { "helicone-omit-request": "false", "x-portkey-debug": "true" },
    tier: "full",
  },
];
for (const { title, configured, headers, tier } of tiers) {
  test(`a header ${title}`, async () => {
    await using up = await upstream();
    await using plane = await startDataPlane({ upstreams: { up: up.url }, capture: configured });
    await post(plane, { headers });
    expect((await plane.ended()).map(({ opened }) => opened.tier)).toEqual([tier]);
  });
}

const repeated: readonly { title: string; lines: readonly string[]; tier?: Tier }[] = [
  {
    title: "of two tiers, the one that keeps less, first",
    lines: ["X-Spangate-Capture: metadata", "X-Spangate-Capture: full"],
    tier: "metadata",
  },
  {
    title: "of two tiers, the one that keeps less, last",
    lines: ["X-Spangate-Capture: full", "X-Spangate-Capture: metadata"],
    tier: "metadata",
  },
  { title: "of two tiers in one line, none", lines: ["X-Spangate-Capture: full, none"] },
  { title: "content kept out, though said twice", lines: ["Helicone-Omit-Request: true", "Helicone-Omit-Request: true"], tier: "metadata" },
  {
    title: "content kept out, though not said again",
    lines: ["Helicone-Omit-Request: true", "Helicone-Omit-Request: false"],
    tier: "metadata",
  },
  { title: "no record, though said twice", lines: ["X-Spangate-Record: false", "X-Spangate-Record: false"] },
  { title: "no record, though another asks for one", lines: ["X-Spangate-Record: false", "X-Spangate-Record: true"] },
];
for (const { title, lines, tier } of repeated) {
  test(`a header that comes several times means ${title}`, async () => {
    await using up = await upstream();
    await using plane = await startDataPlane({ upstreams: { up: up.url }, capture: "full" });
    const head = [
      "POST /v1/chat/completions HTTP/1.1",
      "Host: localhost",
      "Content-Type: application/json",
      "Content-Length: 2",
      "Connection: close",
    ];
    expect(await rawSocket(plane.url, `${[...head, ...lines].join("\r\n")}\r\n\r\n{}`)).toMatch(/^HTTP\/1.1 200 /);
    expect((await plane.ended()).map(({ opened }) => opened.tier)).toEqual(tier === undefined ? [] : [tier]);
  });
}

const sources: readonly { title: string; all: Tier; upstream?: Tier; client?: Tier; header?: Tier; tier: Tier }[] = [
  { title: "an upstream's tier lowers the one for all", all: "full", upstream: "metadata", tier: "metadata" },
  { title: "an upstream's tier raises the one for all", all: "metadata", upstream: "full", tier: "full" },
  { title: "a client's tier takes the place of the one for all", all: "metadata", client: "full", tier: "full" },
  { title: "of client and upstream the one that keeps less holds", all: "full", upstream: "metadata", client: "full", tier: "metadata" },
  { title: "so it does the other way round", all: "full", upstream: "full", client: "scrubbed", tier: "scrubbed" },
  { title: "a header lowers an upstream's tier", all: "full", upstream: "scrubbed", header: "none", tier: "none" },
  { title: "a header never raises an upstream's tier", all: "full", upstream: "metadata", header: "full", tier: "metadata" },
];
for (const { title, all, upstream: upstreamTier, client, header, tier } of sources) {
  test(title, async () => {
    await using up = await upstream();
    await using plane = await startDataPlane({
      capture: all,
      upstreams: { up: { base_url: up.url, ...(upstreamTier && { capture: upstreamTier }) } },
      ...(client && { clients: [{ name: "app", token: "app-token", capture: client }] }),
    });
    const headers = { ...(client && { "x-spangate-key": "app-token" }), ...(header && { "x-spangate-capture": header }) };
    expect((await post(plane, { headers })).status).toBe(200);
    expect((await plane.ended()).map(({ opened }) => opened.tier)).toEqual(tier === "none" ? [] : [tier]);
    expect(plane.counts.unrecorded).toBe(tier === "none" ? 1 : 0);
  });
}

const unrecorded: readonly (Posted & { title: string; options?: Partial<DataPlaneOptions> })[] = [
  ...["false", "0", "no", "OFF"].map((value) => ({ title: `x-spangate-record: ${value}`, headers: { "x-spangate-record": value } })),
  { title: "cf-aig-collect-log: false", headers: { "cf-aig-collect-log": "false" } },
  { title: "x-litellm-disable-callbacks", headers: { "x-litellm-disable-callbacks": "otel,langfuse" } },
  { title: "x-spangate-capture: none", headers: { "x-spangate-capture": "none" } },
  { title: '"no-log": true in its body', body: '{"model":"a","no-log":true}' },
  { title: "the tier none for all", options: { capture: "none" } },
  {
    title: "the tier none for its client",
    headers: { "x-spangate-key": "token" },
    options: { clients: [{ name: "app", token: "token", capture: "none" }] },
  },
  {
    title: "durability off for its client",
    headers: { "x-spangate-key": "token" },
    options: { clients: [{ name: "app", token: "token", durability: "off" }] },
  },
];
for (const { title, options, ...posted } of unrecorded) {
  test.concurrent(`a call with ${title} is served, and leaves nothing in the journal`, async ({ expect }) => {
    await using up = await upstream();
    await using plane = await startDataPlane({ upstreams: { up: up.url }, ...options });
    const reply = await post(plane, posted);
    expect([reply.status, reply.body.toString()]).toEqual([200, "{}"]);
    await setTimeout(150); // longer than open exchanges go unwritten
    expect(await plane.entries()).toEqual([]);
    expect(plane.counts).toMatchObject({ unrecorded: 1, begun: 0, completed: 0 });
  });
}

for (const { title, options, ...posted } of unrecorded.filter(({ body }) => body === undefined)) {
  test.concurrent(`a call with ${title} leaves nothing in the journal when it is refused either`, async ({ expect }) => {
    await using up = await upstream();
    await using plane = await startDataPlane({ upstreams: { up: up.url }, ...options });
    expect((await post(plane, { ...posted, path: `/nowhere/${CANARY}` })).status).toBe(404);
    expect((await post(plane, { ...posted, body: `{"model":"${CANARY}","model":"b"}` })).status).toBe(400);
    await setTimeout(150);
    expect(await plane.entries()).toEqual([]);
    expect(plane.counts.unrecorded).toBe(2);
  });
}

test("a call that may not be recorded leaves nothing when its client leaves or its upstream breaks off", async () => {
  await using up = await upstream((request, response) => {
    if (request.headers["x-hang"]) response.writeHead(200, { "content-type": "text/event-stream" }).write("data: {}\n\n");
    else request.socket.resetAndDestroy();
  });
  await using plane = await startDataPlane({ upstreams: { up: up.url } });
  const headers = { "x-spangate-record": "false" };
  expect((await post(plane, { headers })).status).toBe(502);
  const [response, sent] = await openRequest({
    url: `${plane.url}/v1/x`,
    method: "POST",
    headers: { ...headers, "x-hang": "1" },
    body: "{}",
  });
  response.on("error", () => {});
  sent.destroy();
  await eventually(
    () => plane.counts.open,
    (open) => open === 0,
  );
  expect(await plane.entries()).toEqual([]);
  expect(plane.counts.unrecorded).toBe(2);
});
