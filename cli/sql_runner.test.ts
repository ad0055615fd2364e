import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SqlError } from "../analytics/api.ts";
import { duckdbStore } from "../storage/duckdb_store.ts";
import type { SpanStore } from "../storage/store.ts";
import { aSpan } from "../storage/store_contract.ts";
import { sqlRunner } from "./sql_runner.ts";

let dataDir: string;
let store: SpanStore;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "spangate-sql-"));
  store = await duckdbStore({ dataDir, onRefused: ({ name }) => expect.fail(name), onError: (error) => expect.fail(String(error)) });
  await store.append({ spans: [aSpan({ name: "a" })], through: 1 });
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(dataDir, { recursive: true, force: true });
});

const queryProcesses = (): number =>
  execFileSync("ps", ["-o", "args=", "--ppid", String(process.pid)], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.includes("query_process")).length;

test("answers with what was appended a moment ago", async () => {
  const runner = sqlRunner({ dataDir, store });
  expect(await runner.run("SELECT name FROM spans WHERE name = $1", ["a"])).toMatchObject({ rows: [["a"]], truncated: false });
});

test("says what is wrong with a statement to whoever wrote it", async () => {
  await expect(sqlRunner({ dataDir, store }).run("SELECT nothing FROM spans", [])).rejects.toThrow(SqlError);
});

describe("a statement that is too much", () => {
  const statements = [
    {
      title: "runs forever",
      statement: "SELECT count(*) FROM range(100000000000) a, range(1000) b",
      says: /longer than 1 s .*ask for less/,
    },
    {
      title: "recurses forever",
      statement: "WITH RECURSIVE r AS (SELECT 1 i UNION ALL SELECT i + 1 FROM r) SELECT count(*) FROM r",
      says: /ask for less|longer|memory/i,
    },
    {
      title: "stalls the engine before it begins",
      statement: "SELECT len(list_sort(range(60000000)))",
      says: /longer|memory|ask for less/i,
    },
    {
      title: "asks for more memory than the engine counts",
      statement: "SELECT len(range(300000000))",
      says: /more memory than 1 GiB .*ask for less/,
      timeLimitMs: 10_000,
    },
    {
      title: "kills the engine",
      statement: "SELECT json_structure(repeat('[', 200000) || repeat(']', 200000))",
      says: /engine ended .*ask for less|depth|JSON/i,
      timeLimitMs: 10_000,
    },
  ];
  for (const { title, statement, says, timeLimitMs = 1000 } of statements) {
    test(`and ${title} ends alone`, async () => {
      const runner = sqlRunner({ dataDir, store, timeLimitMs });
      const since = performance.now();
      await expect(runner.run(statement, [])).rejects.toThrow(says);
      expect(performance.now() - since).toBeLessThan(timeLimitMs + 8000);
      expect((await store.query("SELECT name FROM spans")).rows).toEqual([["a"]]);
      expect(queryProcesses()).toBe(0);
    });
  }

  test("is answered as far as the limits go", async () => {
    const runner = sqlRunner({ dataDir, store });
    const many = await runner.run("SELECT range FROM range(20000)", []);
    expect([many.rows.length, many.truncated]).toEqual([10_000, true]);
    const large = await runner.run("SELECT repeat('x', 1000000) FROM range(100)", []);
    expect([large.rows.length, large.truncated]).toEqual([67, true]);
  });
});

test("asks few at once, and lets the others wait", async () => {
  const runner = sqlRunner({ dataDir, store });
  let most = 0;
  const timer = setInterval(() => (most = Math.max(most, queryProcesses())), 10);
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, i) => runner.run("SELECT $1::INTEGER, sum(range) FROM range(3000000)", [i])),
  );
  clearInterval(timer);
  expect(answers.map(({ rows }) => rows[0]?.[0])).toEqual([0, 1, 2, 3, 4, 5]);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(2);
});
