import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encodePiece } from "../genai/piece.ts";
import type { Span } from "../genai/span.ts";
import { journal } from "../journal/append.ts";
import { KIND } from "../journal/record.ts";
import { StoreFull } from "../storage/store.ts";
import { aSpan, BEYOND_TIME } from "../storage/store_contract.ts";
import { eventually } from "../testing/eventually.ts";
import { closedAs, lane as openLane, openedAs, type Lane } from "../testing/lane.ts";
import { changed, killed, startPipeline as start } from "../testing/pipeline.ts";
import { encodeBatch } from "./batch.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "spangate-pipeline-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const newFolder = (): string => mkdtempSync(join(home, "data-"));
const lane = (dataDir: string, name = "one", segmentBytes?: number): Promise<Lane> =>
  openLane({ folder: join(dataDir, "journal", "intake"), name, ...(segmentBytes !== undefined && { segmentBytes }) });
const whole = (id: string) => ({ opened: openedAs(id) });

test("what a lane has is readable after catching up, and every span is counted once", async () => {
  const dataDir = newFolder();
  await using writing = await lane(dataDir);
  await using running = await start({ dataDir });
  for (const id of ["a", "b", "c"]) writing.end(id, whole(id));
  writing.begin("open");
  await writing.written();
  expect(await running.stored()).toEqual(["a", "b", "c"]);
  const { appended, stored, carried, lag_ms, backlog_bytes, dropped } = await running.pipeline.counts();
  expect([appended, stored, carried.completed, lag_ms, backlog_bytes, dropped]).toEqual([6, 6, 3, 0, 0, {}]);
});

test("records are noticed without anybody asking", async () => {
  const dataDir = newFolder();
  await using writing = await lane(dataDir);
  await using running = await start({ dataDir });
  writing.end("a", whole("a"));
  await writing.written();
  const { stored } = await eventually(
    () => running.pipeline.counts(),
    (counts) => counts.stored > 0,
    5000,
  );
  expect(stored).toBe(2);
});

test("catching up ends while new records keep coming", async () => {
  const dataDir = newFolder();
  await using writing = await lane(dataDir);
  await using running = await start({ dataDir });
  let writes = 0;
  let stop = false;
  const load = (async () => {
    while (!stop) {
      writing.end(`${writes}`, whole(`${writes}`));
      await writing.written();
      writes++;
    }
  })();
  const before = await eventually(
    () => writes,
    (count) => count > 10,
  );
  const caughtUp = await Promise.race([
    running.pipeline.catchUp().then(() => "caught up"),
    new Promise((resolve) => setTimeout(() => resolve("never"), 5000)),
  ]);
  const { rows } = await running.store.query("SELECT count(*)::INTEGER FROM spans WHERE kind = 'server'");
  stop = true;
  await load;
  expect(caughtUp).toBe("caught up");
  expect(rows[0]?.[0]).toBeGreaterThanOrEqual(before);
  expect(await running.stored()).toHaveLength(writes);
  expect((await running.pipeline.counts()).lag_ms).toBe(0);
});

test("a store that fails between the journal and itself is made up for by the next start", async () => {
  const dataDir = newFolder();
  await using writing = await lane(dataDir);
  {
    await using running = await start({
      dataDir,
      around: (store) =>
        changed(store, {
          append: () => Promise.reject(new Error("the engine is gone")),
          query: () => Promise.reject(new Error("the engine is gone")),
        }),
    });
    writing.end("a", whole("a"));
    await writing.written();
    await expect(running.pipeline.catchUp()).rejects.toThrow("the engine is gone");
    await expect(running.pipeline.failed).rejects.toThrow("the engine is gone");
  }
  writing.end("b", whole("b"));
  await writing.written();
  await using running = await start({ dataDir });
  expect(await running.stored()).toEqual(["a", "b"]);
  const { appended, stored } = await running.pipeline.counts();
  expect([appended, stored]).toEqual([4, 4]);
});

