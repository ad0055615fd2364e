import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Span } from "../genai/span.ts";
import { duckdbStore, type DuckdbStoreOptions } from "./duckdb_store.ts";
import type { SpanStore } from "./store.ts";
import { aSpan } from "./store_contract.ts";

let home: string;
let dataDir: string;
let told: { readonly message: string; readonly facts: Record<string, unknown> }[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "spangate-damage-"));
  dataDir = join(home, "data");
  told = [];
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const opened = (options: Partial<DuckdbStoreOptions> = {}): Promise<SpanStore> =>
  duckdbStore({
    dataDir,
    onRefused: ({ name }) => expect.fail(`refused ${name}`),
    onError: (error) => expect.fail(String(error)),
    onDamage: (message, facts) => told.push({ message, facts: { ...facts } }),
    ...options,
  });

const DAY = 86_400_000_000_000n;
const dayOf = (day: number): Partial<Span> => ({ startTimeUnixNano: aSpan().startTimeUnixNano + BigInt(day) * DAY });

const names = async (store: SpanStore): Promise<string[]> =>
  (await store.query("SELECT name FROM spans")).rows.map(([name]) => String(name)).sort();

async function namesIn(folder = dataDir): Promise<string[]> {
  await using store = await opened({ dataDir: folder });
  return await names(store);
}

/** Batches as the span journal has them, and what of them a store does not have yet. */
const JOURNAL = [
  [aSpan({ name: "a" }), aSpan({ name: "b", tenant: "other" })],
  [aSpan({ name: "c", ...dayOf(-1) }), aSpan({ name: "d" })],
  [],
  [aSpan({ name: "e" }), aSpan({ name: "f", tenant: "other" })],
  [aSpan({ name: "g" })],
] as const;
const ALL = ["a", "b", "c", "d", "e", "f", "g"];

async function fill(store: SpanStore, last: number = JOURNAL.length): Promise<void> {
  const position = await store.position();
  for (const [i, spans] of JOURNAL.entries()) if (i + 1 > position && i + 1 <= last) await store.append({ spans, through: i + 1 });
}

/** Three publications: three files, two, and one. */
async function publishAll(): Promise<void> {
  await using store = await opened();
  for (const last of [2, 4, 5]) {
    await fill(store, last);
    await store.flush();
  }
}

async function* held(after: number, through: number, keptFrom = 1): AsyncGenerator<readonly Span[]> {
  for (const [i, spans] of JOURNAL.entries()) if (i + 1 > after && i + 1 <= through && i + 1 >= keptFrom) yield spans;
}

function flip(file: string, bit: number): void {
  const bytes = readFileSync(file);
  const at = (bit >> 3) % bytes.length;
  bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (bit & 7)), at);
  writeFileSync(file, bytes);
}

/** The same numbers in each run. */
function* numbers(seed: number): Generator<number, never> {
  for (let n = seed; ; n = (Math.imul(n, 1_103_515_245) + 12_345) & 0x7fff_ffff) yield n >> 4;
}

const parquetFiles = (): string[] =>
  readdirSync(join(dataDir, "parquet"), { recursive: true, encoding: "utf8" }).filter((path) =>
    statSync(join(dataDir, "parquet", path)).isFile(),
  );

