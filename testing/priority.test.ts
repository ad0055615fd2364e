import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startGateway } from "./gateway.ts";

/** How nice each thread of a process is; the system keeps it by thread. Source: proc_pid_stat(5), field 19. */
function niceOf(pid: number | undefined): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
  });
}

test.skipIf(process.platform !== "linux")("every thread of the pipeline gives way to the gateway", async () => {
  await using gateway = await startGateway({ upstreamUrl: "http://127.0.0.1:9/v1" });
  await gateway.sql("SELECT 1");
  const [own = 0] = niceOf(gateway.pids.gateway[0]);
  expect(Math.min(...niceOf(gateway.pids.pipeline))).toBeGreaterThan(own);
});
