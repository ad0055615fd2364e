import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cpuUs, onCoreNs, readCpu, readMemory } from "./cpu.ts";

let proc: string;
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), "spangate-proc-"));
});
afterEach(() => rmSync(proc, { recursive: true, force: true }));

function thread(pid: number, tid: number, ns: number): void {
  mkdirSync(join(proc, String(pid), "task", String(tid)), { recursive: true });
  writeFileSync(join(proc, String(pid), "task", String(tid), "schedstat"), `${ns} 345 6\n`);
}

test("the time on a core is the first number of schedstat, and nothing else is taken for it", () => {
  expect(onCoreNs("2106541374 107459 12\n")).toBe(2_106_541_374);
  expect(() => onCoreNs("")).toThrow("not a schedstat line");
  expect(() => onCoreNs("none")).toThrow("not a schedstat line");
});

test("every thread of every process counts, one that began in between from its begin, one that ended no more", () => {
  thread(1, 1, 1000);
  thread(1, 2, 5000);
  thread(7, 7, 0);
  const before = readCpu([1, 7, 99], proc);
  thread(1, 1, 3000);
  thread(7, 8, 4000);
  rmSync(join(proc, "1", "task", "2"), { recursive: true });
  expect(cpuUs(before, readCpu([1, 7, 99], proc))).toBe(6);
});

test("memory is summed over processes", () => {
  for (const pid of [1, 2]) {
    mkdirSync(join(proc, String(pid)));
    writeFileSync(join(proc, String(pid), "status"), "Name:\tx\nVmHWM:\t   4000 kB\nVmRSS:\t   3000 kB\n");
  }
  expect(readMemory([1, 2, 3], proc)).toEqual({ rss_mb: 6.144, peak_mb: 8.192 });
});

test.skipIf(process.platform !== "linux")("this process uses time on a core", () => {
  const before = readCpu([process.pid]);
  const until = performance.now() + 50;
  while (performance.now() < until);
  expect(cpuUs(before, readCpu([process.pid]))).toBeGreaterThan(1000);
});