describe("a published file", () => {
  const OTHER = "parquet/tenant=other/day=2026-01-01/000000000001-000000000002.parquet";
  const damages: readonly { title: string; make: () => void; says: RegExp; moved: boolean }[] = [
    { title: "is gone", make: () => rmSync(join(dataDir, OTHER)), says: /missing/, moved: false },
    { title: "was cut short", make: () => writeFileSync(join(dataDir, OTHER), "PAR1"), says: /4 bytes, not the \d+/, moved: true },
    { title: "has one bit flipped", make: () => flip(join(dataDir, OTHER), 4321), says: /SHA-256/, moved: true },
    {
      title: "has one bit flipped at its end",
      make: () => flip(join(dataDir, OTHER), 8 * (statSync(join(dataDir, OTHER)).size - 6)),
      says: /SHA-256/,
      moved: true,
    },
  ];
  for (const when of ["before the start", "while the store runs"] as const) {
    for (const { title, make, says, moved } of damages) {
      test(`that ${title} ${when} is named, set aside and in no answer, for good`, async () => {
        await publishAll();
        if (when === "before the start") make();
        await using store = await opened();
        if (when !== "before the start") {
          expect(await names(store)).toEqual(ALL);
          make();
        }
        expect(await names(store)).toEqual(ALL.filter((name) => name !== "b"));
        expect(told.map(({ facts }) => facts)).toEqual([
          { file: OTHER, rows: 1, reason: expect.stringMatching(says) as unknown, ...(moved && { moved_to: `damaged/${OTHER}` }) },
        ]);
        expect([existsSync(join(dataDir, OTHER)), existsSync(join(dataDir, "damaged", OTHER))]).toEqual([false, moved]);
        expect([store.damagedFiles, store.missingRows, store.files().length]).toEqual([1, 1, 5]);
        const missing = { path: OTHER, tenant: "other", day: "2026-01-01", after: 0, through: 2 };
        expect(store.missing()).toEqual([missing]);
        await using again = await opened({ dataDir: copyOf(dataDir) });
        expect([again.damagedFiles, again.missingRows, again.missing(), told.length]).toEqual([1, 1, [missing], 1]);
      });
    }
  }

  test("that came back from a backup counts again", async () => {
    await publishAll();
    const backup = copyOf(dataDir);
    rmSync(join(dataDir, OTHER));
    expect(await namesIn()).toEqual(ALL.filter((name) => name !== "b"));
    cpSync(join(backup, OTHER), join(dataDir, OTHER));
    await using store = await opened();
    expect(await names(store)).toEqual(ALL);
    expect([store.damagedFiles, store.missingRows]).toEqual([0, 0]);
  });

  test("of 50 that have one bit flipped each is in no answer, 50 of 50", async () => {
    {
      await using store = await opened();
      const spans = Array.from({ length: 60 }, (_, day) =>
        Array.from({ length: 20 }, (_row, i) => aSpan({ name: `${day}.${i}`, ...dayOf(day) })),
      );
      await store.append({ spans: spans.flat(), through: 1 });
    }
    const random = numbers(7);
    const files = parquetFiles().sort();
    for (const file of files.slice(0, 50)) flip(join(dataDir, "parquet", file), random.next().value);
    await using store = await opened();
    const { rows } = await store.query("SELECT DISTINCT split_part(name, '.', 1)::INTEGER AS day FROM spans ORDER BY day");
    expect(rows.flat()).toEqual([50, 51, 52, 53, 54, 55, 56, 57, 58, 59]);
    expect([store.damagedFiles, store.missingRows, told.length]).toEqual([50, 1000, 50]);
  });

  const heldParts = [
    { title: "all", keptFrom: 1, back: ["a", "d"], missing: 0 },
    { title: "some", keptFrom: 2, back: ["d"], missing: 1 },
    { title: "none", keptFrom: 3, back: [], missing: 2 },
  ];
  for (const { title, keptFrom, back, missing } of heldParts) {
    test(`that is damaged is published again once, of the span journal ${title}`, async () => {
      await publishAll();
      const damaged = "parquet/tenant=default/day=2026-01-01/000000000001-000000000002.parquet";
      flip(join(dataDir, damaged), 1000);
      const expected = [...ALL.filter((name) => name !== "a" && name !== "d"), ...back].sort();
      {
        await using store = await opened();
        await store.wholeFiles();
        for (const each of store.missing()) await store.refill(each, held(each.after, each.through, keptFrom));
        expect(await names(store)).toEqual(expected);
        expect([store.missing(), store.damagedFiles, store.missingRows, await store.position()]).toEqual([[], 1, missing, 5]);
      }
      await using again = await opened();
      expect(await names(again)).toEqual(expected);
      expect([again.missing(), again.damagedFiles, again.missingRows]).toEqual([[], 1, missing]);
    });
  }

  test("that was published again can be damaged again", async () => {
    await publishAll();
    for (let round = 0; round < 3; round++) {
      await using store = await opened();
      for (const file of store.files().filter((path) => path.includes("tenant=other") && path.includes("001-")))
        flip(join(dataDir, file), 99 + round);
      await store.wholeFiles();
      for (const each of store.missing()) await store.refill(each, held(each.after, each.through));
      expect(await names(store)).toEqual(ALL);
    }
    expect(await namesIn()).toEqual(ALL);
    expect(readdirSync(join(dataDir, "damaged/parquet/tenant=other/day=2026-01-01"))).toHaveLength(3);
  });

  test("is not read again as long as nobody touches it", async () => {
    await publishAll();
    await using store = await opened();
    await store.wholeFiles();
    const file = join(dataDir, OTHER);
    const { atimeMs, mtimeMs } = statSync(file);
    await names(store);
    expect(statSync(file).mtimeMs).toBe(mtimeMs);
    utimesSync(file, atimeMs / 1000, 0);
    expect(await names(store)).toEqual(ALL); // another time, the same content
    expect(told).toEqual([]);
  });
});

