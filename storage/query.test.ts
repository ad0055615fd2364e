import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { duckdbStore } from "./duckdb_store.ts";
import { queryFiles, StatementError, type FileQuery } from "./query.ts";
import { aSpan } from "./store_contract.ts";

let dataDir: string;
let files: readonly string[];

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "spangate-query-"));
  await using store = await duckdbStore({
    dataDir,
    onRefused: ({ name }) => expect.fail(name),
    onError: (error) => expect.fail(String(error)),
  });
  const spans = Array.from({ length: 30 }, (_, i) =>
    aSpan({ name: `span ${i}`, attributes: { "spangate.dim.__proto__": "x", [`spangate.dim.n`]: `${i}` } }),
  );
  await store.append({ spans, through: 1 });
  await store.flush();
  files = store.files();
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const ask = (statement: string, more: Partial<FileQuery> = {}) =>
  queryFiles({ dataDir, files, statement, parameters: [], maxRows: 100, maxBytes: 1_000_000, ...more });

const content = (): string[] =>
  readdirSync(dataDir, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${join(entry.parentPath, entry.name)} ${readFileSync(join(entry.parentPath, entry.name), "base64")}`);

const answered: readonly { title: string; statement: string; parameters?: FileQuery["parameters"]; rows: unknown[][] }[] = [
  { title: "a count as text, since it may be beyond what a number holds", statement: "SELECT count(*) FROM spans", rows: [["30"]] },
  {
    title: "parameters",
    statement: "SELECT name, $2, $3, $4 FROM spans WHERE name = $1",
    parameters: ["span 7", 1.5, true, null],
    rows: [["span 7", 1.5, true, null]],
  },
  { title: "a common table expression", statement: "WITH s AS (FROM spans) SELECT count(*)::INTEGER FROM s;", rows: [[30]] },
  {
    title: "maps as objects",
    statement: "SELECT dims FROM spans WHERE name = 'span 3'",
    rows: [
      [
        Object.fromEntries([
          ["__proto__", "x"],
          ["n", "3"],
        ]),
      ],
    ],
  },
  {
    title: "decimals and times as text",
    statement: "SELECT 0.1::DECIMAL(18,9), min(start_time) FROM spans",
    rows: [["0.100000000", "2026-01-01 00:00:00.123456789"]],
  },
];
for (const { title, statement, parameters = [], rows } of answered) {
  test(`answers ${title}`, async () => {
    expect(await ask(statement, { parameters })).toMatchObject({ rows, truncated: false });
  });
}

const refused: readonly { title: string; statement: (file: string) => string; says: RegExp }[] = [
  { title: "no statement at all", statement: () => " -- nothing", says: /one statement, found 0/ },
  { title: "two statements", statement: () => "SELECT 1; SELECT 2", says: /one statement, found 2/ },
  { title: "a mistake", statement: () => "SELEC 1", says: /syntax error/ },
  { title: "an unknown column", statement: () => "SELECT nothing FROM spans", says: /nothing/ },
  { title: "a table of one's own", statement: () => "CREATE TABLE t (i INT)", says: /must be a SELECT/ },
  { title: "a setting", statement: () => "SET threads = 8", says: /must be a SELECT/ },
  { title: "another database", statement: () => "ATTACH ':memory:' AS other", says: /must be a SELECT/ },
  { title: "an extension", statement: () => "INSTALL httpfs", says: /must be a SELECT/ },
  {
    title: "a copy over a published file",
    statement: (file) => `COPY (SELECT 1) TO '${file}' (FORMAT parquet, USE_TMP_FILE false)`,
    says: /must be a SELECT/,
  },
  {
    title: "a copy over a published file, explained",
    statement: (file) => `EXPLAIN ANALYZE COPY (SELECT 1) TO '${file}' (FORMAT parquet, USE_TMP_FILE false)`,
    says: /must be a SELECT/,
  },
  { title: "a file of the machine", statement: () => "SELECT * FROM read_text('/etc/passwd')", says: /disabled|Permission/i },
  {
    title: "a file beside the published ones",
    statement: () => `SELECT * FROM read_text('${dataDir}/manifest.jsonl')`,
    says: /disabled|Permission/i,
  },
  { title: "the files of a folder", statement: () => "SELECT * FROM glob('/etc/*')", says: /disabled|Permission/i },
];
for (const { title, statement, says } of refused) {
  test(`refuses ${title}, and changes nothing`, async () => {
    const before = content();
    await expect(ask(statement(join(dataDir, files[0] ?? "")))).rejects.toThrow(says);
    expect(content()).toEqual(before);
  });
}

test("lets no function write to a published file", async () => {
  const before = content();
  await ask(`SELECT * FROM enable_logging(storage = 'file', storage_path = '${join(dataDir, files[0] ?? "")}')`).catch(() => {});
  expect(content()).toEqual(before);
});

test("tells its own refusals from the engine's", async () => {
  await expect(ask("SET threads = 8")).rejects.toThrow(StatementError);
  await expect(ask("SELECT nothing FROM spans")).rejects.not.toThrow(StatementError);
});

test("stops at the row limit, and says so", async () => {
  expect(await ask("SELECT name FROM spans", { maxRows: 30 })).toMatchObject({ truncated: false });
  const { rows, truncated } = await ask("SELECT name FROM spans", { maxRows: 29 });
  expect([rows.length, truncated]).toEqual([29, true]);
  expect((await ask("SELECT range FROM range(100000000)", { maxRows: 5 })).rows).toHaveLength(5);
});

test("stops at the size limit, and says so", async () => {
  const { rows, truncated } = await ask("SELECT repeat('x', 1000) FROM range(5000)", { maxRows: 10_000, maxBytes: 100_000 });
  expect(truncated).toBe(true);
  expect(rows.length).toBeGreaterThan(50);
  expect(rows.length).toBeLessThanOrEqual(100);
});

test("has an empty view when nothing is published", async () => {
  const { columns, rows } = await ask("SELECT * FROM spans", { files: [] });
  expect(rows).toEqual([]);
  expect(columns.map(({ name }) => name)).toContain("attrs");
});
