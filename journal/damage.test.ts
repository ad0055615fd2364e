import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { journal } from "./append.ts";
import { journalReader, type Missing } from "./read.ts";
import { KIND, type Sequence } from "./record.ts";
import { loadOrCreateKey, type MasterKey } from "./seal.ts";
import { listSegments, segmentName } from "./segment.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spangate-damage-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const keyFile = (): string => join(folder, "key");
const fileOf = (first: Sequence): string => join(folder, segmentName(first));

/** Records 1 to `count`, each a write group of its own, so that with a key each is sealed alone. */
async function write(count: number, segmentBytes = 1 << 20, master?: MasterKey): Promise<void> {
  await using writer = await journal({ folder, first: 1, segmentBytes, ...(master && { master }) });
  for (let i = 1; i <= count; i++) {
    writer.append(KIND.end, [Buffer.from(`record ${i} ${"x".repeat(i % 40)}`)]);
    await writer.written();
  }
}

async function readAll(masters: readonly MasterKey[] = [], missedAfter = 0) {
  const damage: string[] = [];
  const missing: Missing[] = [];
  await using reader = journalReader({
    folder,
    after: 0,
    missedAfter,
    masters,
    onDamage: ({ reason }) => damage.push(reason),
    onMissing: (gap) => missing.push(gap),
  });
  const read: Sequence[] = [];
  for (;;) {
    const records = await reader.read();
    read.push(...records.map(({ sequence }) => sequence));
    if (records.length > 0) continue;
    read.push(...reader.end().map(({ sequence }) => sequence));
    return { read, damage, missing, lost: missing.reduce((sum, { from, to }) => sum + to - from + 1, 0) };
  }
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

for (const sealed of [false, true]) {
  describe(sealed ? "a sealed journal" : "a plain journal", () => {
    const keys = (): MasterKey[] => (sealed ? [loadOrCreateKey(keyFile())] : []);

    test("cut at any byte of its last three records keeps all whole ones, and is told once", async () => {
      await write(20, 1 << 20, keys()[0]);
      const whole = readFileSync(fileOf(1));
      const ends: number[] = [];
      for (let count = 17, at = whole.length; at > 0 && ends.length < 4; count++) {
        ends.unshift(at);
        at = startOfLast(whole.subarray(0, at));
      }
      const from = ends[0] ?? 0;
      for (let cut = whole.length - 1; cut > from; cut--) {
        truncateSync(fileOf(1), cut);
        const { read, damage, lost } = await readAll(keys());
        const kept = 17 + ends.slice(1).filter((end) => end <= cut).length;
        expect([cut, read.length, damage.length, lost]).toEqual([cut, kept, ends.includes(cut) ? 0 : 1, 0]);
      }
    });

    test("with 200 flipped bits keeps every other record, and counts the lost ones exactly", async () => {
      const count = 4000;
      await write(count, 32_000, keys()[0]);
      const segments = await listSegments(folder);
      let state = 1;
      const random = (below: number): number => (state = (state * 48271) % 0x7fff_ffff) % below;
      for (let i = 0; i < 200; i++) {
        const file = fileOf(segments[random(segments.length)] ?? 1);
        const bytes = readFileSync(file);
        const at = random(bytes.length);
        if (at === 8 || at === 9) continue; // the version of the format, which nothing guards
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
        writeFileSync(file, bytes);
      }
      const { read, damage, lost } = await readAll(keys());
      const last = read.at(-1) ?? 0;
      expect(damage.length).toBeGreaterThan(100);
      expect(lost).toBe(last - read.length);
      expect(count - read.length).toBeLessThanOrEqual(200);
      expect(read.length / (count - 200)).toBeGreaterThan(0.99);
    }, 30_000);

    test("without its first, a middle and an empty segment counts every number that is gone", async () => {
      await write(600, 2000, keys()[0]);
      const segments = await listSegments(folder);
      const [second = 0, middle = 0, behind = 0, emptied = 0, next = 0] = [1, 4, 5, 7, 8].map((i) => segments[i] ?? 0);
      rmSync(fileOf(1));
      rmSync(fileOf(middle));
      truncateSync(fileOf(emptied), 0);
      const { read, damage, missing } = await readAll(keys());
      expect(missing).toEqual([
        { from: 1, to: second - 1 },
        { from: middle, to: behind - 1 },
        { from: emptied, to: next - 1 },
      ]);
      expect(read).toEqual([...numbers(second, middle - 1), ...numbers(behind, emptied - 1), ...numbers(next, 600)]);
      expect(damage).toEqual([]);
      expect((await readAll(keys(), second - 1)).missing).toHaveLength(2); // what was done with is not missed
    });

    test("that ends in zeros or rubbish goes on with the next segment", async () => {
      await write(300, 2000, keys()[0]);
      const [first = 0, second = 0] = await listSegments(folder);
      appendFileSync(fileOf(first), Buffer.alloc(4096));
      appendFileSync(fileOf(second), Buffer.from("rubbish ".repeat(512)));
      const { read, damage, lost } = await readAll(keys());
      expect([read, damage.length, lost]).toEqual([numbers(1, 300), 1, 0]);
    });

    test("with files that are none of its own goes around them", async () => {
      await write(5, 1 << 20, keys()[0]);
      writeFileSync(join(folder, "rubbish.txt"), "rubbish");
      writeFileSync(join(folder, "0000000000000000.segment"), "");
      writeFileSync(fileOf(2), "this is no segment at all, however long it goes on");
      writeFileSync(fileOf(3), "");
      mkdirSync(fileOf(4));
      const { read, damage, lost } = await readAll(keys());
      expect([read, damage.length, lost]).toEqual([numbers(1, 5), 1, 0]);
    });
  });
}

/** Where the last record of these bytes begins, found by its checksum's neighbour: the length that reaches just to the end. */
function startOfLast(bytes: Buffer): number {
  for (let at = bytes.length - 17; at > 0; at--) {
    if (at + 17 + bytes.readUInt32LE(at) === bytes.length && [KIND.end, KIND.sealed].includes(bytes.readUInt8(at + 16) as 3)) return at;
  }
  return 0;
}

test("a flipped bit in a head, but not in its version, is put right", async () => {
  const master = loadOrCreateKey(keyFile());
  await write(1, 1 << 20, master);
  const whole = readFileSync(fileOf(1));
  const headLength = 18 + whole.readUInt32LE(10);
  for (let bit = 0; bit < headLength * 8; bit += 11) {
    if (bit >> 3 === 8 || bit >> 3 === 9) continue;
    const flipped = Buffer.from(whole);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    writeFileSync(fileOf(1), flipped);
    const { read, damage } = await readAll([master]);
    expect([bit, read, damage.length]).toEqual([bit, [1], 1]);
  }
});

test("a length of a gibibyte costs its record only", async () => {
  await write(5);
  const bytes = readFileSync(fileOf(1));
  const at = startOfLast(bytes.subarray(0, startOfLast(bytes)));
  bytes.writeUInt32LE(1 << 30, at);
  writeFileSync(fileOf(1), bytes);
  const { read, damage, missing } = await readAll();
  expect([read, damage.length, missing]).toEqual([[1, 2, 3, 5], 1, [{ from: 4, to: 4 }]]);
});
