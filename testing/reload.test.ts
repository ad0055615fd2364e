import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { eventually } from "./eventually.ts";
import { startGateway, type Gateway } from "./gateway.ts";
import { listen, type Listening } from "./listen.ts";
import { openRequest, rawRequest } from "./raw.ts";

const event = 'data: {"choices":[]}\n\n';
const DONE = "data: [DONE]\n\n";

interface Upstream extends Listening {
  readonly url: string;
  readonly streams: readonly ServerResponse[];
}

async function upstream(name: string): Promise<Upstream> {
  const streams: ServerResponse[] = [];
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      if (request.url !== "/v1/stream") return response.end(name);
      streams.push(response.writeHead(200, { "content-type": "text/event-stream" }));
      response.write(event);
    });
  });
  const listening = await listen(server);
  return Object.assign(listening, { streams, url: `http://127.0.0.1:${listening.port}/v1` });
}

let home: string;
let [one, two]: Upstream[] = [];
let gateway: Gateway;
const path = (name: string): string => join(home, name);
const configure = (config: object | string): Promise<void> =>
  writeFile(path("spangate.yaml"), typeof config === "string" ? config : JSON.stringify(config));
const leadingTo = (up: Upstream | undefined, more: object = {}): object => ({
  default_upstream: "up",
  upstreams: { up: { base_url: up?.url } },
  ...more,
});

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "spangate-test-"));
  [one, two] = [await upstream("one"), await upstream("two")];
  await writeFile(path("token"), "first-token\n");
  await configure(leadingTo(one));
  gateway = await startGateway({ args: ["--config", path("spangate.yaml")] });
});
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await one?.[Symbol.asyncDispose]();
  await two?.[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

/** Who answers, or the status of a refusal. */
async function whoAnswers(key?: string): Promise<string> {
  const headers = key === undefined ? {} : { "x-spangate-key": key };
  const { status, body } = await rawRequest({ url: `${gateway.dataUrl}/v1/who`, method: "POST", headers, body: "{}" });
  return status === 200 ? body.toString() : String(status);
}

async function stream(): Promise<IncomingMessage> {
  const [response] = await openRequest({ url: `${gateway.dataUrl}/v1/stream`, method: "POST", body: "{}" });
  await once(response, "readable");
  return response;
}

test("a changed file brings its upstream, clients and tier into force, and a running stream ends as it began", async () => {
  expect(await whoAnswers()).toBe("one");
  const running = await stream();
  await configure(leadingTo(two, { capture: "metadata", clients: [{ name: "app", tenant: "acme", token: { file: path("token") } }] }));
  await eventually(
    () => whoAnswers("first-token"),
    (who) => who === "two",
  );
  expect(await whoAnswers()).toBe("401");
  expect(await whoAnswers("another-token")).toBe("401");

  one?.streams[0]?.end(event + DONE);
  let text = "";
  for await (const bytes of running as AsyncIterable<Buffer>) text += bytes;
  expect(text).toBe(event + event + DONE);

  const rows = await eventually(
    () => gateway.sql("SELECT tenant, capture, ending FROM spans WHERE kind = 'server' AND ending = 'completed' ORDER BY start_time"),
    ({ length }) => length >= 3,
  );
  expect(rows.slice(0, 2)).toEqual(Array(2).fill({ tenant: "default", capture: "scrubbed", ending: "completed" }));
  expect(rows.at(-1)).toEqual({ tenant: "acme", capture: "metadata", ending: "completed" });
});

const broken = [
  { title: "that is no YAML", config: "upstreams: [", says: /spangate\.yaml:1/ },
  {
    title: "with two mistakes",
    config: { gatewya: {}, durability: "sometimes" },
    says: /Did you mean gateway\?[^]*durability|durability[^]*Did you mean gateway\?/,
  },
  {
    title: "that names a token that is not there",
    config: { clients: [{ name: "app", token: { file: "/nowhere/token" } }] },
    says: /\/nowhere\/token/,
  },
  {
    title: "that names certificates that are not there",
    config: { upstreams: { up: { base_url: "https://a.example/v1", ca_file: "/nowhere/ca.pem" } } },
    says: /\/nowhere\/ca\.pem/,
  },
];
for (const { title, config, says } of broken) {
  test(`a file ${title} leaves the settings before in force, and the log says why`, async () => {
    const logged = gateway.stderr().length;
    await configure(config);
    const said = await eventually(
      () => gateway.stderr().slice(logged),
      (text) => text.includes("\n"),
    );
    const [line = ""] = said.split("\n");
    expect(JSON.parse(line)).toMatchObject({ msg: "the changed configuration has problems; the one before stays in force" });
    expect(line).toMatch(says);
    expect(await whoAnswers("first-token")).toBe("two");
    expect(await whoAnswers()).toBe("401");
  });
}

test("SIGHUP reads again what the file refers to", async () => {
  await configure(leadingTo(one, { clients: [{ name: "app", token: { file: path("token") } }] }));
  await eventually(
    () => whoAnswers("first-token"),
    (who) => who === "one",
  );
  await writeFile(path("token"), "second-token\n");
  expect(await whoAnswers("first-token")).toBe("one");
  process.kill(gateway.pid, "SIGHUP");
  await eventually(
    () => whoAnswers("second-token"),
    (who) => who === "one",
  );
  expect(await whoAnswers("first-token")).toBe("401");
});

test("the log says which changes wait for the next start", async () => {
  await configure(leadingTo(two, { gateway: { max_capture_bytes: 4096 } }));
  await eventually(
    () => whoAnswers(),
    (who) => who === "two",
  );
  expect(gateway.stderr()).toMatch(/"level":40.*max_capture_bytes.*next start/);
});

const inForce = z.object({ durability: z.string(), audit: z.string(), capture: z.string() });

test("the doctor says what the gateway process has in force, not what it was told", async () => {
  const said = async (): Promise<unknown> => inForce.parse(await gateway.doctor());
  const read = (): number => gateway.stderr().split("the configuration was read again").length;
  const before = { durability: "balanced", audit: "best_effort", capture: "scrubbed" };
  const after = { durability: "strict", audit: "required", capture: "full" };
  expect(await said()).toEqual(before);
  const [hearing = 0] = gateway.pids.gateway;
  const times = read();
  process.kill(hearing, "SIGSTOP");
  try {
    await configure(leadingTo(two, after));
    await eventually(read, (now) => now > times);
    expect(await said()).toEqual(before);
  } finally {
    process.kill(hearing, "SIGCONT");
  }
  expect(await eventually(said, (now) => isDeepStrictEqual(now, after))).toEqual(after);
});
