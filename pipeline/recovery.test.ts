import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lane as openLane, openedAs } from "../testing/lane.ts";
import { changed, killed, startPipeline as start } from "../testing/pipeline.ts";

let home: string;
let dataDir: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "spangate-recovery-"));
  dataDir = join(home, "data");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const READY_WITHIN_MS = 3000;
const whole = (id: string) => ({ opened: openedAs(id) });
const spansOf = (folder: string): string[] =>
  readdirSync(join(folder, "journal", "spans")).map((name) => join(folder, "journal", "spans", name));
const lane = (segmentBytes = 1 << 20) => openLane({ folder: join(dataDir, "journal", "intake"), name: "one", segmentBytes });

/** Starts the pipeline on what is left, and says how long that took. */
async function recovered(folder: string, lanes = ["one"]) {
  const said: object[] = [];
  const begun = performance.now();
  const running = await start({ dataDir: folder, lanes, onError: (message, facts) => said.push({ message, ...facts }) });
  return { running, tookMs: performance.now() - begun, said };
}

const NEWEST_GONE: readonly (readonly [string, (folder: string) => void])[] = [
  ["deleted", (folder) => rmSync(spansOf(folder).at(-1) ?? "")],
  ["emptied", (folder) => truncateSync(spansOf(folder).at(-1) ?? "", 0)],
  ["cut in its head", (folder) => truncateSync(spansOf(folder).at(-1) ?? "", 20)],
  ["full of rubbish", (folder) => writeFileSync(spansOf(folder).at(-1) ?? "", "rubbish ".repeat(1000))],
];
for (const [how, harm] of NEWEST_GONE) {
  for (const published of [true, false]) {
    test(`a span journal whose newest segment is ${how} repeats nothing that is ${published ? "published" : "still on the intake"}`, async () => {
      await using writing = await lane();
      writing.begin("open"); // keeps all of the lane on the intake
      await using first = await start({ dataDir, segmentBytes: 1 });
      for (const id of ["a", "b", "c"]) {
        writing.end(id, whole(id));
        await writing.written();
        await first.pipeline.catchUp();
      }
      if (published) await first.store.flush();
      const left = killed(dataDir);
      harm(left);
      const { running, tookMs } = await recovered(left);
      await using again = running;
      expect(tookMs).toBeLessThan(READY_WITHIN_MS);
      expect(await again.stored()).toEqual(["a", "b", "c"]);
      await again.store.flush();
      await using third = await start({ dataDir: killed(left) });
      expect(await third.stored()).toEqual(["a", "b", "c"]);
    });
  }
}

test("a second kill in the middle of a recovery without the newest batches repeats nothing either", async () => {
  await using writing = await lane(2000);
  writing.begin("open"); // keeps all of the lane on the intake
  await writing.written();
  await using first = await start({ dataDir, segmentBytes: 1 });
  const ids = Array.from({ length: 24 }, (_, i) => `${i + 10}`);
  for (const id of ids) {
    writing.end(id, whole(id));
    await writing.written();
    if (Number(id) % 6 === 0) await first.pipeline.catchUp();
  }
  await first.pipeline.catchUp();
  await first.store.flush();
  const left = killed(dataDir);
  for (const file of spansOf(left).sort().slice(-4)) truncateSync(file, 0);
  let again: string | undefined;
  await using second = await start({
    dataDir: left,
    segmentBytes: 1,
    around: (store) =>
      changed(store, {
        async append(batch) {
          await store.append(batch);
          again ??= killed(left);
        },
      }),
  });
  expect(await second.stored()).toEqual(ids);
  expect(again).toBeDefined();
  await using third = await start({ dataDir: again ?? "", segmentBytes: 1 });
  expect(await third.stored()).toEqual(ids);
});