test("a batch that the span journal did not take stays in hand and is tried again", async () => {
  const dataDir = newFolder();
  const spans = join(dataDir, "journal", "spans");
  const away = join(dataDir, "journal", "away");
  await using writing = await lane(dataDir);
  {
    await using running = await start({ dataDir, segmentBytes: 1 }); // each batch needs a new segment
    writing.end("a", whole("a"));
    await writing.written();
    expect(await running.stored()).toEqual(["a"]);
    renameSync(spans, away);
    writeFileSync(spans, "no folder");
    writing.end("b", whole("b"));
    await writing.written();
    await expect(running.pipeline.catchUp()).rejects.toThrow(/EEXIST|ENOTDIR/);
    writing.end("c", whole("c"));
    await writing.written();
    await expect(running.pipeline.catchUp()).rejects.toThrow(/EEXIST|ENOTDIR/);
    expect((await running.pipeline.counts()).lag_ms).toBeGreaterThan(0);
    rmSync(spans);
    renameSync(away, spans);
    await eventually(
      () =>
        running.pipeline.catchUp().then(
          () => true,
          () => false,
        ),
      Boolean,
      5000,
    );
    expect(await running.stored()).toEqual(["a", "b", "c"]);
    const { appended, stored, carried } = await running.pipeline.counts();
    expect([appended, stored, carried.completed]).toEqual([6, 6, 3]);
  }
  await using running = await start({ dataDir: killed(dataDir) });
  expect(await running.stored()).toEqual(["a", "b", "c"]);
});

test("a batch that stands on the journal twice, because its first write was not confirmed, is stored once", async () => {
  const dataDir = newFolder();
  {
    await using spans = await journal({ folder: join(dataDir, "journal", "spans"), first: 1, segmentBytes: 1024 * 1024 });
    const batch = (name: string, sequence: number) =>
      encodeBatch({ spans: [aSpan({ name, exchangeId: name, kind: "server" })], through: { one: sequence } });
    for (const bytes of [batch("a", 1), batch("b", 2), batch("b", 2), batch("c", 3)]) spans.append(KIND.batch, [bytes]);
    await spans.durable();
  }
  await using running = await start({ dataDir });
  expect(await running.stored()).toEqual(["a", "b", "c"]);
  expect((await running.pipeline.counts()).appended).toBe(3);
});

test("being killed again before anything new came repeats nothing", async () => {
  const dataDir = newFolder();
  await using writing = await lane(dataDir);
  await using first = await start({ dataDir });
  writing.begin("long");
  writing.end("a", whole("a"));
  await writing.written();
  expect(await first.stored()).toEqual(["a"]);
  await first.store.flush();
  await first.pipeline.catchUp();
  const afterFirst = killed(dataDir);
  await using second = await start({ dataDir: afterFirst });
  expect(await second.stored()).toEqual(["a"]);
  await using third = await start({ dataDir: killed(afterFirst) });
  expect(await third.stored()).toEqual(["a"]);
});

test("a span journal that was deleted goes on behind what is stored", async () => {
  const dataDir = newFolder();
  {
    await using writing = await lane(dataDir);
    await using running = await start({ dataDir });
    for (const id of ["a", "b", "c"]) {
      writing.end(id, whole(id));
      await writing.written();
      await running.pipeline.catchUp();
    }
  }
  rmSync(join(dataDir, "journal"), { recursive: true });
  await using another = await lane(dataDir, "two");
  another.end("d", whole("d"));
  await another.written();
  {
    await using running = await start({ dataDir, lanes: ["two"] });
    expect(await running.stored()).toEqual(["a", "b", "c", "d"]);
  }
  await using running = await start({ dataDir, lanes: ["two"] });
  expect(await running.stored()).toEqual(["a", "b", "c", "d"]);
});

