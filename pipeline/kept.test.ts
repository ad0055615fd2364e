import { mkdtempSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { journal } from "../journal/append.ts";
import { KIND } from "../journal/record.ts";
import { segmentName } from "../journal/segment.ts";
import { keptFrom } from "./kept.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spangate-kept-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Segments of one record each, a little more than `bytes` long. */
async function fill(records: number, bytes: number): Promise<void> {
  await using writing = await journal({ folder, first: 1, segmentBytes: 1 });
  for (let i = 0; i < records; i++) {
    writing.append(KIND.batch, [Buffer.alloc(bytes)]);
    await writing.written();
  }
}

const age = (first: number, minutes: number): void => {
  const then = Date.now() / 1000 - minutes * 60;
  utimesSync(join(folder, segmentName(first)), then, then);
};

test("nothing is kept of a journal that is not there, or has one segment", async () => {
  expect(await keptFrom(join(folder, "none"))).toBe(0);
  await fill(1, 10);
  expect(await keptFrom(folder)).toBe(1);
});

test("segments stay that were written to in the last ten minutes, and none before the first that was not", async () => {
  await fill(6, 10);
  expect(await keptFrom(folder)).toBe(1);
  age(2, 11);
  expect(await keptFrom(folder)).toBe(3);
  age(5, 9);
  expect(await keptFrom(folder)).toBe(3);
  expect(await keptFrom(folder, { keepMs: 8 * 60_000 })).toBe(6);
});

test("no more stay than fit in", async () => {
  await fill(6, 10_000);
  expect(await keptFrom(folder, { keepBytes: 25_000 })).toBe(4);
  expect(await keptFrom(folder, { keepBytes: 0 })).toBe(6);
});
