import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { journal } from "../journal/append.ts";
import { DISK, type Files } from "../journal/files.ts";
import { journalReader } from "../journal/read.ts";
import { KIND, type Sequence } from "../journal/record.ts";
import { listSegments } from "../journal/segment.ts";
import { encodeBatch } from "./batch.ts";
import { spanBatches } from "./span_batches.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spangate-batches-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const batch = (done: Sequence): Buffer[] => [encodeBatch({ spans: [], through: { lane: done } })];

/** The disk takes nothing for a while, and each try to begin a segment costs a name. */
async function writeOnFailingDisk(): Promise<void> {
  let failing = false;
  let failed = 0;
  const files: Files = {
    ...DISK,
    async create(path) {
      const file = await DISK.create(path);
      return {
        ...file,
        write: (buffers) => (failing && ++failed > 0 ? Promise.reject(new Error("ENOSPC")) : file.write(buffers)),
      };
    },
  };
  await using spans = await journal({ folder, first: 1, segmentBytes: 1 << 20, files, retryMs: 1 });
  spans.append(KIND.batch, batch(1));
  await spans.durable();
  failing = true;
  spans.append(KIND.batch, batch(2));
  await expect(spans.written()).rejects.toThrow("ENOSPC");
  while (failed < 20) await setTimeout(1);
  failing = false;
  while (spans.failing !== undefined) await setTimeout(1);
}

test("a disk that failed for long leaves no gap between the records of one process and the next", async () => {
  await writeOnFailingDisk();
  const batches = spanBatches({ folder, onDamage: () => {}, onMissing: () => {} });
  const { sequence, through, next, segment } = await batches.newest();
  expect({ sequence, through, next }).toEqual({ sequence: 2, through: { lane: 2 }, next: 3 });
  expect(segment).toBeGreaterThan(10);
  {
    await using spans = await journal({ folder, first: next, newest: segment, segmentBytes: 1 << 20 });
    spans.append(KIND.batch, batch(3));
    await spans.durable();
  }
  expect((await listSegments(folder)).at(-1)).toBe(segment + 1);
  const wrong: object[] = [];
  await using reader = journalReader({ folder, after: 0, onDamage: (damage) => wrong.push(damage), onMissing: (gap) => wrong.push(gap) });
  const read: Sequence[] = [];
  for (let records = await reader.read(); records.length > 0; records = await reader.read())
    read.push(...records.map((each) => each.sequence));
  expect(read).toEqual([1, 2, 3]);
  expect(wrong).toEqual([]);
});
