import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { encodePiece } from "../genai/piece.ts";
import type { Span } from "../genai/span.ts";
import { journal } from "../journal/append.ts";
import { KIND } from "../journal/record.ts";
import { loadOrCreateKey } from "../journal/seal.ts";
import type { Processor } from "../processors/processor.ts";
import { StoreFull } from "../storage/store.ts";
import { aSpan, BEYOND_TIME } from "../storage/store_contract.ts";
import { lane as openLane, closedAs, openedAs } from "../testing/lane.ts";
import { changed, killed, startPipeline as start, type RunningPipeline } from "../testing/pipeline.ts";
import { encodeBatch } from "./batch.ts";
import { deadLetters } from "./dead_letters.ts";
import type { Letter } from "./letter.ts";

let home: string;
let dataDir: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "spangate-letters-"));
  dataDir = join(home, "data");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const intake = (): string => join(dataDir, "journal", "intake");
const lane = (name = "one") => openLane({ folder: intake(), name });
const whole = (id: string) => ({ opened: openedAs(id) });
const canary = "canary-71c3";

/** Fails for one exchange as long as it is told to. */
function failing(id: string, how: (span: Span) => Span = () => expect.unreachable()): Processor & { mended: boolean } {
  return {
    name: "fail",
    mended: false,
    process(spans) {
      return this.mended ? spans : spans.map((span) => (span.exchangeId === id ? how(span) : span));
    },
  };
}
const throwing = (id: string) =>
  failing(id, () => {
    throw new Error(`not ${id}`);
  });
const beyondTime = (id: string) => failing(id, (span) => (span.kind === "client" ? { ...span, startTimeUnixNano: BEYOND_TIME } : span));

async function listed({ letters }: RunningPipeline): Promise<readonly string[]> {
  return (await letters.list()).map(({ stage, reason, exchangeId }) => `${stage} ${exchangeId ?? "-"} ${reason}`);
}
const ids = async ({ letters }: RunningPipeline): Promise<number[]> => (await letters.list()).map(({ id }) => id);
const rows = async ({ store }: RunningPipeline): Promise<number> =>
  Number((await store.query("SELECT count(*)::INTEGER FROM spans")).rows[0]?.[0]);
const SUCCESS = { replayed: 1, already_stored: 0, failed: 0, unknown: 0 };

