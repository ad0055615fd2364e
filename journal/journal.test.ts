import { appendFileSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../testing/eventually.ts";
import { journal, type AppendOptions } from "./append.ts";
import { journalReader, trim } from "./read.ts";
import { KIND, readRecord, recordHead, RECORD_HEAD, type JournalRecord } from "./record.ts";
import { loadOrCreateKey } from "./seal.ts";
import { listSegments, segmentName } from "./segment.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "spangate-journal-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const options = (more: Partial<AppendOptions> = {}): AppendOptions => ({ folder, first: 1, segmentBytes: 1 << 20, ...more });

async function readAll(
  after = 0,
  masters = [loadOrCreateKey(join(folder, "key"))],
): Promise<{ records: JournalRecord[]; damage: string[] }> {
  const damage: string[] = [];
  await using reader = journalReader({ folder, after, masters, onDamage: ({ reason }) => damage.push(reason) });
  const records: JournalRecord[] = [];
  for (;;) {
    const more = await reader.read();
    if (more.length === 0) return { records: [...records, ...reader.end()], damage };
    records.push(...more);
  }
}

const texts = (records: readonly JournalRecord[]): string[] => records.map(({ payload }) => payload.toString());

test("what was appended is read back in order, over segments and restarts, sealed or not", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), { maxLength: 8 }),
      fc.boolean(),
      async (runs, sealed) => {
        folder = mkdtempSync(join(tmpdir(), "spangate-journal-"));
        const master = loadOrCreateKey(join(folder, "key"));
        let first = 1;
        const expected: string[] = [];
        for (const run of runs) {
          if (run.length === 0) continue; // a segment without records keeps its number
          await using writer = await journal(options({ first, segmentBytes: 500, ...(sealed && { master }) }));
          for (const bytes of run) {
            writer.append(KIND.part, [Buffer.from(bytes.subarray(0, 10)), Buffer.from(bytes.subarray(10))]);
            expected.push(Buffer.from(bytes).toString("hex"));
            if (bytes.length % 2 === 0) await writer.written();
          }
          first += run.length;
        }
        const { records, damage } = await readAll(0, [master]);
        expect(records.map(({ payload }) => payload.toString("hex"))).toEqual(expected);
        expect(records.map(({ sequence }) => sequence)).toEqual(expected.map((_, i) => i + 1));
        expect(damage).toEqual([]);
        rmSync(folder, { recursive: true });
      },
    ),
    { numRuns: 30 },
  );
});

test("a reader follows the writer, also from one segment into the next", async () => {
  await using writer = await journal(options({ segmentBytes: 200 }));
  await using reader = journalReader({ folder, after: 0, onDamage: ({ reason }) => expect.fail(reason) });
  const seen: string[] = [];
  for (let i = 0; i < 50; i++) {
    writer.append(KIND.end, [Buffer.from(`record ${i} ${"x".repeat(40)}`)]);
    await writer.written();
    seen.push(...texts(await reader.read()));
  }
  expect(seen).toHaveLength(50);
  expect((await listSegments(folder)).length).toBeGreaterThan(10);
  expect(await reader.backlogBytes()).toBe(0);
});

test("reading starts behind the place it is given, without opening older segments", async () => {
  {
    await using writer = await journal(options({ segmentBytes: 100 }));
    for (let i = 1; i <= 20; i++) {
      writer.append(KIND.end, [Buffer.from(`record ${i} ${"x".repeat(60)}`)]);
      await writer.written();
    }
  }
  const [oldest] = await listSegments(folder);
  writeFileSync(join(folder, segmentName(oldest ?? 0)), "rubbish");
  const { records, damage } = await readAll(15);
  expect(records.map(({ sequence }) => sequence)).toEqual([16, 17, 18, 19, 20]);
  expect(damage).toEqual([]);
});

test("trimming deletes what nobody needs and keeps the newest segment", async () => {
  await using writer = await journal(options({ segmentBytes: 100 }));
  for (let i = 1; i <= 10; i++) {
    writer.append(KIND.end, [Buffer.from("x".repeat(90))]);
    await writer.written();
  }
  const before = await listSegments(folder);
  await trim(folder, 5);
  expect((await listSegments(folder))[0]).toBe(5);
  await trim(folder, 1000);
  expect(await listSegments(folder)).toEqual(before.slice(-1));
});

