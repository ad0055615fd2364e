import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startGateway } from "./gateway.ts";
import { reachable, sources } from "./imports.ts";

/** Native add-ons that a process has loaded. */
function addOnsOf(pid: number | undefined): readonly string[] {
  const paths = readFileSync(`/proc/${pid}/maps`, "utf8").matchAll(/\/[^\n]*\.node$/gm);
  return [...new Set([...paths].map(([path]) => path))];
}

test.skipIf(process.platform !== "linux")("a gateway process loads no native add-on", async () => {
  await using gateway = await startGateway({ upstreamUrl: "http://127.0.0.1:9/v1" });
  await fetch(`${gateway.dataUrl}/v1/chat/completions`, { method: "POST", body: '{"model":"m"}' });
  expect(addOnsOf(gateway.pids.pipeline)).toEqual([expect.stringContaining("duckdb")]); // so that none found means that none is there
  expect(gateway.pids.gateway.map(addOnsOf)).toEqual([[]]);
  expect(addOnsOf(gateway.pid)).toEqual([]);
});

test("no module that a worker of the pipeline needs loads the engine", () => {
  const all = sources();
  const needed = new Set(reachable("pipeline/carry_worker.ts", all));
  const loading = all.filter(({ text }) => /from "@duckdb|import\("@duckdb/.test(text)).map(({ file }) => file);
  expect(needed.size).toBeGreaterThan(10);
  expect(loading).toContain("storage/engine.ts");
  expect(loading.filter((file) => needed.has(file))).toEqual([]);
});