describe("the folder of dead letters", () => {
  const letter = (about: string, more: Partial<Letter> = {}): Letter => ({
    about,
    stage: "describe",
    reason: "because",
    lane: "one",
    sequence: 7,
    holds: "pieces",
    payloads: [Buffer.from(`${canary} ${about}`), Buffer.from("more")],
    ...more,
  });
  const folder = (): string => join(dataDir, "dead-letters");
  const open = () => {
    const masters = [loadOrCreateKey(join(home, "key"))];
    return deadLetters({ folder: folder(), masters, onDamage: ({ reason }) => expect.fail(reason), onError: () => {} });
  };

  test("keeps letters over restarts, readable to nobody without the key, until each is removed", async () => {
    await open().bury([letter("a"), letter("b", { exchangeId: "b" })]);
    await open().bury([letter("c")]);
    const letters = open();
    const all = await letters.list();
    expect(all).toMatchObject([{ bytes: 17 }, { exchangeId: "b" }, { stage: "describe", reason: "because", lane: "one", sequence: 7 }]);
    expect(JSON.stringify(all)).not.toContain(canary);
    for (const name of readdirSync(folder())) {
      expect(readFileSync(join(folder(), name)).includes(canary)).toBe(false);
      expect(statSync(join(folder(), name)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(folder()).mode & 0o777).toBe(0o700);

    const [a = 0, b = 0, c = 0] = all.map(({ id }) => id);
    expect((await letters.find(b))?.payloads.map(String)).toEqual([`${canary} b`, "more"]);
    await letters.remove(a);
    expect((await open().list()).map(({ id }) => id)).toEqual([b, c]);
    await letters.remove(b);
    await letters.remove(b);
    await letters.remove(c);
    expect(await open().list()).toEqual([]);
    expect(readdirSync(folder())).toEqual([]);
    expect(await letters.find(a)).toBeUndefined();
  });

  test("keeps the same thing once, with the reason it failed for the last time", async () => {
    const letters = open();
    await letters.bury([letter("a"), letter("b")]);
    const [first] = await letters.list();
    await letters.bury([letter("a", { reason: "another", stage: "process" })]);
    expect(await open().list()).toMatchObject([
      { id: first?.id, at: first?.at, reason: "another", stage: "process" },
      { reason: "because" },
    ]);
    expect(letters.counts.byStage).toMatchObject({ describe: 2, process: 1 });
    expect(letters.timesBuried(first?.id ?? 0)).toBe(1);
  });

  test("that cannot be written counts what is lost, and says so", async () => {
    mkdirSync(dataDir);
    writeFileSync(folder(), "");
    const said: string[] = [];
    const letters = deadLetters({ folder: folder(), masters: [], onDamage: () => {}, onError: (message) => said.push(message) });
    await letters.bury([letter("a"), letter("b")]);
    expect(letters.counts.lost).toBe(2);
    expect(said).toEqual([expect.stringContaining("lost")]);
  });
});

const GARBAGE: readonly (readonly [string, Buffer])[] = [
  ["is no JSON", Buffer.concat([Buffer.from([4, 0, 0, 0]), Buffer.from("\xff\xfe{]", "latin1")])],
  ["claims a gibibyte", Buffer.from([0, 0, 0, 0x40, 1, 2, 3])],
  ["is empty", Buffer.alloc(0)],
];
for (const [title, payload] of GARBAGE) {
  test(`of a thousand records the one that ${title} is put aside, and the others are stored`, async () => {
    {
      await using writer = await journal({ folder: join(intake(), "one"), first: 1, segmentBytes: 1 << 24 });
      for (let i = 0; i < 1000; i++) {
        const piece = encodePiece({ exchangeId: `${i}`, opened: openedAs(`${i}`), closed: closedAs(), request: [], response: [] });
        writer.append(KIND.end, i === 500 ? [payload] : piece);
      }
    }
    await using running = await start({ dataDir });
    expect(await running.stored()).toHaveLength(999);
    const { dead_lettered, dead_letters, dropped, missing, damaged } = await running.pipeline.counts();
    expect([dead_lettered, dead_letters.read, dropped, missing, damaged]).toEqual([1, 1, {}, 0, 0]);
    expect(await running.letters.list()).toMatchObject([{ stage: "read", lane: "one", sequence: 501, bytes: payload.length }]);
    const [id = 0] = await ids(running);
    expect(await running.pipeline.replay([id, id])).toEqual({ replayed: 0, already_stored: 0, failed: 1, unknown: 0 });
    expect(await ids(running)).toEqual([id]);
  });
}

test("a poison record is put aside before the cursor passes it, and once, however often the pipeline is killed", async () => {
  await using writing = await lane();
  await using writer = await journal({ folder: join(intake(), "two"), first: 1, segmentBytes: 1 << 20 });
  writer.append(KIND.part, [Buffer.from("poison")]);
  await writer.written();
  writing.end("a", whole("a"));
  await writing.written();
  await using first = await start({ dataDir, lanes: ["one", "two"] });
  expect(await first.stored()).toEqual(["a"]);
  expect(await listed(first)).toHaveLength(1);
  rmSync(join(dataDir, "journal", "spans"), { recursive: true }); // as if the letter had been written and the batch not
  await using second = await start({ dataDir: killed(dataDir), lanes: ["one", "two"] });
  expect(await second.stored()).toEqual(["a"]);
  expect(await listed(second)).toHaveLength(1);
});

test("pieces of an exchange whose beginning is gone are put aside together", async () => {
  await using writing = await lane();
  await using running = await start({ dataDir });
  writing.part("headless", { response: [{ atUs: 1, bytes: Buffer.from("text") }] });
  writing.end("headless");
  writing.end("a", whole("a"));
  await writing.written();
  expect(await running.stored()).toEqual(["a"]);
  expect(await listed(running)).toEqual(["read headless the beginning of this exchange is damaged or gone"]);
});

test("pieces without a beginning that never end are put aside when their lane is closed", async () => {
  {
    await using writing = await lane();
    writing.part("headless", { response: [{ atUs: 1, bytes: Buffer.from("text") }] });
    writing.end("a", whole("a"));
  }
  await using running = await start({ dataDir, lanes: [] });
  expect(await running.stored()).toEqual(["a"]);
  await running.pipeline.catchUp(); // the lane is closed now
  expect(await listed(running)).toEqual(["read headless the beginning of this exchange is damaged or gone"]);
});

test("a reason says nothing of what a record holds", async () => {
  const quoting = failing("b", () => {
    throw new Error(`cannot convert "${canary}" to a 'number'`);
  });
  await using writing = await lane();
  await using writer = await journal({ folder: join(intake(), "two"), first: 1, segmentBytes: 1 << 20 });
  writer.append(KIND.end, [Buffer.concat([Buffer.from([12, 0, 0, 0]), Buffer.from(`${canary} "`)])]);
  await writer.written();
  writing.end("b", whole("b"));
  await writing.written();
  const said: object[] = [];
  await using running = await start({
    dataDir,
    lanes: ["one", "two"],
    faults: [quoting],
    onError: (message, facts) => said.push({ message, ...facts }),
  });
  await running.stored();
  expect(await listed(running)).toEqual(["read - it is no piece of an exchange: it is not valid JSON", "describe b cannot convert …"]);
  expect(JSON.stringify(said)).not.toContain(canary);
});

test("a letter whose cause is gone is replayed exactly once, one that fails again stays with its new reason", async () => {
  const fails = throwing("b");
  const failsToo = throwing("c");
  await using writing = await lane();
  await using running = await start({ dataDir, faults: [fails, failsToo] });
  for (const id of ["a", "b", "c"]) writing.end(id, whole(id));
  await writing.written();
  expect(await running.stored()).toEqual(["a"]);
  expect(await listed(running)).toEqual(["describe b not b", "describe c not c"]);

  fails.mended = true;
  const both = await ids(running);
  expect(await running.pipeline.replay([...both, 12])).toEqual({ replayed: 1, already_stored: 0, failed: 1, unknown: 1 });
  expect(await running.stored()).toEqual(["a", "b"]);
  expect(await listed(running)).toEqual(["describe c not c"]);
  expect(await running.pipeline.replay(both.slice(0, 1))).toEqual({ replayed: 0, already_stored: 0, failed: 0, unknown: 1 });

  failsToo.mended = true;
  expect(await running.pipeline.replay(both.slice(1))).toEqual(SUCCESS);
  expect(await running.stored()).toEqual(["a", "b", "c"]);
  expect((await running.pipeline.counts()).replayed).toBe(2);
  await using again = await start({ dataDir: killed(dataDir) });
  expect(await again.stored()).toEqual(["a", "b", "c"]);
});

test("a letter whose spans a processor drops by now is gone, and they are counted as dropped", async () => {
  const fails = throwing("b");
  let unwanted = "";
  const filter: Processor = { name: "filter", process: (spans) => spans.filter(({ exchangeId }) => exchangeId !== unwanted) };
  await using writing = await lane();
  await using running = await start({ dataDir, processors: [filter], faults: [fails] });
  for (const id of ["a", "b"]) writing.end(id, whole(id));
  await writing.written();
  expect(await running.stored()).toEqual(["a"]);
  fails.mended = true;
  unwanted = "b";
  expect(await running.pipeline.replay(await ids(running))).toEqual({ replayed: 0, already_stored: 1, failed: 0, unknown: 0 });
  expect([await ids(running), await running.stored()]).toEqual([[], ["a"]]);
  const { appended, stored, dropped_by } = await running.pipeline.counts();
  expect([appended, stored, dropped_by]).toEqual([4, 2, { filter: 2 }]);
});

test("killed between storing a letter's spans and removing it, the pipeline stores them once", async () => {
  const fails = throwing("b");
  await using writing = await lane();
  await using running = await start({ dataDir, faults: [fails] });
  for (const id of ["a", "b"]) writing.end(id, whole(id));
  await writing.written();
  expect(await running.stored()).toEqual(["a"]);
  fails.mended = true;
  const folder = join(dataDir, "dead-letters");
  const before = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))] as const);
  const [id = 0] = await ids(running);
  expect(await running.pipeline.replay([id])).toEqual(SUCCESS);
  for (const flushed of [false, true]) {
    if (flushed) await running.store.flush();
    const left = killed(dataDir);
    for (const [name, bytes] of before) writeFileSync(join(left, "dead-letters", name), bytes);
    await using again = await start({ dataDir: left });
    expect(await again.stored()).toEqual(["a", "b"]);
    expect(await again.pipeline.replay([id])).toEqual({ replayed: 0, already_stored: 1, failed: 0, unknown: 0 });
    expect(await again.stored()).toEqual(["a", "b"]);
    expect(await ids(again)).toEqual([]);
  }
});