test("an exchange that cannot be described is put aside alone, and counted", async () => {
  const dataDir = newFolder();
  await using writing = await lane(dataDir);
  const fails = {
    name: "fail",
    process: (spans: readonly Span[]) => {
      if (spans.some(({ exchangeId }) => exchangeId === "b")) throw new Error("not this one");
      return spans;
    },
  };
  await using running = await start({ dataDir, faults: [fails] });
  for (const id of ["a", "b", "c"]) writing.end(id, whole(id));
  await writing.written();
  expect(await running.stored()).toEqual(["a", "c"]);
  const { appended, stored, dead_letters, dropped } = await running.pipeline.counts();
  expect([appended, stored, dead_letters.describe, dropped]).toEqual([4, 4, 1, {}]);
  expect(await running.letters.list()).toMatchObject([
    { stage: "describe", reason: "not this one", exchangeId: "b", lane: "one", sequence: 2 },
  ]);
});

test("a processor that fails costs its batch the content and nothing else, and is counted by its name", async () => {
  const dataDir = newFolder();
  await using writing = await lane(dataDir);
  const fails = {
    name: "fail",
    process: (spans: readonly Span[]) => {
      if (spans.some(({ exchangeId }) => exchangeId === "b")) throw new Error("not this one");
      return spans;
    },
  };
  const said: unknown[] = [];
  await using running = await start({ dataDir, processors: [fails], onFailure: (failure) => said.push(failure) });
  for (const id of ["a", "b", "c"]) {
    writing.end(id, whole(id));
    await writing.written();
    await running.pipeline.catchUp();
  }
  expect(await running.stored()).toEqual(["a", "b", "c"]);
  const { appended, stored, dead_lettered, dropped, processor_failures } = await running.pipeline.counts();
  expect([appended, stored, dead_lettered, dropped, processor_failures]).toEqual([6, 6, 0, {}, { fail: 1 }]);
  expect(said).toEqual([{ processor: "fail", reason: "not this one" }]);
});

test("what processors drop is counted by their names, the sums meet, and a batch of nothing moves the cursor", async () => {
  const dataDir = newFolder();
  await using writing = await lane(dataDir);
  const without = (name: string, id: string) => ({
    name,
    process: (spans: readonly Span[]) => spans.filter(({ exchangeId }) => exchangeId !== id),
  });
  const processors = [without("filter", "a"), without("sample", "b")];
  {
    await using running = await start({ dataDir, processors });
    for (const id of ["a", "b", "c"]) {
      writing.end(id, whole(id));
      await writing.written();
      await running.pipeline.catchUp();
    }
    writing.end("a", whole("a"));
    await writing.written();
    expect(await running.stored()).toEqual(["c"]);
    const { appended, stored, carried, dropped_by, backlog_bytes } = await running.pipeline.counts();
    expect([appended, stored, dropped_by, backlog_bytes]).toEqual([8, 2, { filter: 4, sample: 2 }, 0]);
    expect(carried.completed).toBe(4);
  }
  await using again = await start({ dataDir }); // with nothing that drops: what was dropped is not read again
  expect(await again.stored()).toEqual(["c"]);
});

test("a span that cannot be stored is counted, so that the sums meet", async () => {
  const dataDir = newFolder();
  await using writing = await lane(dataDir);
  const poison = {
    name: "poison",
    process: (spans: readonly Span[]) =>
      spans.map((span) => (span.exchangeId === "b" && span.kind === "client" ? { ...span, startTimeUnixNano: BEYOND_TIME } : span)),
  };
  await using running = await start({ dataDir, faults: [poison] });
  for (const id of ["a", "b"]) writing.end(id, whole(id));
  await writing.written();
  expect(await running.stored()).toEqual(["a", "b"]);
  const { appended, stored, dead_lettered, dropped } = await running.pipeline.counts();
  expect([appended, stored, dead_lettered, dropped]).toEqual([4, 3, 1, {}]);
});

