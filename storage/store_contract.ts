import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Span } from "../genai/span.ts";
import type { SpanStore } from "./store.ts";

export interface OpenOptions {
  readonly dataDir: string;
  readonly onRefused: (span: Span) => void;
}

/** A chat call that went well, with what the test says otherwise. */
export function aSpan(span: Partial<Span> = {}): Span {
  return {
    tenant: "default",
    source: "gateway",
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    name: "chat m",
    kind: "client",
    startTimeUnixNano: 1_767_225_600_123_456_789n, // 2026-01-01
    endTimeUnixNano: 1_767_225_601_123_456_789n,
    status: "unset",
    capture: "full",
    attributes: {},
    ...span,
  };
}

/** A time that no engine's timestamps reach. */
export const BEYOND_TIME = 2n ** 63n;

const DAY = 86_400_000_000_000n;

/** What every store of spans keeps of its promises. */
export function storeContract(name: string, open: (options: OpenOptions) => Promise<SpanStore>): void {
  describe(`the store ${name}`, () => {
    let home: string;
    let dataDir: string;
    beforeEach(() => {
      home = mkdtempSync(join(tmpdir(), "spangate-store-"));
      dataDir = join(home, "data");
    });
    afterEach(() => rmSync(home, { recursive: true, force: true }));

    const refuse = (span: Span): never => expect.fail(`refused ${span.name}`);
    const opened = (): Promise<SpanStore> => open({ dataDir, onRefused: refuse });
    /** The folder as a kill at this moment would leave it. */
    const killed = (from: string): string => {
      const copy = mkdtempSync(join(home, "killed-"));
      cpSync(from, copy, { recursive: true });
      return copy;
    };
    const named = (...names: readonly string[]): Span[] => names.map((each) => aSpan({ name: each }));

    test("is empty at first, and answers", async () => {
      await using store = await opened();
      expect(await store.query("SELECT * FROM spans")).toMatchObject({ rows: [] });
      expect(await store.position()).toBe(0);
      expect(store.files()).toEqual([]);
      await store.flush();
      expect(store.files()).toEqual([]);
    });

    test("shows rows at once, and has them for good after a flush", async () => {
      await using store = await opened();
      await store.append({ spans: named("a", "b"), through: 3 });
      expect(await namesIn(store)).toEqual(["a", "b"]);
      expect(await store.position()).toBe(0);
      {
        await using again = await open({ dataDir: killed(dataDir), onRefused: refuse });
        expect(await namesIn(again)).toEqual([]);
        expect(await again.position()).toBe(0);
      }
      await store.flush();
      expect(await namesIn(store)).toEqual(["a", "b"]);
      expect(await store.position()).toBe(3);
      await using again = await open({ dataDir: killed(dataDir), onRefused: refuse });
      expect(await namesIn(again)).toEqual(["a", "b"]);
      expect(await again.position()).toBe(3);
    });

    test("has everything for good once it is closed", async () => {
      {
        await using store = await opened();
        await store.append({ spans: named("a"), through: 1 });
      }
      await using store = await opened();
      expect(await namesIn(store)).toEqual(["a"]);
      expect(await store.position()).toBe(1);
    });

    test("moves on over a batch without spans", async () => {
      await using store = await opened();
      await store.append({ spans: [], through: 7 });
      await store.flush();
      expect(await store.position()).toBe(7);
      await using again = await open({ dataDir: killed(dataDir), onRefused: refuse });
      expect(await again.position()).toBe(7);
      expect(await namesIn(again)).toEqual([]);
    });

    test("leaves out what it cannot take, alone, and counts it", async () => {
      const refused: string[] = [];
      await using store = await open({ dataDir, onRefused: (span) => refused.push(span.name) });
      const poison = aSpan({ name: "poison", startTimeUnixNano: BEYOND_TIME, endTimeUnixNano: BEYOND_TIME });
      await store.append({ spans: [...named("a"), poison, ...named("b")], through: 1 });
      await store.append({ spans: [poison], through: 2 });
      await store.append({ spans: named("c"), through: 3 });
      await store.flush();
      expect(await namesIn(store)).toEqual(["a", "b", "c"]);
      expect(await store.position()).toBe(3);
      expect(refused).toEqual(["poison", "poison"]);
      expect([store.stored, store.refused]).toEqual([3, 2]);
    });

    test("takes a batch span by span as one: none of it is seen, published or passed over before it is whole", async () => {
      const refused: string[] = [];
      await using store = await open({ dataDir, onRefused: (span) => refused.push(span.name) });
      await store.append({ spans: named("one"), through: 1 });
      const poison = aSpan({ name: "poison", startTimeUnixNano: BEYOND_TIME, endTimeUnixNano: BEYOND_TIME });
      const told: string[] = [];
      const flushed: Promise<void>[] = [];
      await store.appendEach({ spans: [...named("a"), poison, ...named("b")], through: 2 }, ({ name: next }) => {
        told.push(next);
        flushed.push(store.flush());
      });
      expect(told).toEqual(["a", "poison", "b"]);
      expect(refused).toEqual(["poison"]);
      expect([store.stored, store.refused]).toEqual([3, 1]);
      await Promise.all(flushed);
      expect(await namesIn(store)).toEqual(["a", "b", "one"]);
      await using again = await open({ dataDir: killed(dataDir), onRefused: refuse });
      expect(await namesIn(again)).toEqual(["a", "b", "one"]);
      expect(await again.position()).toBe(2);
    });

    test("took nothing of a batch that it rejects, and takes it when it is offered again", async () => {
      await using store = await opened();
      const batch = { spans: named("a", "b", "c"), through: 1 };
      const failing = store.appendEach(batch, ({ name: next }) => {
        if (next === "c") throw new Error("not now");
      });
      await expect(failing).rejects.toThrow("not now");
      await store.flush();
      expect([await namesIn(store), await store.position(), store.stored]).toEqual([[], 0, 0]);
      await store.append(batch);
      await store.flush();
      expect([await namesIn(store), await store.position(), store.stored]).toEqual([["a", "b", "c"], 1, 3]);
    });

    test("rejects a batch behind one that it has: a restart would not offer that again", async () => {
      await using store = await opened();
      await store.append({ spans: named("a"), through: 2 });
      await expect(store.append({ spans: named("b"), through: 2 })).rejects.toThrow("in their order");
      await store.flush();
      await expect(store.append({ spans: named("b"), through: 1 })).rejects.toThrow("in their order");
      await store.append({ spans: named("b"), through: 3 });
      expect(await namesIn(store)).toEqual(["a", "b"]);
    });

    test("rejects a batch whose refused span cannot be put aside, and goes on", async () => {
      let failures = 0;
      await using store = await open({
        dataDir,
        onRefused() {
          if (failures++ === 0) throw new Error("no room for it");
        },
      });
      const poison = aSpan({ name: "poison", startTimeUnixNano: BEYOND_TIME, endTimeUnixNano: BEYOND_TIME });
      const batch = { spans: [...named("a"), poison, ...named("b")], through: 1 };
      await expect(store.append(batch)).rejects.toThrow("no room for it");
      await store.append(batch);
      await store.append({ spans: named("c"), through: 2 });
      await store.flush();
      expect([await namesIn(store), await store.position(), store.stored, store.refused]).toEqual([["a", "b", "c"], 2, 3, 1]);
    });

    test("takes late spans of another day and of other tenants beside the others", async () => {
      await using store = await opened();
      const spans = ["today", "late"].flatMap((name, i) =>
        ["default", "other"].map((tenant) =>
          aSpan({ name: `${name} of ${tenant}`, tenant, startTimeUnixNano: aSpan().startTimeUnixNano - BigInt(i) * 40n * DAY }),
        ),
      );
      await store.append({ spans, through: 1 });
      await store.flush();
      await store.append({ spans: named("later"), through: 2 });
      expect(await namesIn(store)).toEqual(["late of default", "late of other", "later", "today of default", "today of other"]);
      const { rows } = await store.query("SELECT name FROM spans WHERE tenant = $1 AND start_time < TIMESTAMP '2025-12-01'", ["other"]);
      expect(rows).toEqual([["late of other"]]);
    });

    test("binds parameters, and says what is wrong with a statement", async () => {
      await using store = await opened();
      await store.append({ spans: named("it's"), through: 1 });
      expect((await store.query("SELECT name, $2 FROM spans WHERE name = $1", ["it's", null])).rows).toEqual([["it's", null]]);
      await expect(store.query("SELECT nothing FROM spans")).rejects.toThrow("nothing");
      expect(await namesIn(store)).toEqual(["it's"]);
    });

    test("neither loses nor repeats a row, however it is flushed, closed and killed", async () => {
      const step = fc.oneof(
        { weight: 5, arbitrary: fc.record({ tenant: fc.constantFrom("a", "b"), day: fc.nat(2), rows: fc.nat(4) }) },
        { weight: 2, arbitrary: fc.constant("flush" as const) },
        { weight: 1, arbitrary: fc.constantFrom("kill" as const, "close" as const) },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
          const journal: { readonly spans: readonly Span[]; readonly through: number }[] = [];
          let folder = mkdtempSync(join(home, "run-"));
          let store = await open({ dataDir: folder, onRefused: refuse });
          const reopen = async (next: string): Promise<void> => {
            folder = next;
            store = await open({ dataDir: folder, onRefused: refuse });
            const position = await store.position();
            for (const batch of journal) if (batch.through > position) await store.append(batch);
          };
          for (const [i, each] of steps.entries()) {
            if (each === "flush") await store.flush();
            else if (each === "close") {
              await store[Symbol.asyncDispose]();
              expect((await store.query("SELECT 1").catch(() => undefined))?.rows).toBeUndefined();
              await reopen(folder);
            } else if (each === "kill") {
              const old = store;
              await reopen(killed(folder));
              await old[Symbol.asyncDispose]();
            } else {
              const startTimeUnixNano = aSpan().startTimeUnixNano + BigInt(each.day) * DAY;
              const spans = Array.from({ length: each.rows }, (_, row) =>
                aSpan({ name: `${i}.${row}`, tenant: each.tenant, startTimeUnixNano }),
              );
              journal.push({ spans, through: i + 1 });
              await store.append({ spans, through: i + 1 });
            }
            expect(await namesIn(store)).toEqual(journal.flatMap(({ spans }) => spans.map((span) => span.name)).sort());
          }
          await store[Symbol.asyncDispose]();
        }),
        { numRuns: 6 },
      );
    });

    test("never shows a row twice or misses one while it is flushed", async () => {
      await using store = await opened();
      let appended = 0;
      let done = false;
      const writing = (async () => {
        for (let through = 1; through <= 40; through++) {
          await store.append({ spans: named(...Array.from({ length: 5 }, (_, i) => `${through}.${i}`)), through });
          appended += 5;
          if (through % 3 === 0) void store.flush();
        }
        await store.flush();
        done = true;
      })();
      const seen: { readonly least: number; readonly rows: number; readonly distinct: number; readonly most: number }[] = [];
      while (!done) {
        const least = appended;
        const { rows } = await store.query("SELECT count(*)::INTEGER, count(DISTINCT name)::INTEGER FROM spans");
        const [[count, distinct] = []] = rows;
        seen.push({ least, rows: Number(count), distinct: Number(distinct), most: appended + 5 });
      }
      await writing;
      expect(seen.length).toBeGreaterThan(10);
      expect(seen.filter(({ least, rows, distinct, most }) => rows !== distinct || rows < least || rows > most)).toEqual([]);
      expect(await namesIn(store)).toHaveLength(200);
    });
  });
}

async function namesIn(store: SpanStore): Promise<string[]> {
  const { rows } = await store.query("SELECT name FROM spans");
  return rows.map(([name]) => String(name)).sort();
}
