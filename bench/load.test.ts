import { createServer } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listen } from "../testing/listen.ts";
import { load, startUpstream, type LoadOptions, type Upstream } from "./load.ts";
import { compileTools, pathOf, type Tools } from "./tools.ts";

const missing = ["cc", "taskset"].filter((program) => pathOf(program) === undefined);
const why = process.platform === "linux" ? missing.map((program) => `there is no ${program}`).join(", ") : "they are written for Linux";

describe.skipIf(why !== "")(`the load generator and the upstream${why && ` (skipped: ${why})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "spangate-bench-"));
  let tools: Tools;
  let upstream: Upstream;
  const run = (more: Partial<LoadOptions>) =>
    load({ tool: tools.load, port: upstream.port, headers: [], script: "json", seconds: 1, connections: 8, firstId: 200_000_000, ...more });

  beforeAll(async () => {
    tools = compileTools(folder);
    upstream = await startUpstream(tools.upstream);
  });
  afterAll(async () => {
    await upstream[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  test("a closed loop asks again and again, and every byte is as it was sent, both ways", async () => {
    const report = await run({});
    const { completed, asked, changed, bad_status, broken, unfinished } = report;
    expect({ asked, changed, bad_status, broken, unfinished }).toEqual({
      asked: completed,
      changed: 0,
      bad_status: 0,
      broken: 0,
      unfinished: 0,
    });
    expect(completed).toBeGreaterThan(100);
    expect(report.next_id - report.first_id).toBe(completed);
    expect(report.latency_us?.p99).toBeGreaterThanOrEqual(report.latency_us?.p50 ?? Infinity);
    expect(await upstream.stats()).toEqual({ requests: completed, changed: 0, closed_early: [] });
  });

  test("a fixed rate asks exactly as often, whatever becomes of the answers", async () => {
    const { completed, unfinished } = await run({ rate: 200 });
    expect({ completed, unfinished }).toEqual({ completed: 200, unfinished: 0 });
  });

  test("a stream's events are counted, and dated by the upstream", async () => {
    const { completed, changed, events, hop_us } = await run({ script: "burst", seconds: 0.2 });
    expect({ changed, events }).toEqual({ changed: 0, events: completed * 50 });
    expect(hop_us?.p50).toBeGreaterThan(0);
  });

  test("a stream that is left is seen by the upstream", async () => {
    await upstream.stats();
    const { aborted } = await run({ script: "paced", seconds: 0.2, abortAfter: 2 });
    expect(aborted.length).toBeGreaterThan(0);
    const { closed_early } = await upstream.stats();
    const closed = new Map(closed_early);
    for (const [id, leftUs] of aborted) expect((closed.get(id) ?? Infinity) - leftUs).toBeLessThan(1_000_000);
  });

  test("a reply with another status or other bytes is told, and so is another request", async () => {
    await using other = await listen(
      createServer((request, response) => void request.resume().on("end", () => response.writeHead(503).end("{}"))),
    );
    const { completed, changed, bad_status } = await run({ seconds: 0.1, port: other.port });
    expect(completed).toBeGreaterThan(0);
    expect({ changed, bad_status }).toEqual({ changed: completed, bad_status: completed });

    await upstream.stats();
    await fetch(`${upstream.baseUrl}/chat/completions`, { method: "POST", body: '{"model":"bench-json","seed":300000000}' });
    expect(await upstream.stats()).toMatchObject({ requests: 1, changed: 1 });
  });

  test("a server that is not there is an error for each exchange", async () => {
    const { completed, broken } = await run({ seconds: 0.1, port: 1 });
    expect(completed).toBe(0);
    expect(broken).toBeGreaterThan(0);
  });
});