test("a span that the store refuses is put aside alone, and stays while it is refused", async () => {
  await using writing = await lane();
  await using running = await start({ dataDir, faults: [beyondTime("b")] });
  for (const id of ["a", "b", "c"]) writing.end(id, whole(id));
  await writing.written();
  expect(await running.stored()).toEqual(["a", "b", "c"]);
  expect([await rows(running), await listed(running)]).toEqual([5, [expect.stringMatching(/^store b .*/)]]);
  const [id = 0] = await ids(running);
  expect(await running.pipeline.replay([id])).toEqual({ replayed: 0, already_stored: 0, failed: 1, unknown: 0 });
  expect(await ids(running)).toEqual([id]);
  const { appended, stored, dead_letters } = await running.pipeline.counts();
  expect(appended).toBe(stored + dead_letters.store);
});

test("a batch that cannot be read is put aside, the others are stored, and nothing is stored twice", async () => {
  {
    await using spans = await journal({ folder: join(dataDir, "journal", "spans"), first: 1, segmentBytes: 1 << 20 });
    const batch = (id: string, sequence: number) =>
      encodeBatch({ spans: [aSpan({ spanId: id.repeat(16), exchangeId: id, kind: "server" })], through: { one: sequence } });
    spans.append(KIND.batch, [batch("a", 1)]);
    spans.append(KIND.batch, [zstdCompressSync(Buffer.from("no batch"))]);
    spans.append(KIND.batch, [batch("b", 3)]);
    spans.append(KIND.batch, [Buffer.from("the newest is none either")]);
    await spans.durable();
  }
  await using running = await start({ dataDir });
  expect(await running.stored()).toEqual(["a", "b"]);
  expect((await running.letters.list()).map(({ stage, lane, sequence }) => [stage, lane, sequence])).toEqual([
    ["read", "spans", 2],
    ["read", "spans", 4],
  ]);
  await using again = await start({ dataDir: killed(dataDir) });
  expect(await again.stored()).toEqual(["a", "b"]);
  expect(await ids(again)).toHaveLength(2);
});

