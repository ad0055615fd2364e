import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { z } from "zod";
import { AIRLINE_12 } from "../demo/library.ts";
import { replay } from "../demo/replay.ts";
import { demoUpstream } from "../demo/upstream.ts";
import type { Tier } from "../genai/recorded.ts";
import { allAtRest } from "./at_rest.ts";
import { customersOf, type Customers } from "./customers.ts";
import { eventually } from "./eventually.ts";
import { startGateway, type Row } from "./gateway.ts";

/** How often each value that must not be kept stands in what a data folder holds, and where. */
type Found = ReadonlyMap<string, readonly string[]>;

interface Stored {
  readonly leaks: Found;
  /** Whole words, in the messages of all rows together. */
  readonly firstNames: ReadonlyMap<string, number>;
  /** Roles, parts, tools and endings of all rows, without their texts. */
  readonly skeleton: readonly string[];
}

/** Replays conversations through a gateway of this tier, stops it, and reads what it left on the disk. */
async function store(capture: Tier, path: string, calls: number, customers: Customers): Promise<Stored> {
  await using demo = await demoUpstream({ conversations: [], seed: 5 });
  await using gateway = await startGateway({
    config: { default_upstream: "up", upstreams: { up: { base_url: demo.url } }, capture, journal: { segment_bytes: 2 ** 20 } },
  });
  const summary = await replay({ path, url: `${gateway.dataUrl}/v1` });
  expect(summary).toMatchObject({ calls, mismatches: 0, errors: 0 });
  const rows = await eventually(
    () =>
      gateway.sql(
        "SELECT conversation_id, input_messages, output_messages, finish_reasons, tokens_in_uncached FROM spans WHERE operation = 'chat'",
      ),
    (found) => found.length >= calls,
    60_000,
  );
  expect(await gateway.stop()).toBe(0);
  const leaks = new Map<string, string[]>();
  const searched = searches(customers);
  for await (const { where, text } of allAtRest(gateway.dataDir)) {
    for (const [secret, pattern] of searched) if (pattern.test(text)) leaks.set(secret, [...(leaks.get(secret) ?? []), where]);
  }
  return { leaks, firstNames: mentions(rows, customers.firstNames), skeleton: rows.map(skeletonOf).toSorted() };
}

/** How each value that must not be kept is looked for. A full name is one also where JSON has it in two fields. */
function searches(customers: Customers): readonly (readonly [secret: string, pattern: RegExp])[] {
  const whole = [...customers.emails, ...customers.datesOfBirth, ...customers.streets];
  return [
    ...whole.map((secret) => [secret, new RegExp(RegExp.escape(secret), "i")] as const),
    ...customers.fullNames.map((name) => [name, new RegExp(name.replace(" ", String.raw`\W{1,12}(?:last_name\W{1,12})?`), "i")] as const),
  ];
}

function mentions(rows: readonly Row[], words: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const anyOf = new RegExp(`\\b(?:${words.join("|")})\\b`, "g");
  for (const row of rows) {
    for (const [word] of `${asText(row["input_messages"])} ${asText(row["output_messages"])}`.matchAll(anyOf))
      counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

const messages = z.array(
  z.object({ role: z.string(), parts: z.array(z.looseObject({ type: z.string() })), finish_reason: z.string().optional() }),
);

/** Whatever a scrubber must leave alone. */
function skeletonOf(row: Row): string {
  const of = (column: string): unknown =>
    messages
      .parse(JSON.parse(asText(row[column])))
      .map(({ role, parts, finish_reason }) => [
        role,
        finish_reason,
        parts.map((part) => [part.type, part["id"], part["type"] === "tool_call" ? part["name"] : null, keysOf(part["arguments"])]),
      ]);
  return JSON.stringify([
    row["conversation_id"],
    row["finish_reasons"],
    row["tokens_in_uncached"],
    of("input_messages"),
    of("output_messages"),
  ]);
}

/** Names and number of arguments; a list has its length. */
function keysOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(keysOf);
  if (typeof value !== "object" || value === null) return null;
  return Object.entries(value).map(([key, member]) => [key, keysOf(member)]);
}

function asText(column: unknown): string {
  return typeof column === "string" ? column : JSON.stringify(column);
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

async function expectNothingPersonal(path: string, calls: number): Promise<void> {
  const customers = customersOf(path);
  const plain = await store("full", path, calls, customers);
  // The same search finds every one of them where nothing is scrubbed: else it would prove nothing.
  expect(searches(customers).flatMap(([secret]) => (plain.leaks.has(secret) ? [] : [secret]))).toEqual([]);

  const scrubbed = await store("scrubbed", path, calls, customers);
  expect(Object.fromEntries(scrubbed.leaks)).toEqual({});
  expect(scrubbed.skeleton).toEqual(plain.skeleton);
  const left = sum(scrubbed.firstNames) / sum(plain.firstNames);
  expect(left, `first names that are left: ${JSON.stringify(Object.fromEntries(scrubbed.firstNames))}`).toBeLessThanOrEqual(0.02);
}

test("after twelve conversations nothing personal of a customer is on the disk, and all else is as it was", async () => {
  await expectNothingPersonal(fileURLToPath(AIRLINE_12), 127);
}, 120_000);

// The whole data set lies beside the clone where there is one; its excerpt above runs everywhere.
const whole = fileURLToPath(new URL("../../shared/datasets/airline-agent/conversations.jsonl", import.meta.url));
test.runIf(existsSync(whole))(
  "nor is it after all hundred",
  async () => {
    await expectNothingPersonal(whole, 1381);
  },
  300_000,
);