test("however it is stopped and killed, each exchange is stored once", async () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom("whole" as const, "begin" as const, "end" as const) },
    { weight: 3, arbitrary: fc.constantFrom("catch up" as const, "flush" as const) },
    { weight: 2, arbitrary: fc.constantFrom("kill" as const, "stop" as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 24 }), async (steps) => {
      let dataDir = newFolder();
      let lanes = 0;
      let exchanges = 0;
      let writing = await lane(dataDir, `${lanes}`, 700);
      let running = await start({ dataDir, lanes: [`${lanes}`], segmentBytes: 1000 });
      const open: string[] = [];
      const expected: string[] = [];
      for (const each of steps) {
        const id = `exchange ${exchanges++}`;
        if (each === "whole") {
          writing.end(id, whole(id));
          expected.push(id);
        } else if (each === "begin") {
          writing.begin(id);
          open.push(id);
        } else if (each === "end") {
          const ended = open.shift();
          if (ended === undefined) continue;
          writing.end(ended);
          expected.push(ended);
        } else if (each === "catch up") await running.pipeline.catchUp();
        else if (each === "flush") await running.store.flush();
        else if (each === "stop") {
          await running[Symbol.asyncDispose]();
          running = await start({ dataDir, lanes: [`${lanes}`], segmentBytes: 1000 });
        } else {
          // All processes are killed: the copy is what is left, and the next gateway writes another lane.
          const left = killed(dataDir);
          await writing[Symbol.asyncDispose]();
          await running[Symbol.asyncDispose]();
          dataDir = left;
          expected.push(...open.splice(0));
          writing = await lane(dataDir, `${++lanes}`, 700);
          running = await start({ dataDir, lanes: [`${lanes}`], segmentBytes: 1000 });
        }
        await writing.written();
      }
      expect(await running.stored()).toEqual([...expected].sort());
      await writing[Symbol.asyncDispose]();
      await running[Symbol.asyncDispose]();
    }),
    { numRuns: 8 },
  );
});

test("a closed segment goes although nothing comes behind it", async () => {
  const dataDir = newFolder();
  const folder = join(dataDir, "journal", "intake", "one");
  await using writing = await journal({ folder, first: 1, segmentBytes: 1 << 20, maxAgeMs: 1 });
  const piece = { exchangeId: "a", opened: openedAs("a"), closed: closedAs(), request: [], response: [] };
  writing.append(KIND.end, encodePiece(piece));
  await writing.written();
  await using running = await start({ dataDir });
  expect(await running.stored()).toEqual(["a"]);
  await pause(20);
  await writing.rotateIfOld();
  await running.pipeline.catchUp();
  expect(readdirSync(folder)).toEqual(["0000000000000002.seg"]);
});

test("stopping while the store takes nothing is no failure, and leaves all to the next process", async () => {
  const dataDir = newFolder();
  await using writing = await lane(dataDir);
  const full = (): Promise<never> => Promise.reject(new StoreFull("full"));
  let failed = false;
  let asked = 0;
  {
    await using running = await start({
      dataDir,
      onError: () => asked++,
      around: (store) => changed(store, { append: full }),
    });
    running.pipeline.failed.catch(() => (failed = true));
    writing.end("a", whole("a"));
    await writing.written();
    await eventually(
      () => Promise.resolve(asked),
      (times) => times > 0,
      5000,
    );
  }
  expect(failed).toBe(false);
  await using again = await start({ dataDir });
  expect(await again.stored()).toEqual(["a"]);
});

test("a file that cannot be published again is said once, and fails nobody who asks", async () => {
  const dataDir = newFolder();
  await using writing = await lane(dataDir);
  const said: string[] = [];
  const lost = { path: "p", tenant: "default", day: "2026-01-01", after: 0, through: 1 };
  await using running = await start({
    dataDir,
    onError: (_message, facts) => said.push(JSON.stringify(facts)),
    around: (store) => changed(store, { missing: () => [lost], refill: () => Promise.reject(new Error("ENOSPC")) }),
  });
  for (const id of ["a", "b", "c"]) {
    writing.end(id, whole(id));
    await writing.written();
    await running.pipeline.catchUp();
  }
  expect(await running.stored()).toEqual(["a", "b", "c"]);
  expect(said).toEqual([expect.stringContaining("ENOSPC")]);
});