test("records that are missing on the intake are counted and named, those done with are not", async () => {
  {
    await using writing = await lane(700);
    await using running = await start({ dataDir });
    writing.begin("open"); // so that no segment is deleted
    for (let i = 0; i < 12; i++) {
      writing.end(`${i}`, whole(`${i}`));
      await writing.written();
      if (i < 6) await running.pipeline.catchUp();
    }
    dataDir = killed(dataDir);
  }
  const folder = join(dataDir, "journal", "intake", "one");
  const names = readdirSync(folder).sort();
  const gone = names.filter((name) => [3, 10].includes(Number(name.slice(0, 16)))); // one record each: "1" is done with, "8" is not
  for (const name of gone) rmSync(join(folder, name));
  const { running, said } = await recovered(dataDir, []);
  await using again = running;
  expect(gone).toHaveLength(2);
  expect(await again.stored()).toEqual(["0", "1", "10", "11", "2", "3", "4", "5", "6", "7", "9", "open"]);
  const { missing, damaged, dropped } = await again.pipeline.counts();
  expect([missing, damaged, dropped]).toEqual([1, 0, {}]);
  expect(said).toContainEqual(expect.objectContaining({ message: expect.stringContaining("missing"), lane: "one", from: 10, to: 10 }));
});

test("an exchange whose end was damaged after it was stored does not come again as incomplete", async () => {
  await using writing = await lane(700);
  await using first = await start({ dataDir });
  writing.begin("long");
  writing.begin("open");
  await writing.written();
  writing.end("long");
  await writing.written();
  writing.end("a", whole("a"));
  await writing.written();
  expect(await first.stored()).toEqual(["a", "long"]);
  const left = killed(dataDir);
  const folder = join(left, "journal", "intake", "one");
  const file = join(folder, "0000000000000003.seg");
  truncateSync(file, statSync(file).size - 5);
  const { running } = await recovered(left, []);
  await using again = running;
  expect(await again.stored()).toEqual(["a", "long", "open"]);
  expect((await again.pipeline.counts()).damaged).toBe(1);
});

test("without any intake, with empty and strange files in it, the pipeline starts, and says what is gone", async () => {
  {
    await using writing = await lane();
    await using running = await start({ dataDir });
    writing.end("a", whole("a"));
    await writing.written();
    expect(await running.stored()).toEqual(["a"]);
    dataDir = killed(dataDir);
  }
  const folder = join(dataDir, "journal", "intake");
  rmSync(folder, { recursive: true });
  {
    const { running, tookMs, said } = await recovered(killed(dataDir));
    await using again = running;
    expect(await again.stored()).toEqual(["a"]);
    expect([tookMs < READY_WITHIN_MS, (await again.pipeline.counts()).damaged]).toEqual([true, 1]);
    expect(said).toContainEqual(expect.objectContaining({ lane: "one", reason: expect.stringContaining("all its files are gone") }));
  }
  mkdirSync(join(folder, "one", "0000000000000003.seg"), { recursive: true });
  writeFileSync(join(folder, "one", "0000000000000002.seg"), "");
  writeFileSync(join(folder, "one", "0000000000000001.seg"), "no segment");
  writeFileSync(join(folder, "a file"), "");
  const { running } = await recovered(dataDir, []);
  await using again = running;
  expect(await again.stored()).toEqual(["a"]);
  expect((await again.pipeline.counts()).damaged).toBe(1);
});

test("a question asked just after a published file was damaged has its rows all the same, from the span journal", async () => {
  await using one = await lane();
  for (const id of ["a", "b"]) one.end(id, { opened: openedAs(id) });
  await one.written();
  await using running = await start({ dataDir, onStoreError: () => {} });
  expect(await running.stored()).toEqual(["a", "b"]);
  await running.store.flush();
  const [file = ""] = running.store.files();
  for (let round = 0; round < 3; round++) {
    const path = join(dataDir, running.store.files()[0] ?? "");
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    expect(await running.stored()).toEqual(["a", "b"]);
  }
  expect(running.store.files()).not.toContain(file);
});
