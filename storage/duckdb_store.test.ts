import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { COLUMNS } from "./columns.ts";
import { duckdbStore, type DuckdbStoreOptions } from "./duckdb_store.ts";
import type { Publication } from "./manifest.ts";
import { aSpan, storeContract } from "./store_contract.ts";

const onError = (error: unknown): never => expect.fail(String(error));

storeContract("duckdb", (options) => duckdbStore({ ...options, onError }));

let home: string;
let dataDir: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "spangate-duckdb-"));
  dataDir = join(home, "data");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const opened = (options: Partial<DuckdbStoreOptions> = {}) =>
  duckdbStore({ dataDir, onRefused: (span, error) => expect.fail(`refused ${span.name}: ${String(error)}`), onError, ...options });

const publications = (): Publication[] =>
  readFileSync(join(dataDir, "manifest.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line.slice(0, line.lastIndexOf("\t"))) as Publication);

/** Two publications: one of two tenants and two days, and one of a single file. */
async function publishTwice(): Promise<void> {
  await using store = await opened();
  const yesterday = aSpan().startTimeUnixNano - 86_400_000_000_000n;
  await store.append({ spans: [aSpan({ name: "a" }), aSpan({ name: "b", tenant: "other" })], through: 1 });
  await store.append({ spans: [aSpan({ name: "c", startTimeUnixNano: yesterday }), aSpan({ name: "d" })], through: 2 });
  await store.flush();
  await store.append({ spans: [aSpan({ name: "e" })], through: 5 });
}

async function namesIn(folder = dataDir): Promise<unknown[]> {
  await using store = await opened({ dataDir: folder });
  const { rows } = await store.query("SELECT name FROM spans ORDER BY name");
  return rows.map(([name]) => name);
}

describe("publishing", () => {
  test("writes a file for each tenant and day, whose facts stand in the manifest and in the file", async () => {
    await publishTwice();
    const [first, second, ...others] = publications();
    expect(others).toEqual([]);
    expect(first?.files.map(({ path, tenant, day, rows }) => ({ path, tenant, day, rows }))).toEqual([
      { path: "parquet/tenant=default/day=2025-12-31/000000000001-000000000002.parquet", tenant: "default", day: "2025-12-31", rows: 1 },
      { path: "parquet/tenant=default/day=2026-01-01/000000000001-000000000002.parquet", tenant: "default", day: "2026-01-01", rows: 2 },
      { path: "parquet/tenant=other/day=2026-01-01/000000000001-000000000002.parquet", tenant: "other", day: "2026-01-01", rows: 1 },
    ]);
    expect(second?.files.map(({ path }) => path)).toEqual(["parquet/tenant=default/day=2026-01-01/000000000003-000000000005.parquet"]);
    await using store = await opened();
    for (const { through, publishedAt, files, format } of [first, second].flatMap((each) => each ?? [])) {
      for (const { path, sha256, bytes, tenant, day, rows, after } of files) {
        const file = join(dataDir, path);
        const content = readFileSync(file);
        expect({ bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") }).toEqual({ bytes, sha256 });
        expect(statSync(file).mode & 0o777).toBe(0o600);
        const about = await store.query("SELECT decode(value) FROM parquet_kv_metadata($1) WHERE decode(key) = 'spangate'", [file]);
        expect(JSON.parse(String(about.rows[0]?.[0]))).toEqual({
          format,
          path,
          tenant,
          day,
          rows,
          after,
          through,
          publishedAt,
          of: files.length,
          replaces: [],
        });
      }
    }
    await store.flush();
    expect(statSync(join(dataDir, "manifest.jsonl")).mode & 0o777).toBe(0o600);
    expect(statSync(join(dataDir, "spans.duckdb")).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(dataDir, "run"))).toEqual([]);
  });

  test("keeps a tenant's files inside its own folder, whatever its name", async () => {
    await using store = await opened();
    const names = ["..", "a/../../b", "it's", "\u00e4\u{1F600}"];
    await store.append({ spans: names.map((tenant) => aSpan({ tenant, name: tenant })), through: 1 });
    await store.flush();
    expect(readdirSync(dataDir).sort()).toEqual(["manifest.jsonl", "parquet", "run", "spans.duckdb"]);
    expect(store.files().map((path) => path.split("/").length)).toEqual([4, 4, 4, 4]);
    expect((await store.query("SELECT tenant FROM spans")).rows.flat().map(String).sort()).toEqual([...names].sort());
  });

  test("happens by itself once rows have waited long enough", async () => {
    await using store = await opened({ publishAfterMs: 0 });
    await store.append({ spans: [aSpan()], through: 1 });
    await expect.poll(() => store.files().length, { timeout: 10_000 }).toBe(1);
    expect(await store.position()).toBe(1);
  });

  test("keeps memory bounded when rows come faster than they are published", async () => {
    const publishAtBytes = 8 * 1024 * 1024;
    await using store = await opened({ publishAtBytes });
    const spans = Array.from({ length: 500 }, (_, i) => aSpan({ attributes: { text: `${i} `.repeat(2000) } }));
    let inMemory = 0;
    for (let through = 1; through <= 14; through++) {
      await store.append({ spans, through });
      inMemory = Math.max(inMemory, through - (await store.position()));
    }
    expect(inMemory).toBeLessThan(6);
    expect(store.stored).toBe(7000);
  });

  test("gives the memory of long texts back", async () => {
    await using store = await opened();
    const used = async () => Number((await store.query("SELECT sum(memory_usage_bytes)::BIGINT FROM duckdb_memory()")).rows[0]?.[0]);
    const before = await used();
    await store.append({ spans: Array.from({ length: 40 }, () => aSpan({ attributes: { text: "long ".repeat(50_000) } })), through: 1 });
    expect(await used()).toBeGreaterThan(before + 5_000_000);
    await store.flush();
    expect(await used()).toBeLessThan(before + 1_000_000);
  });

  test("that failed is made up for by the next, also of the view", async () => {
    await using store = await opened();
    await store.append({ spans: [aSpan({ name: "a" })], through: 1 });
    rmSync(join(dataDir, "spans.duckdb"));
    mkdirSync(join(dataDir, "spans.duckdb", "in the way"), { recursive: true });
    await expect(store.flush()).rejects.toThrow("spans.duckdb");
    expect((await store.query("SELECT name FROM spans")).rows).toEqual([["a"]]);
    rmSync(join(dataDir, "spans.duckdb"), { recursive: true });
    await store.flush();
    expect(queried("SELECT name FROM spans")).toEqual([["a"]]);
  });

  test("that could not write its files keeps the rows, and writes them later", async () => {
    await using store = await opened();
    await store.append({ spans: [aSpan({ name: "a" })], through: 1 });
    writeFileSync(join(dataDir, "parquet"), "in the way");
    await expect(store.flush()).rejects.toThrow("parquet");
    expect([await store.position(), store.files()]).toEqual([0, []]);
    await store.append({ spans: [aSpan({ name: "b" })], through: 2 });
    expect((await store.query("SELECT name FROM spans ORDER BY name")).rows).toEqual([["a"], ["b"]]);
    rmSync(join(dataDir, "parquet"));
    await store.flush();
    expect((await store.query("SELECT name FROM spans ORDER BY name")).rows).toEqual([["a"], ["b"]]);
    expect(publications().map(({ files }) => files.map(({ rows }) => rows))).toEqual([[1], [1]]);
  });
});

describe("a publication that was cut short", () => {
  /** Takes the last line off the manifest, as if the process had been killed before it was written. */
  function unwriteLastLine(): string {
    const file = join(dataDir, "manifest.jsonl");
    const lines = readFileSync(file, "utf8").split("\n");
    const last = lines.at(-2) ?? "";
    writeFileSync(file, [...lines.slice(0, -2), ""].join("\n"));
    return last;
  }

  const remains: readonly { title: string; make: () => void; finished: boolean }[] = [
    { title: "files without a line", make: () => void unwriteLastLine(), finished: true },
    {
      title: "half a line",
      finished: true,
      make: () => {
        const last = unwriteLastLine();
        appendFileSync(join(dataDir, "manifest.jsonl"), last.slice(0, last.length / 2));
      },
    },
    {
      title: "zeros, as power loss leaves them",
      finished: true,
      make: () => {
        unwriteLastLine();
        appendFileSync(join(dataDir, "manifest.jsonl"), Buffer.alloc(200));
      },
    },
    {
      title: "a draft of a file and of the view",
      finished: false,
      make: () => {
        unwriteLastLine();
        const folder = join(dataDir, "parquet/tenant=default/day=2026-01-01");
        renameSync(join(folder, "000000000003-000000000005.parquet"), join(folder, `.${"0a".repeat(8)}.tmp`));
        for (const name of ["spans.new.duckdb", "spans.new.duckdb.wal"]) writeFileSync(join(dataDir, "run", name), "half");
      },
    },
  ];
  for (const { title, make, finished } of remains) {
    test(`left ${title}: it is ${finished ? "finished" : "undone"} at the next start`, async () => {
      await publishTwice();
      make();
      {
        await using store = await opened();
        expect(await store.position()).toBe(finished ? 5 : 2);
        expect((await store.query("SELECT name FROM spans ORDER BY name")).rows.flat()).toEqual([
          "a",
          "b",
          "c",
          "d",
          ...(finished ? ["e"] : []),
        ]);
        expect(store.files().filter((path) => !existsSync(join(dataDir, path)))).toEqual([]);
        if (!finished) await store.append({ spans: [aSpan({ name: "e" })], through: 5 });
      }
      expect(await namesIn()).toEqual(["a", "b", "c", "d", "e"]);
      const files = publications().flatMap(({ files: published }) => published.map(({ path }) => basename(path)));
      const onDisk = readdirSync(join(dataDir, "parquet"), { recursive: true, encoding: "utf8" }).filter((path) => path.includes("."));
      expect(onDisk.map((path) => basename(path)).sort()).toEqual(files.sort());
    });
  }

  test("because the disk was full leaves no half line before the next", async () => {
    await using store = await opened();
    await store.append({ spans: [aSpan({ name: "a" })], through: 1 });
    await store.flush();
    appendFileSync(join(dataDir, "manifest.jsonl"), '{"format":1,"thr');
    await store.append({ spans: [aSpan({ name: "b" })], through: 2 });
    await store.flush();
    const copy = join(home, "copy");
    cpSync(dataDir, copy, { recursive: true });
    expect(await namesIn(copy)).toEqual(["a", "b"]);
  });
});

test("a manifest of a newer version is not touched", async () => {
  await publishTwice();
  const file = join(dataDir, "manifest.jsonl");
  writeFileSync(file, '{"format":99}\t391aaf7e\n');
  const before = readdirSync(dataDir, { recursive: true, encoding: "utf8" });
  await expect(opened()).rejects.toThrow(/newer Spangate \(format 99/);
  expect(before.filter((path) => !existsSync(join(dataDir, path)))).toEqual([]);
});

describe("spans.duckdb", () => {
  test("is opened by another process while the store runs, and shows what was published since", async () => {
    await using store = await opened();
    expect(queried("SELECT count(*)::INTEGER FROM spans")).toEqual([[0]]);
    await store.append({
      spans: [aSpan({ name: "a" }), aSpan({ name: "in another day", startTimeUnixNano: 0n, endTimeUnixNano: 1n })],
      through: 1,
    });
    await store.flush();
    expect(queried("SELECT name FROM spans ORDER BY name")).toEqual([["a"], ["in another day"]]);
    await store.append({ spans: [aSpan({ name: "b" })], through: 2 });
    await store.flush();
    expect(queried("SELECT name, start_time::VARCHAR FROM spans ORDER BY name")).toEqual([
      ["a", "2026-01-01 00:00:00.123456789"],
      ["b", "2026-01-01 00:00:00.123456789"],
      ["in another day", "1970-01-01 00:00:00"],
    ]);
    expect(queried("SELECT column_name FROM (DESCRIBE spans)")?.flat()).toEqual(COLUMNS.map(({ name }) => name));
  });

  test.skipIf(!pythonHasDuckdb())("is opened by the DuckDB of Python", async () => {
    await publishTwice();
    const code =
      "import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).sql('SELECT count(*) FROM spans').fetchall()[0][0])";
    expect(execFileSync("python3", ["-c", code, join(dataDir, "spans.duckdb")], { encoding: "utf8" }).trim()).toBe("5");
  });
});

/** Rows of a statement over `spans.duckdb`, by a process of its own. */
function queried(statement: string): unknown[][] | undefined {
  const code = `
    import { DuckDBInstance } from "@duckdb/node-api";
    const [file, statement] = process.argv.slice(1);
    const connection = await (await DuckDBInstance.create(file, { access_mode: "READ_ONLY" })).connect();
    console.log(JSON.stringify((await connection.runAndReadAll(statement)).getRows()));`;
  const stdout = execFileSync(process.execPath, ["--input-type=module", "-e", code, join(dataDir, "spans.duckdb"), statement], {
    cwd: fileURLToPath(new URL("..", import.meta.url)), // where the package is found
    encoding: "utf8",
  });
  return JSON.parse(stdout) as unknown[][];
}

function pythonHasDuckdb(): boolean {
  return spawnSync("python3", ["-c", "import duckdb"]).status === 0;
}
