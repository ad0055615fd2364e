import { createServer } from "node:http";
import { Agent, request } from "undici";
import { expect, test } from "vitest";
import type { Tier } from "../genai/recorded.ts";
import { allAtRest } from "./at_rest.ts";
import { spangate } from "./command.ts";
import { DOORS, KINDS } from "./doors.ts";
import { eventually } from "./eventually.ts";
import { startGateway, type Gateway } from "./gateway.ts";
import { listen, type Listening } from "./listen.ts";

/** Answers what the header `x-answer` says; where it says nothing, an error that tells back what was asked. */
async function echo(): Promise<Listening> {
  return await listen(
    createServer((asked, reply) => {
      const chunks: Buffer[] = [];
      asked.on("data", (chunk: Buffer) => chunks.push(chunk));
      asked.on("end", () => {
        const id = asked.headers["x-request-id"];
        const answer = asked.headers["x-answer"];
        const message = `bad: ${asked.url} ${Buffer.concat(chunks).toString()}`;
        const body = answer === undefined ? JSON.stringify({ error: { message } }) : Buffer.from(String(answer), "base64").toString();
        reply.writeHead(answer === undefined ? 400 : 200, {
          "content-type": body.startsWith("data:") ? "text/event-stream" : "application/json",
          ...(id !== undefined && { "x-request-id": id }),
        });
        reply.write(body);
        if (asked.headers["x-cut"] === undefined) reply.end();
        else setTimeout(() => asked.socket.resetAndDestroy(), 50);
      });
    }),
  );
}

async function throughAllDoors({ dataUrl }: Gateway): Promise<void> {
  const agent = new Agent();
  for (const { method = "POST", path = "/v1/chat/completions", body, answer, headers } of Object.values(DOORS)) {
    const encoded = answer === undefined ? undefined : Buffer.from(asText(answer)).toString("base64");
    const reply = await request(`${dataUrl}${path}`, {
      dispatcher: agent,
      method,
      headers: { "content-type": "application/json", ...headers, ...(encoded !== undefined && { "x-answer": encoded }) },
      ...(body !== undefined && { body: asText(body) }),
    });
    await reply.body.text().catch(() => ""); // one is cut off
  }
  await agent.close();
}

const asText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** All that somebody could look into: the folder, what the server printed, and what it tells of itself. */
async function* everything(capture: Tier): AsyncGenerator<{ readonly where: string; readonly text: string }> {
  await using upstream = await echo();
  await using gateway = await startGateway({
    config: {
      default_upstream: "up",
      upstreams: { up: { base_url: `http://127.0.0.1:${upstream.port}/v1`, add_usage: false } },
      capture,
    },
  });
  await throughAllDoors(gateway);
  const stored = async (): Promise<unknown> => (await gateway.sql("SELECT count(*) AS n FROM spans WHERE kind = 'server'"))[0]?.["n"];
  await eventually(stored, (n) => Number(n) === Object.keys(DOORS).length, 20_000);
  yield { where: "doctor", text: (await spangate(["doctor", "--data", gateway.dataDir])).stdout };
  const token = (await spangate(["token", "create", "doors", "--data", gateway.dataDir])).stdout.trim();
  const metrics = await request(`${gateway.controlUrl}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  yield { where: "metrics", text: await metrics.body.text() };
  expect(await gateway.stop()).toBe(0);
  yield { where: "what it printed", text: gateway.stderr() };
  yield* allAtRest(gateway.dataDir);
}

/** What is looked for: whatever stands behind `zoe`, by which it is known, and what else there is. */
const NUMBERS = [...KINDS, "4012888888881881"].map((each) => each.replace(/^(?:call|card|IBAN|SSN|key|password:|I live at) /, ""));

async function findings(capture: Tier): Promise<{ readonly [found: string]: readonly string[] }> {
  const found = new Map<string, Set<string>>();
  for await (const { where, text } of everything(capture)) {
    const named = [...text.matchAll(/zoe[._ \u200b]*([a-z]+)/gi)].map(([, name = ""]) => name.toLowerCase());
    for (const each of [...named, ...NUMBERS.filter((number) => text.includes(number))])
      found.set(each, (found.get(each) ?? new Set()).add(where));
  }
  return Object.fromEntries([...found].map(([each, places]) => [each, [...places]]));
}

/** Doors whose own address is on no span: not kept at all, kept as a hash or as base64, or of a call that was refused, which is scrubbed whatever the tier. */
const NOT_PLAIN = ["dataurl", "filename", "malformed", "malformedanswer", "rejected", "rejectedfiles", "responserole", "schema"];
const HASHED = ["spangateuser", "user"];
/** Doors that have no address of this name. */
const OTHERWISE = ["kinds", "markers", "responses"];

// The same search finds every one of them where nothing is scrubbed: else it would prove nothing.
test("with tier full every other door leads to the disk", { timeout: 60_000 }, async () => {
  const found = await findings("full");
  const missing = [...Object.keys(DOORS), ...NUMBERS].filter((each) => !Object.hasOwn(found, each));
  expect(missing.toSorted()).toEqual([...NOT_PLAIN, ...HASHED, ...OTHERWISE].toSorted());
});

test.for(["scrubbed", "metadata"] as const)(
  "with tier %s nothing personal is anywhere, whatever the door",
  { timeout: 60_000 },
  async (tier) => {
    expect(await findings(tier)).toEqual({});
  },
);
