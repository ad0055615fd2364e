import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Span } from "../genai/span.ts";
import { duckdbStore, type DuckdbStoreOptions } from "./duckdb_store.ts";
import type { PublishStep } from "./publish.ts";
import { StoreFull, type SpanStore } from "./store.ts";
import { aSpan } from "./store_contract.ts";

let home: string;
let dataDir: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "spangate-publish-"));
  dataDir = join(home, "data");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const opened = (options: Partial<DuckdbStoreOptions> = {}): Promise<SpanStore> =>
  duckdbStore({
    dataDir,
    onRefused: ({ name }) => expect.fail(`refused ${name}`),
    onError: (error) => expect.fail(String(error)),
    ...options,
  });

const names = async (store: SpanStore): Promise<string[]> =>
  (await store.query("SELECT name FROM spans")).rows.map(([name]) => String(name)).sort();

const parquetFiles = (): string[] =>
  readdirSync(join(dataDir, "parquet"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.includes("."))
    .map((path) => `parquet/${path}`)
    .sort();

const BATCHES = [1, 2, 3].map((through) => ({
  through,
  spans: ["default", "other"].map((tenant) => aSpan({ tenant, name: `${through} of ${tenant}` })),
}));
const ALL = BATCHES.flatMap(({ spans }) => spans.map(({ name }) => name)).sort();

const STEPS: readonly PublishStep[] = ["draft written", "draft durable", "file renamed", "folders durable", "line appended"];
test.for(STEPS)("a process that ends when a publication has its %s leaves every row once", async (step) => {
  const killed: string[] = [];
  {
    await using store = await opened({
      onPublishStep(at) {
        if (at !== step) return;
        killed.push(join(home, `killed-${killed.length}`));
        cpSync(dataDir, killed.at(-1) ?? "", { recursive: true, preserveTimestamps: true });
      },
    });
    for (const batch of BATCHES) {
      await store.append(batch);
      if (batch.through > 1) await store.flush();
    }
  }
  expect(killed).toHaveLength(step === "folders durable" || step === "line appended" ? 2 : 4);
  for (const folder of killed) {
    dataDir = folder;
    {
      await using store = await opened();
      const position = await store.position();
      for (const batch of BATCHES) if (batch.through > position) await store.append(batch);
      expect(await names(store)).toEqual(ALL);
      await store.flush();
      expect(parquetFiles()).toEqual([...store.files()].sort());
    }
    await using again = await opened();
    expect(await names(again)).toEqual(ALL);
  }
});

test.for(STEPS)("a publication that fails when it has its %s is made up for, and every row counts once all the while", async (failing) => {
  for (const time of [1, 2]) {
    dataDir = join(home, `fails-${time}`);
    let times = 0;
    {
      await using store = await opened({
        onPublishStep(step) {
          if (step === failing && ++times === time) throw new Error("not now");
        },
      });
      const seen: string[] = [];
      let failures = 0;
      for (const batch of BATCHES) {
        await store.append(batch);
        seen.push(...batch.spans.map(({ name }) => name));
        await store.flush().catch(() => failures++);
        expect(await names(store)).toEqual([...seen].sort());
      }
      expect(failures).toBe(1);
      expect(await store.position()).toBe(3);
      expect(parquetFiles()).toEqual([...store.files()].sort());
    }
    await using again = await opened();
    expect(await names(again)).toEqual(ALL);
  }
});

test("a file that is damaged while another one is published makes no row of that count twice", async () => {
  let harm: (() => void) | undefined;
  {
    await using store = await opened({
      onPublishStep(step) {
        if (step === "line appended" && harm) setImmediate(harm); // when the view is being made over it
      },
      onDamage: () => {},
    });
    await store.append({ through: 1, spans: [aSpan({ name: "a" })] });
    await store.flush();
    const [file = ""] = store.files();
    await store.append({ through: 2, spans: [aSpan({ name: "b" })] });
    harm = () => writeFileSync(join(dataDir, file), "garbage");
    await store.flush();
    harm = undefined;
    expect(await names(store)).toEqual(["b"]);
    await store.append({ through: 3, spans: [aSpan({ name: "c" })] });
  }
  await using again = await opened();
  expect(await names(again)).toEqual(["b", "c"]);
});

test("batches that the engine has not the memory to write together are published one part after the other", async () => {
  const text = "x".repeat(200_000);
  const batches = Array.from({ length: 60 }, (_, i) => ({
    through: i + 1,
    spans: Array.from({ length: 20 }, (_, j) =>
      aSpan({ tenant: j % 10 === 0 ? "other" : "default", name: `${i}.${j}`, attributes: { "gen_ai.input.messages": text } }),
    ),
  }));
  const all = batches.flatMap(({ spans }) => spans.map(({ name }) => name)).sort();
  let lines = 0;
  const killed = join(home, "killed");
  {
    await using store = await opened({
      publishAtBytes: 1024 ** 3,
      publishAfterMs: 3600_000,
      async onPublishStep(step) {
        if (step !== "line appended" || ++lines > 1) return;
        cpSync(dataDir, killed, { recursive: true, preserveTimestamps: true });
        throw new Error("interrupted");
      },
    });
    for (const batch of batches) await store.append(batch);
    await expect(store.flush()).rejects.toThrow("interrupted");
    expect(await names(store)).toEqual(all);
    await store.flush();
    expect(await names(store)).toEqual(all);
    expect(await store.position()).toBe(60);
  }
  expect(lines).toBeGreaterThan(1);

  dataDir = killed;
  await using store = await opened();
  const position = await store.position();
  expect(position).toBeGreaterThan(0);
  expect(position).toBeLessThan(60);
  for (const batch of batches) if (batch.through > position) await store.append(batch);
  expect(await names(store)).toEqual(all);
});

describe("spans for which there is no memory", () => {
  const MIB = 1024 * 1024;
  const long = (count: number, bytes: number): Span[] =>
    Array.from({ length: count }, (_, i) => aSpan({ name: `${i}`, attributes: { "gen_ai.input.messages": "x".repeat(bytes) } }));
  const rowsOf = async (store: SpanStore): Promise<number> => Number((await store.query("SELECT count(*) FROM spans")).rows[0]?.[0]);

  test("are taken once those before them are in files", async () => {
    await using store = await opened({ publishAtBytes: 1024 ** 3, publishAfterMs: 3600_000 });
    for (let through = 1; through <= 12; through++) await store.append({ spans: long(20, MIB), through });
    await store.append({ spans: long(120, MIB), through: 13 });
    expect(store.files()).not.toEqual([]);
    expect([await rowsOf(store), store.refused]).toEqual([360, 0]);
  });

  test("are refused when there never will be: a small text may be large to the engine", async () => {
    const refused: string[] = [];
    await using store = await opened({ onRefused: ({ name }) => void refused.push(name) });
    await store.append({ spans: long(3, 1000), through: 1 });
    const parts = Array.from({ length: 9_000_000 }, () => 0);
    const dense = aSpan({ name: "dense", attributes: { "gen_ai.input.messages": [{ role: "user", parts }] } });
    await store.append({ spans: [...long(2, 1000), dense], through: 2 });
    await store.append({ spans: long(1, 1000), through: 3 });
    expect([await rowsOf(store), store.refused, refused]).toEqual([6, 1, ["dense"]]);
    await store.flush();
    expect(await store.position()).toBe(3);
  });

  test("are refused beyond what could be written to files again, and the batch goes on", async () => {
    const refused: string[] = [];
    await using store = await opened({ onRefused: ({ name }) => void refused.push(name) });
    await store.append({ spans: long(30, 8 * MIB), through: 1 });
    await store.append({ spans: long(1, 1000), through: 2 });
    await store.flush();
    const rows = await rowsOf(store);
    expect(rows).toBeGreaterThan(10);
    expect([rows + refused.length, await store.position()]).toEqual([31, 2]);
  });
});

test("a batch that is given span by span fills the tables as one", async () => {
  const batch = {
    through: 2,
    spans: ["b", "c", "d", "e"].map((name) => aSpan({ name, attributes: { text: "x".repeat(30_000) } })),
  };
  {
    await using store = await opened({ publishAtBytes: 40_000 });
    await store.append({ through: 1, spans: [aSpan({ name: "a" })] });
    await store.flush();
    await store.appendEach(batch);
    expect(await store.position()).toBe(1);
    await store.append({ through: 3, spans: [aSpan({ name: "f" })] });
  }
  await using again = await opened();
  expect(await names(again)).toEqual(["a", "b", "c", "d", "e", "f"]);
});

test("a process that is killed at any moment leaves every row once", async () => {
  const code = `
    import { duckdbStore } from "./storage/duckdb_store.ts";
    const [dataDir, span] = process.argv.slice(1);
    const { startTimeUnixNano, endTimeUnixNano, ...rest } = JSON.parse(span);
    const store = await duckdbStore({ dataDir, onRefused: (span, error) => { throw error; }, onError: (error) => { throw error; } });
    for (let through = (await store.position()) + 1; ; through++) {
      const spans = ["default", "other"].map((tenant) => ({
        ...rest, tenant, name: through + " of " + tenant, startTimeUnixNano: BigInt(startTimeUnixNano), endTimeUnixNano: BigInt(endTimeUnixNano),
      }));
      await store.append({ spans, through });
      if (through % 3 === 0) await store.flush();
      if (through % 3 === 0) console.log(through);
    }`;
  const span = JSON.stringify(aSpan(), (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value));
  for (let kill = 0; kill < 8; kill++) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", code, dataDir, span], {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    const closed = once(child, "close");
    await Promise.race([once(child.stdout, "data"), closed]); // it has published
    await setTimeout(kill * 37);
    child.kill("SIGKILL");
    const [exitCode, signal] = (await closed) as [number | null, string | null];
    expect([exitCode, signal], said).toEqual([null, "SIGKILL"]);
  }
  await using store = await opened();
  const position = await store.position();
  const expected = Array.from({ length: position }, (_, i) => ["default", "other"].map((tenant) => `${i + 1} of ${tenant}`)).flat();
  expect(position).toBeGreaterThan(0);
  expect(await names(store)).toEqual(expected.sort());
  expect(parquetFiles()).toEqual([...store.files()].sort());
}, 60_000);