describe("a store that fails for no known reason", () => {
  const retry = { firstMs: 5, mostMs: 20, tries: 3 };

  test("is asked again, and loses nothing when it recovers", async () => {
    let failures = 0;
    await using writing = await lane();
    await using running = await start({
      dataDir,
      retry,
      around: (store) =>
        changed(store, {
          append: (batch) => (batch.spans.length > 0 && failures++ < 2 ? Promise.reject(new Error("odd")) : store.append(batch)),
        }),
    });
    writing.end("a", whole("a"));
    await writing.written();
    expect(await running.stored()).toEqual(["a"]);
    expect([failures > 2, await listed(running)]).toEqual([true, []]);
  });

  test("and never takes a batch as a whole gets it span by span", async () => {
    await using writing = await lane();
    await using running = await start({
      dataDir,
      retry,
      faults: [beyondTime("b")],
      around: (store) => changed(store, { append: () => Promise.reject(new Error("odd")) }),
    });
    for (const id of ["a", "b", "c"]) writing.end(id, whole(id));
    await writing.written();
    expect(await running.stored()).toEqual(["a", "b", "c"]);
    expect([await rows(running), await listed(running)]).toEqual([5, [expect.stringMatching(/^store b .*/)]]);
    const { appended, stored, dead_lettered } = await running.pipeline.counts();
    expect([appended, stored, dead_lettered]).toEqual([6, 5, 1]);
    await running.store.flush();
    await using again = await start({ dataDir: killed(dataDir) });
    expect([await again.stored(), await rows(again)]).toEqual([["a", "b", "c"], 5]);
  });

  test("and is full, or fails for a moment, while it gets them span by span makes none of them a dead letter", async () => {
    const errors = [new StoreFull("full"), new Error("for a moment"), new StoreFull("full")];
    await using writing = await lane();
    await using running = await start({
      dataDir,
      retry,
      around: (store) =>
        changed(store, {
          append: () => Promise.reject(new Error("odd")),
          appendEach(batch, beforeEach) {
            let given = 0;
            return store.appendEach(batch, (span) => {
              beforeEach?.(span);
              const error = ++given === 2 ? errors.pop() : undefined;
              if (error) throw error;
            });
          },
        }),
    });
    for (const id of ["a", "b"]) writing.end(id, whole(id));
    await writing.written();
    expect(await running.stored()).toEqual(["a", "b"]);
    expect([errors, await rows(running), await listed(running)]).toEqual([[], 4, []]);
  });

  test("and ends the engine with the same span every time does so three times, not for ever", async () => {
    await using writing = await lane();
    for (const id of ["a", "b", "c"]) writing.end(id, whole(id));
    await writing.written();
    const deadly = (): Promise<RunningPipeline> => {
      let dead = false;
      const insert = ({ exchangeId, kind }: Span): void => {
        dead ||= exchangeId === "b" && kind === "client";
        if (dead) throw new Error("the engine is gone");
      };
      return start({
        dataDir,
        retry,
        onStoreError: () => {},
        around: (store) =>
          changed(store, {
            async append(batch) {
              batch.spans.forEach(insert);
              await store.append(batch);
            },
            appendEach: (batch, beforeEach) =>
              store.appendEach(batch, (span) => {
                beforeEach?.(span);
                insert(span);
              }),
            query: (...question) => (dead ? Promise.reject(new Error("the engine is gone")) : store.query(...question)),
          }),
      });
    };
    {
      await using first = await deadly();
      await expect(first.pipeline.catchUp()).rejects.toThrow("the engine is gone");
    }
    let starts = 0;
    let running: RunningPipeline | undefined;
    while (running === undefined && starts++ < 10) running = await deadly().catch(() => undefined);
    expect(starts).toBeLessThan(9);
    await using survivor = running;
    expect(await survivor?.stored()).toEqual(["a", "b", "c"]);
    expect(survivor && [await rows(survivor), await listed(survivor)]).toEqual([5, [expect.stringContaining("store b the engine ended")]]);

    await survivor?.store.flush();
    for (const file of survivor?.store.files() ?? []) writeFileSync(join(dataDir, file), "garbage");
    await survivor?.store.wholeFiles();
    expect(await survivor?.stored()).toEqual(["a", "b", "c"]); // published again, but not what ended the engine
    expect(survivor && [survivor.store.missingRows, await rows(survivor)]).toEqual([0, 5]);
  });
});