test("records that the disk does not take stay, and are written once it does", async () => {
  const lost: number[] = [];
  const elsewhere = join(folder, "moved");
  const inside = join(folder, "journal");
  {
    await using writer = await journal(options({ folder: inside, segmentBytes: 200, onLost: (records) => lost.push(records) }));
    writer.append(KIND.end, [Buffer.from(`kept ${"x".repeat(150)}`)]);
    await writer.written();
    renameSync(inside, elsewhere); // the next segment cannot be made
    for (const text of ["one", "two"]) writer.append(KIND.end, [Buffer.from(`${text} ${"x".repeat(150)}`)]);
    writeFileSync(inside, "in the way of the folder"); // as root, every folder can be made
    await expect(writer.written()).rejects.toThrow(/ENOTDIR|EEXIST/);
    expect(writer.failing).toBeDefined();
    rmSync(inside);
    renameSync(elsewhere, inside);
    writer.append(KIND.end, [Buffer.from("after")]);
    await eventually(
      () => writer.failing,
      (failing) => failing === undefined,
    );
    await writer.durable();
  }
  expect(lost).toEqual([]);
  folder = inside;
  expect((await readAll(0, [])).records.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
  folder = dirname(inside);
});

test("an old segment with records is closed, an empty one is not", async () => {
  await using writer = await journal(options({ maxAgeMs: 0 }));
  await writer.rotateIfOld();
  expect(await listSegments(folder)).toEqual([1]);
  writer.append(KIND.end, [Buffer.from("x")]);
  await writer.written();
  await writer.rotateIfOld();
  expect(await listSegments(folder)).toEqual([1, 2]);
});

for (const { title, next, told } of [
  { title: "a torn end that the next segment goes on from is passed over", next: 2, told: 0 },
  { title: "a torn end that nothing goes on from is told, and the next segment is read", next: 3, told: 1 },
]) {
  test(title, async () => {
    {
      await using writer = await journal(options());
      writer.append(KIND.end, [Buffer.from("whole")]);
      await writer.written();
    }
    appendFileSync(join(folder, segmentName(1)), readFileSync(join(folder, segmentName(1))).subarray(-22, -3));
    {
      await using writer = await journal(options({ first: next }));
      writer.append(KIND.end, [Buffer.from("after")]);
      await writer.written();
    }
    const { records, damage } = await readAll();
    expect(texts(records)).toEqual(["whole", "after"]);
    expect(damage).toHaveLength(told);
  });
}

test("bit flips in a sealed journal cost the groups they are in, and are told", async () => {
  const master = loadOrCreateKey(join(folder, "key"));
  {
    await using writer = await journal(options({ master, segmentBytes: 4000 }));
    for (let i = 1; i <= 400; i++) {
      writer.append(KIND.end, [Buffer.from(`record ${i} ${"x".repeat(i % 50)}`)]);
      await writer.written();
    }
  }
  const segments = await listSegments(folder);
  const flips = 20;
  for (let i = 0; i < flips; i++) {
    const file = join(folder, segmentName(segments[(i * 7) % segments.length] ?? 0));
    const bytes = readFileSync(file);
    const at = 300 + ((i * 997) % (bytes.length - 300));
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    writeFileSync(file, bytes);
  }
  const { records, damage } = await readAll(0, [master]);
  expect(records.length).toBeGreaterThanOrEqual(400 - flips);
  expect(records.length).toBeLessThan(400);
  expect(damage.length).toBeGreaterThan(0);
});

test("a torn end of the newest segment is told when nobody writes it any more", async () => {
  {
    await using writer = await journal(options());
    writer.append(KIND.end, [Buffer.from("whole")]);
    await writer.written();
  }
  const file = join(folder, segmentName(1));
  appendFileSync(file, readFileSync(file).subarray(-22, -3));
  const { records, damage } = await readAll();
  expect(texts(records)).toEqual(["whole"]);
  expect(damage).toHaveLength(1);
});

test("a sealed journal holds nothing readable, and says which key is missing", async () => {
  const master = loadOrCreateKey(join(folder, "key"));
  {
    await using writer = await journal(options({ master }));
    writer.append(KIND.end, [Buffer.from("canary-7f3a")]);
    await writer.durable();
  }
  const segments = readdirSync(folder).filter((name) => name.endsWith(".seg"));
  for (const name of segments) expect(readFileSync(join(folder, name)).includes("canary")).toBe(false);
  expect(texts((await readAll(0, [master])).records)).toEqual(["canary-7f3a"]);
  await expect(readAll(0, [loadOrCreateKey(join(folder, "other"))])).rejects.toThrow(master.id);
});

test("a group that stands twice is read once, and one that claims another place not at all", async () => {
  const master = loadOrCreateKey(join(folder, "key"));
  {
    await using writer = await journal(options({ master }));
    writer.append(KIND.end, [Buffer.from("one")]);
    await writer.written();
  }
  const file = join(folder, segmentName(1));
  const group = readFileSync(file).subarray(-(RECORD_HEAD + RECORD_HEAD + 3 + 16));
  const [moved] = [readRecord(group, 0)];
  if (moved === undefined || moved === "damaged") throw new Error("the test cut the group at the wrong place");
  appendFileSync(file, group);
  appendFileSync(file, Buffer.concat([recordHead(2, KIND.sealed, [moved.payload]), moved.payload]));
  const { records, damage } = await readAll(0, [master]);
  expect(texts(records)).toEqual(["one"]);
  expect(damage).toHaveLength(1);
});
