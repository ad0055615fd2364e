import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { roomOf, segmentBytesWithin, usage } from "./room.ts";

const GIB = 1024 ** 3;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spangate-room-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("the segments of all lanes count, against what is set or a part of the free disk", async () => {
  for (const lane of ["intake/one", "intake/two", "spans"]) {
    mkdirSync(join(folder, lane), { recursive: true });
    writeFileSync(join(folder, lane, "0000000000000001.seg"), "x".repeat(1000));
  }
  expect(await usage(folder, 5000)).toEqual({ used: 3000, quota: 5000 });
  const { used, quota } = await usage(folder, undefined);
  expect(used).toBe(3000);
  expect(quota).toBeGreaterThan(0);
  expect(quota).toBeLessThanOrEqual(10 * GIB);
});

const cases = [
  { used: 0, room: "enough" },
  { used: 799, room: "enough" },
  { used: 800, room: "scarce" },
  { used: 949, room: "scarce" },
  { used: 950, room: "none" },
  { used: 5000, room: "none" },
];
for (const { used, room } of cases) {
  test(`with ${used} of 1000 bytes there is ${room} room`, () => {
    expect(roomOf({ used, quota: 1000 })).toBe(room);
  });
}

test("a small quota is never taken by one segment", () => {
  expect(segmentBytesWithin({ used: 0, quota: 10 * GIB }, 64 * 2 ** 20)).toBe(64 * 2 ** 20);
  expect(segmentBytesWithin({ used: 0, quota: 8 * 2 ** 20 }, 64 * 2 ** 20)).toBe(2 ** 19);
  expect(segmentBytesWithin({ used: 0, quota: 1000 }, 64 * 2 ** 20)).toBe(64 * 2 ** 10);
});
