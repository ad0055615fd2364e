import { zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import type { Recorded } from "../genai/recorded.ts";
import type { Span } from "../genai/span.ts";
import { aRecorded } from "../testing/recorded.ts";
import type { Processor } from "../processors/processor.ts";
import { carrier } from "./carrier.ts";
import { carry } from "./carry.ts";

const MIB = 1024 * 1024;
const userKey = (): string => "key";

/** A compressed request whose message has this many bytes, all the same. */
function asking(bytes: number, exchangeId: string): Recorded {
  const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "x".repeat(bytes) }] });
  return aRecorded({ request: zstdCompressSync(body), opened: { exchangeId, headers: [["content-encoding", "zstd"]] } });
}

test("spans of all exchanges go through all processors, in order", async () => {
  const named = (suffix: string) => ({
    name: suffix,
    process: (spans: readonly Span[]) => spans.map((span) => ({ ...span, name: `${span.name} ${suffix}` })),
  });
  const later = { name: "later", process: async (spans: readonly Span[]) => spans.filter(({ kind }) => kind === "server") };
  const recorded = ["a", "b"].map((exchangeId) => aRecorded({ opened: { exchangeId } }));
  const { spans, dropped, failures } = await carry(recorded, [named("1"), later, named("2")], { userKey });
  expect(spans.map(({ exchangeId, name }) => `${exchangeId} ${name}`)).toEqual([
    "a POST /v1/chat/completions 1 2",
    "b POST /v1/chat/completions 1 2",
  ]);
  expect([dropped, failures]).toEqual([{ later: 2 }, []]);
});

test("a few compressed kilobytes do not become more than fits in memory, one by one or together", async () => {
  const recorded = [
    asking(70 * MIB, "too large alone"),
    asking(60 * MIB, "a"),
    asking(60 * MIB, "too large together"),
    asking(100, "small"),
  ];
  expect(recorded.reduce((sum, { request }) => sum + request.length, 0)).toBeLessThan(MIB);
  const { spans } = await carry(recorded, [], { userKey });
  const asked = spans
    .filter(({ kind }) => kind === "client")
    .map((span) => [span.exchangeId, span.attributes["spangate.request.truncated"] ?? false]);
  expect(asked).toEqual([
    ["too large alone", true],
    ["a", false],
    ["too large together", true],
    ["small", expect.any(Boolean)],
  ]);
});

test("an error knows where it came from: describing, or encoding", async () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  const failing = (process: Processor["process"]) => carrier([{ name: "failing", process }], { userKey }).carry([aRecorded({})], {});
  await expect(failing((spans) => spans.map((span) => ({ ...span, attributes: { circle } }) as unknown as Span))).rejects.toMatchObject({
    stage: "encode",
  });
});
