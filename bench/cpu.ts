import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** Nanoseconds on a core so far, of each thread of some processes. */
export type CpuReading = ReadonlyMap<string, number>;

/** The first field of `/proc/<pid>/task/<tid>/schedstat`: nanoseconds on a core. */
export function onCoreNs(schedstat: string): number {
  const ns = Number(schedstat.split(" ", 1)[0]);
  if (!Number.isFinite(ns) || schedstat.trim() === "") throw new Error(`not a schedstat line: ${JSON.stringify(schedstat)}`);
  return ns;
}

/** Reads every thread of these processes; those that ended meanwhile are left out. */
export function readCpu(pids: readonly number[], proc = "/proc"): CpuReading {
  const reading = new Map<string, number>();
  for (const pid of pids) {
    for (const thread of orNone(() => readdirSync(`${proc}/${pid}/task`)) ?? []) {
      const stat = orNone(() => readFileSync(`${proc}/${pid}/task/${thread}/schedstat`, "utf8"));
      if (stat !== undefined) reading.set(`${pid}/${thread}`, onCoreNs(stat));
    }
  }
  return reading;
}

/** Microseconds between two readings; a thread that began in between counts from its begin. */
export function cpuUs(before: CpuReading, after: CpuReading): number {
  let ns = 0;
  for (const [thread, until] of after) ns += until - (before.get(thread) ?? 0);
  return ns / 1000;
}

/** Megabytes that processes hold in memory, and that they held at most since `forgetPeak`. */
export interface Memory {
  readonly rss_mb: number;
  readonly peak_mb: number;
}

export function readMemory(pids: readonly number[], proc = "/proc"): Memory {
  const sum = (field: string): number =>
    pids.reduce((kib, pid) => {
      const status = orNone(() => readFileSync(`${proc}/${pid}/status`, "utf8")) ?? "";
      return kib + Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0);
    }, 0);
  return { rss_mb: (sum("VmRSS") * 1024) / 1e6, peak_mb: (sum("VmHWM") * 1024) / 1e6 };
}

export function forgetPeak(pids: readonly number[]): void {
  for (const pid of pids) orNone(() => writeFileSync(`/proc/${pid}/clear_refs`, "5"));
}

function orNone<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined; // a process or thread that ended
  }
}
