import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { backlog } from "./backlog.ts";
import { startGateway } from "./gateway.ts";

const RECORDS = 20_000;
const MIB = 1024;
/** In KiB. */
const memoryOf = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);

/** Starts on this folder; takes the pipeline's memory when it is ready. */
async function readyWith(dataDir: string) {
  const begun = performance.now();
  const server = await startGateway({ dataDir, config: { demo: true } });
  return { server, tookMs: performance.now() - begun, memory: memoryOf(server.pids.pipeline) };
}

test.skipIf(process.platform !== "linux")(
  `a backlog of ${RECORDS} records delays no start, fills no memory, and is worked through`,
  async () => {
    const home = mkdtempSync(join(tmpdir(), "spangate-backlog-"));
    try {
      const { server: empty, memory: least, tookMs: leastMs } = await readyWith(join(home, "empty"));
      await empty[Symbol.asyncDispose]();
      const dataDir = join(home, "full");
      await backlog({ dataDir, records: RECORDS, bodyBytes: 200 });
      const { server, memory, tookMs } = await readyWith(dataDir);
      await using running = server;
      expect(tookMs - leastMs).toBeLessThan(3000);
      expect(memory - least).toBeLessThan(64 * MIB);
      let most = 0;
      const watching = setInterval(() => (most = Math.max(most, memoryOf(running.pids.pipeline))), 100);
      const [row] = await running.sql("SELECT count(*) AS n, count(DISTINCT exchange_id) AS distinct_n FROM spans WHERE kind = 'server'");
      clearInterval(watching);
      expect(row).toEqual({ n: String(RECORDS), distinct_n: String(RECORDS) });
      expect(most).toBeLessThan(1024 * MIB);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  },
  180_000,
);
