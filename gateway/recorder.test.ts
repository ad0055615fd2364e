import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { journal, type Journal } from "../journal/append.ts";
import { openedAs } from "../testing/lane.ts";
import { counters } from "./counters.ts";
import { recorder } from "./recorder.ts";
import type { Ended } from "./recording.ts";

let folder: string;
let lane: Journal;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spangate-test-"));
  lane = await journal({ folder, first: 1, segmentBytes: 2 ** 20 });
});
afterEach(async () => {
  await lane[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const completed: Ended = { ending: "completed", attempts: [], overheadUs: 0 };

function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test("a process that stood still at the end of a reply still waits for the record", async () => {
  const counting = counters();
  // One file operation, begun at once: it is over when the process wakes up, and nobody has been told.
  const quick: Journal = { ...lane, written: async () => void (await stat(folder)) };
  await using recording = recorder({ journal: quick, maxCaptureBytes: 1000, counters: counting, onError: () => {} });
  const ended = [0, 1, 2].map((index) => recording.open(openedAs(`exchange-${index}`), performance.now(), "balanced").end(completed));
  standStill(100);
  await Promise.all(ended);
  expect(counting.counts).toMatchObject({ completed: 3, released_before_written: 0 });
});

test("a disk that does not answer holds the end of a reply back for no more than some milliseconds", async () => {
  const counting = counters();
  const hanging: Journal = { ...lane, written: () => new Promise(() => {}) };
  await using recording = recorder({ journal: hanging, maxCaptureBytes: 1000, counters: counting, onError: () => {} });
  const since = performance.now();
  await Promise.all([0, 1, 2].map((index) => recording.open(openedAs(`exchange-${index}`), performance.now(), "balanced").end(completed)));
  expect(performance.now() - since).toBeGreaterThan(4);
  expect(performance.now() - since).toBeLessThan(100);
  expect(counting.counts).toMatchObject({ completed: 3, released_before_written: 3 });
});

test("a disk that fails is told of, and holds nothing back", async () => {
  const counting = counters();
  const errors: unknown[] = [];
  const failing: Journal = { ...lane, written: () => Promise.reject(new Error("no space left")) };
  await using recording = recorder({
    journal: failing,
    maxCaptureBytes: 1000,
    counters: counting,
    onError: (error) => void errors.push(error),
  });
  await recording.open(openedAs("exchange"), performance.now(), "balanced").end(completed);
  expect(counting.counts).toMatchObject({ completed: 1, released_before_written: 1 });
  expect(errors).toEqual([new Error("no space left")]);
});
