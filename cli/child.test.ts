import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import pino from "pino";
import { expect, onTestFinished, test, vi } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { child } from "./child.ts";
import { StartError } from "./start_error.ts";

const log = pino({ level: "silent" });

test("a process that the system does not start is told from one that is slow", async () => {
  const { execPath } = process;
  onTestFinished(() => {
    process.execPath = execPath;
  });
  process.execPath = "/nowhere/node";
  let exits = 0;
  const started = child({
    name: "query",
    entry: "query_process.ts",
    start: () => ({ type: "start" }),
    onMessage: () => {},
    onExit: () => exits++,
    log,
  });
  await expect(started.started).rejects.toThrow(new StartError(1, "the query process could not start: spawn /nowhere/node ENOENT"));
  expect([exits, started.ready, started.pid]).toEqual([1, false, undefined]);
  await started.stop(1000);
});

/** A process that ends when told to. */
const MORTAL = `process.on("message", ({ type }) => type === "end" && process.exit(7));`;

test("a process that ends again and again is started again after ever longer pauses, and soon when it ran for a minute", async () => {
  const folder = mkdtempSync(join(tmpdir(), "spangate-child-"));
  const entry = join(folder, "mortal.mjs");
  writeFileSync(entry, MORTAL);
  vi.useFakeTimers({ toFake: ["setTimeout", "performance"] });
  const pauses: number[] = [];
  let starts = 0;
  let lives: "end" | "live" = "end";
  const mortal = child<{ type: "end" | "live" }>({
    name: "mortal",
    entry: pathToFileURL(entry).href,
    start() {
      starts++;
      return { type: lives };
    },
    dispensable: true,
    onMessage: () => {},
    onExit: () => {},
    log: pino({}, { write: (line: string) => void pauses.push((JSON.parse(line) as { restart_in_ms: number }).restart_in_ms) }),
  });
  onTestFinished(() => {
    mortal.kill();
    vi.useRealTimers();
    rmSync(folder, { recursive: true });
  });
  mortal.started.catch(() => {}); // it never says that it is ready

  /** The pause after the end of what runs now, once that pause is over. */
  async function nextPause(): Promise<number | undefined> {
    const before = starts;
    const { length } = await eventually(
      () => pauses,
      (all) => all.length === before,
    );
    const pause = pauses[length - 1] ?? 0;
    vi.advanceTimersByTime(pause - 1);
    expect(starts).toBe(before);
    vi.advanceTimersByTime(1);
    expect(starts).toBe(before + 1);
    return pause;
  }
  for (const pause of [500, 1000, 2000, 4000, 8000, 16_000, 30_000]) expect(await nextPause()).toBe(pause);
  lives = "live";
  expect(await nextPause()).toBe(30_000);
  vi.advanceTimersByTime(60_001);
  lives = "end";
  mortal.send({ type: "end" });
  expect([await nextPause(), await nextPause()]).toEqual([500, 1000]);
});
