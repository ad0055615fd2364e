import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Span } from "../genai/span.ts";
import { folderBytes } from "../journal/room.ts";
import { StoreUnavailable } from "../storage/store.ts";
import { eventually } from "../testing/eventually.ts";
import { lane as openLane, openedAs, type Lane } from "../testing/lane.ts";
import { changed, startPipeline as start, type RunningPipeline } from "../testing/pipeline.ts";

let home: string;
let dataDir: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "spangate-unwritable-"));
  dataDir = join(home, "data");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const intake = (): string => join(dataDir, "journal", "intake");
const openOne = (segmentBytes = 1024 * 1024): Promise<Lane> => openLane({ folder: intake(), name: "one", segmentBytes });

async function record(writing: Lane, ...ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    writing.end(id, { opened: openedAs(id), response: [{ atUs: 1, bytes: Buffer.from("x".repeat(1000)) }] });
    await writing.written();
  }
}

/** From here on no segment can be begun; returns what mends that. */
function breakSpanJournal(): () => void {
  const spans = join(dataDir, "journal", "spans");
  const away = join(dataDir, "journal", "away");
  renameSync(spans, away);
  writeFileSync(spans, "no folder");
  return () => {
    rmSync(spans);
    renameSync(away, spans);
  };
}

const caughtUp = ({ pipeline }: RunningPipeline): Promise<boolean> =>
  pipeline.catchUp().then(
    () => true,
    () => false,
  );

test("who asks while the span journal cannot be written learns that nothing reaches the store, where and why", async () => {
  await using writing = await openOne();
  const said: object[] = [];
  await using running = await start({ dataDir, segmentBytes: 1, onError: (_message, facts) => said.push(facts) }); // each batch needs a new segment
  await record(writing, "a");
  expect(await running.stored()).toEqual(["a"]);
  const mend = breakSpanJournal();
  await record(writing, "b");
  for (let asked = 0; asked < 3; asked++) {
    const error = await running.pipeline.catchUp().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error).toMatchObject({
      message: expect.stringContaining(join(dataDir, "journal", "spans")),
      cause: { code: expect.stringMatching(/EEXIST|ENOTDIR/) },
    });
  }
  expect(JSON.stringify(said)).toMatch(/EEXIST|ENOTDIR/);
  mend();
  expect(await eventually(() => caughtUp(running), Boolean, 5000)).toBe(true);
  expect(await running.stored()).toEqual(["a", "b"]);
});

test("who asks while the intake cannot be read learns the same", async () => {
  await using running = await start({ dataDir });
  writeFileSync(intake(), "no folder");
  const error = await running.pipeline.catchUp().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StoreUnavailable);
  expect(error).toMatchObject({ message: expect.stringContaining(intake()), cause: { code: "ENOTDIR" } });
});

test("who asks after the store's engine is gone learns the same", async () => {
  const gone = (): Promise<never> => Promise.reject(new Error("the engine is gone"));
  await using writing = await openOne();
  await using running = await start({ dataDir, around: (store) => changed(store, { append: gone, query: gone }) });
  await record(writing, "a");
  for (let asked = 0; asked < 2; asked++) {
    const error = await running.pipeline.catchUp().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error).toMatchObject({ message: expect.stringContaining("the engine is gone"), cause: { message: "the engine is gone" } });
  }
});

test("who has a letter tried again while the span journal cannot be written learns the same, and the letter stays", async () => {
  let failing = true;
  const once = {
    name: "once",
    process: (spans: readonly Span[]) => {
      if (failing) throw new Error("not now");
      return spans;
    },
  };
  await using writing = await openOne();
  await using running = await start({ dataDir, segmentBytes: 1, faults: [once] });
  await record(writing, "a");
  expect(await running.stored()).toEqual([]);
  failing = false;
  const ids = (await running.letters.list()).map(({ id }) => id);
  const mend = breakSpanJournal();
  const error = await running.pipeline.replay(ids).catch((reason: unknown) => reason);
  mend();
  expect(error).toBeInstanceOf(StoreUnavailable);
  expect((await running.letters.list()).map(({ id }) => id)).toEqual(ids);
  await eventually(
    () => running.pipeline.replay(ids).catch(() => undefined),
    (done) => done?.replayed === 1,
    5000,
  );
  expect(await running.stored()).toEqual(["a"]);
  expect(await running.letters.list()).toEqual([]);
});

test("records count as backlog, byte for byte, until the span journal has their spans", async () => {
  await using writing = await openOne(4000);
  await using running = await start({ dataDir, segmentBytes: 1 });
  await record(writing, "a");
  expect(await running.stored()).toEqual(["a"]);
  const mend = breakSpanJournal();
  const before = await folderBytes(intake());
  await record(writing, "b"); // into the segment of before
  const recorded = (await folderBytes(intake())) - before;
  expect(recorded).toBeGreaterThan(1000);
  for (let asked = 0; asked < 3; asked++) {
    expect((await running.pipeline.counts()).backlog_bytes).toBe(recorded);
    expect(await caughtUp(running)).toBe(false);
  }
  await record(writing, "c", "d", "e", "f"); // and others, which are read ahead as far as there is room
  expect(await caughtUp(running)).toBe(false);
  expect((await running.pipeline.counts()).backlog_bytes).toBeGreaterThan(5 * 1000);
  mend();
  expect(await eventually(() => caughtUp(running), Boolean, 5000)).toBe(true);
  expect((await running.pipeline.counts()).backlog_bytes).toBe(0);
  expect(await running.stored()).toEqual(["a", "b", "c", "d", "e", "f"]);
});
