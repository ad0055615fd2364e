import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { backlog } from "../backlog.ts";
import type { Fault } from "./fault.ts";
import { rig } from "./rig.ts";

const READY_WITHIN_MS = 3000;
const MOST_MORE_MIB = 64;

export const longBacklog: Fault = {
  id: "F08B",
  title: "a million records, 2 GiB, wait on the intake when the server starts",
  holds: `it is ready within ${READY_WITHIN_MS / 1000} s, and its pipeline takes no more than ${MOST_MORE_MIB} MiB above that of an empty start`,
  fast: 0,
  long: 1_000_000,
  async run({ count, injected, measured }) {
    const empty = await start(0);
    const full = await start(count);
    injected(count);
    measured("ready", full.readyMs, "ms");
    measured("ready with an empty folder", empty.readyMs, "ms");
    measured("memory more", full.memoryMib - empty.memoryMib, "MiB");
    if (full.readyMs > READY_WITHIN_MS) throw new Error(`ready after ${full.readyMs} ms`);
    if (full.memoryMib - empty.memoryMib > MOST_MORE_MIB)
      throw new Error(`${full.memoryMib} MiB, ${empty.memoryMib} MiB with an empty folder`);
  },
};

async function start(records: number): Promise<{ readyMs: number; memoryMib: number }> {
  await using all = await rig();
  if (records > 0) await backlog({ dataDir: all.dataDir, records });
  const since = performance.now();
  await using gateway = await all.start();
  const readyMs = performance.now() - since;
  const [, kib = NaN] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pids.pipeline}/status`, "utf8")) ?? [];
  // Carrying all of it is another matter.
  for (const pid of [gateway.pid, ...gateway.pids.gateway, gateway.pids.pipeline]) process.kill(pid, "SIGKILL");
  await gateway.stop("SIGKILL");
  await setTimeout(500);
  return { readyMs, memoryMib: Number(kib) / 1024 };
}
