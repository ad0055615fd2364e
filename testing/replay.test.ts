import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";
import { AIRLINE_12 } from "../demo/library.ts";
import { replay, type ReplaySummary } from "../demo/replay.ts";
import { demoUpstream, type DemoUpstream } from "../demo/upstream.ts";
import { eventually } from "./eventually.ts";
import { startGateway, type Gateway, type Row } from "./gateway.ts";

const config = (demo: DemoUpstream): object => ({ default_upstream: "up", upstreams: { up: { base_url: demo.url } }, capture: "full" });

const messages = z.array(
  z.object({ role: z.string(), parts: z.array(z.looseObject({ type: z.string(), content: z.unknown().optional() })) }),
);

/** The parts of a stored answer. A JSON column may come as text. */
function partsOf(row: Row | undefined): z.infer<typeof messages>[number]["parts"] {
  const stored = row?.["output_messages"];
  return messages.parse(typeof stored === "string" ? JSON.parse(stored) : stored).flatMap(({ parts }) => parts);
}

/** Compares three accounts of the same calls: the client's ledger, the upstream's log and the store. None of them is a counter of ours. */
async function expectAccountsAgree(summary: ReplaySummary, demo: DemoUpstream, gateway: Gateway): Promise<void> {
  const rows = await eventually(
    () => gateway.sql("SELECT exchange_id, response_id, conversation_id, ending, output_messages FROM spans WHERE operation = 'chat'"),
    (found) => found.length >= summary.calls,
    15_000,
  );
  expect(rows).toHaveLength(summary.calls);
  const byExchange = new Map(rows.map((row) => [row["exchange_id"], row]));
  const answered = new Map(demo.log.filter(({ path }) => path === "/v1/chat/completions").map((entry) => [entry.responseId, entry]));
  expect(answered.size).toBe(summary.calls);

  const accounts = summary.ledger.map((call) => {
    const row = byExchange.get(call.exchangeId);
    const parts = partsOf(row);
    const text = parts.filter(({ type }) => type === "text").map(({ content }) => String(content));
    return {
      responseId: row?.["response_id"],
      conversation: row?.["conversation_id"],
      ending: row?.["ending"],
      status: answered.get(call.responseId)?.status,
      toolCalls: parts.filter(({ type }) => type === "tool_call").length,
      contentSha256: createHash("sha256").update(text.join("")).digest("hex"),
    };
  });
  expect(accounts).toEqual(
    summary.ledger.map(({ responseId, conversation, toolCalls, contentSha256 }) => {
      return { responseId, conversation, ending: "completed", status: 200, toolCalls, contentSha256 };
    }),
  );
  const [counted] = await gateway.sql(
    "SELECT count(DISTINCT conversation_id)::INTEGER AS conversations, count(DISTINCT user_key)::INTEGER AS users FROM spans WHERE operation = 'chat'",
  );
  expect(counted).toEqual({ conversations: summary.conversations, users: summary.users });
}

test("twelve conversations are stored as they were had", async () => {
  await using demo = await demoUpstream({ conversations: [], seed: 12, compress: true });
  await using gateway = await startGateway({ config: config(demo) });
  const summary = await replay({ path: fileURLToPath(AIRLINE_12), url: `${gateway.dataUrl}/v1`, concurrency: 4 });
  expect(summary).toMatchObject({ calls: 127, toolCalls: 48, conversations: 12, users: 10, mismatches: 0, errors: 0 });
  await expectAccountsAgree(summary, demo, gateway);
  // Teaching the demo was no call of the application.
  expect((await gateway.spans({ all: true })).filter((row) => JSON.stringify(row).includes("/v1/conversations"))).toEqual([]);
}, 60_000);

test("a restart half-way loses no call and makes none twice", async () => {
  await using demo = await demoUpstream({ conversations: [], delayMs: 15 });
  await using first = await startGateway({ config: config(demo) });
  const calls = (): number => demo.log.filter(({ path }) => path === "/v1/chat/completions").length;
  const replayed = replay({ path: fileURLToPath(AIRLINE_12), url: `${first.dataUrl}/v1`, concurrency: 4 });
  await Promise.race([replayed, eventually(calls, (count) => count >= 40)]);
  expect(await first.stop("SIGTERM")).toBe(0);
  expect(calls()).toBeLessThan(127);
  await using second = await startGateway({ config: config(demo), dataDir: first.dataDir, port: Number(new URL(first.dataUrl).port) });
  const summary = await replayed;
  expect(summary).toMatchObject({ calls: 127, toolCalls: 48, conversations: 12, users: 10, mismatches: 0, errors: 0 });
  expect(summary.retries).toBeGreaterThan(0);
  await expectAccountsAgree(summary, demo, second);
}, 60_000);

// The whole data set lies beside the clone where there is one; its excerpt above runs everywhere.
const whole = fileURLToPath(new URL("../../shared/datasets/airline-agent", import.meta.url));
test.runIf(existsSync(whole))(
  "all hundred conversations are stored as they were had",
  async () => {
    await using demo = await demoUpstream({ conversations: [] });
    await using gateway = await startGateway({ config: config(demo) });
    const summary = await replay({ path: whole, url: `${gateway.dataUrl}/v1` });
    expect(summary).toMatchObject({ calls: 1381, toolCalls: 621, conversations: 100, users: 21, mismatches: 0, errors: 0 });
    await expectAccountsAgree(summary, demo, gateway);
  },
  90_000,
);