describe("the manifest", () => {
  const manifest = (): string => join(dataDir, "manifest.jsonl");

  /** What must hold whatever was done to it: all rows, each once, now and after the next start. */
  async function expectWhole(): Promise<void> {
    {
      await using store = await opened();
      await fill(store);
      expect(await names(store)).toEqual(ALL);
    }
    expect(await namesIn()).toEqual(ALL);
  }

  const damages: readonly { title: string; make: () => void; kept: boolean }[] = [
    { title: "is gone", make: () => rmSync(manifest()), kept: true },
    { title: "is empty", make: () => writeFileSync(manifest(), ""), kept: true },
    { title: "is zeros", make: () => writeFileSync(manifest(), Buffer.alloc(500)), kept: true },
    {
      title: "is noise",
      make: () => writeFileSync(manifest(), Buffer.from(Array.from({ length: 500 }, (_, i) => (i * 7919) % 256))),
      kept: true,
    },
    { title: "lost its first line", make: () => writeFileSync(manifest(), linesOf().slice(1).join("")), kept: false },
    { title: "lost its last line", make: () => writeFileSync(manifest(), linesOf().slice(0, -1).join("")), kept: false },
    { title: "has a tail of zeros", make: () => writeFileSync(manifest(), `${linesOf().join("")}${"\0".repeat(300)}`), kept: false },
    {
      title: "has zeros in place of its end",
      make: () => writeFileSync(manifest(), `${linesOf().join("").slice(0, -100)}${"\0".repeat(100)}`),
      kept: false,
    },
  ];
  const linesOf = (): string[] => readFileSync(manifest(), "utf8").split(/(?<=\n)/);
  for (const { title, make, kept } of damages) {
    test(`that ${title} is made whole from the files`, async () => {
      await publishAll();
      make();
      await expectWhole();
      if (kept)
        expect(told.map(({ message }) => message)).toContain(
          "the manifest was damaged; it was written anew from the Parquet files, and the old one kept",
        );
      expect(existsSync(join(dataDir, "damaged", "manifest.jsonl"))).toBe(kept);
    });
  }

  test("survives 50 flipped bits, one at a time, and 20 cuts", async () => {
    await publishAll();
    const whole = copyOf(dataDir);
    const random = numbers(11);
    const size = statSync(manifest()).size;
    for (let i = 0; i < 70; i++) {
      rmSync(dataDir, { recursive: true });
      cpSync(whole, dataDir, { recursive: true, preserveTimestamps: true });
      const at = random.next().value;
      if (i < 50) flip(manifest(), at);
      else writeFileSync(manifest(), readFileSync(manifest()).subarray(0, at % size));
      await using store = await opened();
      await fill(store);
      expect(await names(store), `damage ${i}`).toEqual(ALL);
    }
  }, 180_000);

  test("remembers what was withdrawn and published again when it is written anew", async () => {
    await publishAll();
    const damaged = "parquet/tenant=default/day=2026-01-01/000000000001-000000000002.parquet";
    flip(join(dataDir, damaged), 1000);
    {
      await using store = await opened();
      await store.wholeFiles();
      for (const each of store.missing()) await store.refill(each, held(each.after, each.through));
    }
    const lines = linesOf();
    expect(lines).toHaveLength(5);
    for (const lost of lines.keys()) {
      writeFileSync(manifest(), lines.map((line, i) => (i === lost ? line.replace("{", "[") : line)).join(""));
      await expectWhole();
    }
  });

  test("of the first format is read, and gets lines of this one", async () => {
    await publishAll();
    const old = linesOf().map((line) => {
      const publication = JSON.parse(line.slice(0, line.lastIndexOf("\t"))) as { files: object[] };
      const files = publication.files.map((file) =>
        Object.fromEntries(Object.entries(file).filter(([key]) => key !== "after" && key !== "through")),
      );
      const json = JSON.stringify({ ...publication, format: 1, files });
      return `${json}\t${crc32(json).toString(16).padStart(8, "0")}\n`;
    });
    writeFileSync(manifest(), old.join(""));
    rmSync(join(dataDir, "parquet/tenant=other/day=2026-01-01/000000000003-000000000004.parquet"));
    await using store = await opened();
    await store.wholeFiles();
    expect(store.missing()).toMatchObject([{ tenant: "other", after: 2, through: 4 }]);
    for (const each of store.missing()) await store.refill(each, held(each.after, each.through));
    expect(await names(store)).toEqual(ALL);
    expect(told.map(({ message }) => message)).not.toContain(expect.stringContaining("manifest"));
  });

  test("passes over files that were never published, and says so", async () => {
    await publishAll();
    const folder = join(dataDir, "parquet/tenant=other/day=2026-01-01");
    cpSync(join(folder, "000000000001-000000000002.parquet"), join(folder, "copy.parquet"));
    cpSync(join(folder, "000000000001-000000000002.parquet"), join(folder, "000000000001-000000000002-7.parquet"));
    writeFileSync(join(folder, "notes.txt"), "mine");
    await expectWhole();
    expect(told.slice(0, 3).map(({ facts }) => String(facts["file"]).slice("parquet/tenant=other/day=2026-01-01/".length))).toEqual([
      "000000000001-000000000002-7.parquet",
      "copy.parquet",
      "notes.txt",
    ]);
    expect(readdirSync(folder)).toHaveLength(5);
  });
});

