import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { spangate } from "./command.ts";
import { eventually } from "./eventually.ts";
import { startGateway, type Gateway, type Row } from "./gateway.ts";
import { listen, type Listening } from "./listen.ts";

const OVERRIDES = `{ version: mine-1, prices: [{ id: mine/own, model: own-model, per_million: { in_uncached: 2, out_text: 4 }, source: contract }] }`;

let home: string;
let upstream: Listening;
let gateway: Gateway;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "spangate-cost-"));
  writeFileSync(join(home, "prices.yaml"), OVERRIDES);
  upstream = await listen(createServer((incoming, response) => void answer(incoming, response)));
  gateway = await startGateway({
    upstreamUrl: `http://127.0.0.1:${upstream.port}/v1`,
    config: { capture: "metadata", prices: { overrides: join(home, "prices.yaml") } },
  });
}, 40_000);
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await upstream?.[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

/** Answers as the model's name says. */
async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const { model } = JSON.parse((await incoming.toArray()).join("")) as { model: string };
  const choices = [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }];
  const json = (status: number, body: object): void =>
    void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (model === "broken") return json(500, { error: { code: "server_error" } });
  if (model === "silent") return void response.destroy();
  if (model === "gpt-4.1") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`data: ${JSON.stringify({ model, choices: [{ index: 0, delta: { content: "tiktoken is great!" } }] })}\n\n`);
    setTimeout(() => response.destroy(), 50);
    return;
  }
  const usage = { prompt_tokens: 1000, completion_tokens: 100, total_tokens: 1100, prompt_tokens_details: { cached_tokens: 400 } };
  json(200, { id: "r", model, choices, usage });
}

async function row(model: string): Promise<Row> {
  const content = "a secret that is not kept";
  await request(`${gateway.dataUrl}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, stream: model === "gpt-4.1", messages: [{ role: "user", content }] }),
  })
    .then(({ body }) => body.text())
    .catch(() => undefined);
  const statement = `SELECT cost_usd, cost_by_bucket, price_id, cost_source, cost_reason, usage_source, tokens_in_uncached, tokens_out_text, input_messages
    FROM spans WHERE model_requested = '${model}' AND operation = 'chat'`;
  const rows = await eventually(
    () => gateway.sql(statement),
    (found) => found.length > 0,
  );
  return rows[0] ?? {};
}

test("a call has its cost in the row, to the nano-dollar", async () => {
  expect(await row("gpt-5-nano")).toMatchObject({
    cost_usd: "0.000072000", // 600*0.05 + 400*0.005 + 100*0.4 = 30 + 2 + 40
    cost_by_bucket: { in_uncached: "0.000030000", cache_read: "0.000002000", out_text: "0.000040000" },
    price_id: "openai/gpt-5-nano",
    cost_source: "catalog",
    cost_reason: null,
    usage_source: "provider",
  });
});

test("the operator's price comes first", async () => {
  expect(await row("own-model")).toMatchObject({ cost_usd: "0.002400000", price_id: "mine/own", cost_source: "override" }); // 600*2 + 400*2 + 100*4
});

test("a stream that broke off before its usage has an estimate, and its content is nowhere", async () => {
  // 3 + 3 + role 1 + content 6 = 13 at 2, and 6 at 8
  expect(await row("gpt-4.1")).toMatchObject({
    tokens_in_uncached: "13",
    tokens_out_text: "6",
    usage_source: "estimated",
    cost_usd: "0.000074000",
    cost_reason: "estimated",
    input_messages: null,
  });
  const kept = readdirSync(gateway.dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(kept.some((entry) => readFileSync(join(entry.parentPath, entry.name)).includes("a secret that is not kept"))).toBe(false);
});

test("calls without a cost are listed by model, with the reason; one that failed is none of them", async () => {
  expect(await row("broken")).toMatchObject({ cost_usd: null, cost_reason: "not_billed" });
  expect(await row("silent")).toMatchObject({ cost_usd: null, cost_reason: "no_answer" });
  for (let i = 0; i < 2; i++) await row("some-model");
  const list = async (): Promise<readonly Row[]> => {
    const { stdout } = await spangate(["prices", "unpriced", "--json", "--data", gateway.dataDir]);
    return z.array(z.record(z.string(), z.unknown())).parse(JSON.parse(stdout));
  };
  const listed = await eventually(list, (found) => found[0]?.["calls"] === "2");
  expect(listed).toEqual([
    {
      provider: "openai",
      model: "some-model",
      reason: "unknown_model",
      calls: "2",
      first_seen: expect.any(String) as string,
      last_seen: expect.any(String) as string,
    },
  ]);
  const { stdout } = await spangate(["prices", "unpriced", "--data", gateway.dataDir]);
  expect(stdout).toMatch(/^provider +model +reason +calls/);
});

test("the price of a model can be asked for", async () => {
  const { code, stdout } = await spangate(["prices", "show", "own-model", "--overrides", join(home, "prices.yaml")]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^mine\/own \(override, override mine-1\)/);
  expect(stdout).toMatch(/in_uncached +2 +a million/);
  expect((await spangate(["prices", "show", "sonar", "--provider", "perplexity"])).stdout).toMatch(/requests +12 +a thousand/);
  const config = join(home, "shown.yaml");
  writeFileSync(config, `prices: { overrides: ${join(home, "prices.yaml")} }`);
  expect((await spangate(["prices", "show", "own-model", "--config", config])).stdout).toBe(stdout);
  expect(await spangate(["prices", "show", "nobody-knows-it"])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("unknown_model") as string,
  });
});

test("a price file with a mistake is found by the check, and by the running server, which goes on with the last good one", async () => {
  writeFileSync(join(home, "prices.yaml"), "version: [");
  const config = join(home, "spangate.yaml");
  writeFileSync(config, `prices: { overrides: ${join(home, "prices.yaml")} }`);
  expect(await spangate(["check", "--config", config])).toMatchObject({
    code: 2,
    stdout: expect.stringContaining("prices.overrides") as string,
  });
  await eventually(
    async () => {
      await row("own-model");
      return gateway.stderr();
    },
    (stderr) => stderr.includes("prices stay those of version mine-1"),
    15_000,
  );
  const costs = await gateway.sql("SELECT DISTINCT cost_usd FROM spans WHERE model_requested = 'own-model' AND operation = 'chat'");
  expect(costs).toEqual([{ cost_usd: "0.002400000" }]);
}, 30_000);