describe("while nothing can be published", () => {
  test("rows stay readable, no more are taken than fit in, and all are published when it works again", async () => {
    const errors: unknown[] = [];
    await using store = await opened({ publishAtBytes: 50_000, onError: (error) => errors.push(error) });
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(join(dataDir, "parquet"), "in the way");
    const batch = (through: number) => ({ through, spans: [aSpan({ name: `${through}`, attributes: { text: "x".repeat(10_000) } })] });
    let taken = 0;
    let refusal: unknown;
    while (refusal === undefined && taken < 100) {
      await store.append(batch(taken + 1)).then(
        () => taken++,
        (error: unknown) => (refusal = error),
      );
    }
    expect(refusal).toBeInstanceOf(StoreFull);
    expect((refusal as Error).message).toContain("cannot be published");
    expect(taken).toBeLessThan(15);
    await expect(store.append(batch(taken + 1))).rejects.toThrow(StoreFull); // at once, not after another try
    expect(await names(store)).toHaveLength(taken);
    expect([store.stored, await store.position()]).toEqual([taken, 0]);
    rmSync(join(dataDir, "parquet"));
    await store.flush();
    for (let through = taken + 1; through <= 30; through++) await store.append(batch(through));
    await store.flush();
    expect(await names(store)).toHaveLength(30);
    expect(await store.position()).toBe(30);
  });

  test.skipIf(!mayMount())("because the disk is full, no part of a file is left, and it is made up for when there is room", async () => {
    mkdirSync(dataDir);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=6m", "tmpfs", dataDir]);
    try {
      await using store = await opened({ onError: () => {} });
      await store.append({ through: 1, spans: [aSpan({ name: "before" })] });
      await store.flush();
      const published = parquetFiles();
      const filler = join(dataDir, "filler");
      fillUp(filler);
      await store.append({ through: 2, spans: ["default", "other"].map((tenant) => aSpan({ name: tenant, tenant })) });
      for (let i = 0; i < 3; i++) await expect(store.flush()).rejects.toThrow(/space|ENOSPC/i);
      expect(parquetFiles()).toEqual(published);
      expect(await names(store)).toEqual(["before", "default", "other"]);
      rmSync(filler);
      await store.flush();
      expect(await store.position()).toBe(2);
      expect(await names(store)).toEqual(["before", "default", "other"]);
      expect(parquetFiles()).toEqual([...store.files()].sort());
    } finally {
      execFileSync("umount", ["-l", dataDir]);
    }
  });
});

/** Until not a byte more fits in. */
function fillUp(file: string): void {
  for (const size of [64 * 1024, 4096, 1]) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size), { flag: "a" });
    } catch (error) {
      expect(error).toMatchObject({ code: "ENOSPC" });
    }
  }
}

function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "spangate-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], { stdio: "ignore" });
    execFileSync("umount", [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