describe("spans.duckdb", () => {
  const views = (): string => join(dataDir, "spans.duckdb");
  const damages: readonly { title: string; make: () => void }[] = [
    { title: "is gone", make: () => rmSync(views()) },
    { title: "is damaged", make: () => flip(views(), 8 * 4096) },
    { title: "is something else", make: () => writeFileSync(views(), "not a database") },
    { title: "has somebody's log beside it", make: () => writeFileSync(`${views()}.wal`, "log of another one") },
  ];
  for (const { title, make } of damages) {
    test(`that ${title} is replaced`, async () => {
      await publishAll();
      make();
      await using store = await opened();
      await store.flush();
      const count = await store.query(`SELECT count(*)::INTEGER FROM (SELECT 1 FROM read_blob($1) WHERE size > 4096)`, [views()]);
      expect(count.rows).toEqual([[1]]);
      expect(existsSync(`${views()}.wal`)).toBe(false);
      writeFileSync(views(), "while it runs");
      await store.flush();
      expect(statSync(views()).size).toBeGreaterThan(4096);
    });
  }
});

let copies = 0;
function copyOf(folder: string): string {
  const copy = join(home, `copy-${copies++}`);
  mkdirSync(copy);
  cpSync(folder, copy, { recursive: true, preserveTimestamps: true });
  return copy;
}
