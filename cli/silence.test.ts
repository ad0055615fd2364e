import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { silence } from "./silence.ts";

const LIMIT_MS = 200;

test("a process that runs and says nothing is told of once, and once more when it speaks again", async () => {
  const process = { ready: true, heardAt: performance.now() };
  const told: string[] = [];
  using watched = silence(process, { limitMs: LIMIT_MS, onSilent: () => told.push("silent"), onHeard: () => told.push("heard") });
  expect(watched.silent).toBe(false);
  await setTimeout(3 * LIMIT_MS);
  expect([watched.silent, told]).toEqual([true, ["silent"]]);
  process.heardAt = Infinity;
  await setTimeout(LIMIT_MS);
  expect([watched.silent, told]).toEqual([false, ["silent", "heard"]]);
});

test("one that speaks, or does not run, is not silent", async () => {
  const speaking = { ready: true, heardAt: Infinity };
  const ended = { ready: false, heardAt: -Infinity };
  const told: string[] = [];
  using one = silence(speaking, { limitMs: LIMIT_MS, onSilent: () => told.push("silent"), onHeard: () => told.push("heard") });
  using other = silence(ended, { limitMs: LIMIT_MS, onSilent: () => told.push("silent"), onHeard: () => told.push("heard") });
  await setTimeout(3 * LIMIT_MS);
  expect([one.silent, other.silent, told]).toEqual([false, false, []]);
});

test("one that was silent and ends is not heard of", async () => {
  const stopped = { ready: true, heardAt: -Infinity };
  const told: string[] = [];
  using watched = silence(stopped, { limitMs: LIMIT_MS, onSilent: () => told.push("silent"), onHeard: () => told.push("heard") });
  await setTimeout(LIMIT_MS);
  expect(watched.silent).toBe(true);
  stopped.ready = false;
  await setTimeout(LIMIT_MS);
  expect([watched.silent, told]).toEqual([false, ["silent"]]);
});
