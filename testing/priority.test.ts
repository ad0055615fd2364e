import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { startGateway, type Gateway } from "./gateway.ts";
import { childrenOf, kill } from "./process_tree.ts";

/** At least as nice as this is who gives way; nobody can be nicer than 19. */
const behind = (nice: number): number => Math.min(nice + 1, 19);
const ENDLESS = "SELECT count(*) FROM range(100000000000) a, range(1000) b";

/** How nice each thread of a process is; the system keeps it by thread. Source: proc_pid_stat(5), field 19. */
function niceOf(pid: number | undefined): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
  });
}

describe.skipIf(process.platform !== "linux")("when the processor is short", () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway({ upstreamUrl: "http://127.0.0.1:9/v1" });
  });
  afterAll(() => gateway?.[Symbol.asyncDispose]());

  const lowest = (pid: number | undefined): number => Math.min(...niceOf(pid));
  const gatewayNice = (): number => Math.max(...niceOf(gateway.pids.gateway[0]));

  test("every thread of the pipeline gives way to the gateway", async () => {
    await gateway.sql("SELECT 1");
    expect(lowest(gateway.pids.pipeline)).toBeGreaterThanOrEqual(behind(gatewayNice()));
  });

  test("every thread of a statement gives way to both", async () => {
    const answer = gateway.sql(ENDLESS);
    answer.catch(() => {}); // it is awaited below
    const [query = 0] = await eventually(
      () => childrenOf(gateway.pids.pipeline, "query_process.ts"),
      ({ length }) => length === 1,
      15_000,
    );
    const least = behind(Math.max(gatewayNice(), lowest(gateway.pids.pipeline)));
    await eventually(
      () => lowest(query),
      (nice) => nice >= least,
    );
    await kill(query);
    await expect(answer).rejects.toThrow("the engine ended on this statement");
  });
});
