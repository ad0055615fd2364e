import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { encodePiece } from "../genai/piece.ts";
import { journal } from "../journal/append.ts";
import { KIND } from "../journal/record.ts";
import type { MasterKey } from "../journal/seal.ts";
import { closedAs, lane as openLane, openedAs } from "../testing/lane.ts";
import { startPipeline as start } from "../testing/pipeline.ts";
import { carrier } from "./carrier.ts";
import { deadLetters } from "./dead_letters.ts";
import type { Letter } from "./letter.ts";
import { replay } from "./replay.ts";
import { userKeys } from "./user_key.ts";

let home: string;
let dataDir: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "spangate-unreadable-"));
  dataDir = join(home, "data");
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(home, { recursive: true, force: true });
});

const intake = (): string => join(dataDir, "journal", "intake");
const whole = (id: string) => ({ opened: openedAs(id) });
const key = (name: string): MasterKey => ({ id: name.repeat(16), bytes: Buffer.alloc(32, name) });
const [a, b] = [key("a"), key("b")];
const ioError = () => Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" });

test("what cannot be read grows older until it can", async () => {
  await using one = await openLane({ folder: intake(), name: "one" });
  await using running = await start({ dataDir, lanes: ["one"] });
  one.end("a", whole("a"));
  await one.written();
  const file = await open("/dev/null");
  const handles = Object.getPrototypeOf(file) as typeof file;
  await file.close();
  const failing = vi.spyOn(handles, "read").mockRejectedValue(ioError());
  await expect(running.pipeline.catchUp()).rejects.toThrow("EIO");
  await setTimeout(50);
  await expect(running.pipeline.catchUp()).rejects.toThrow("EIO");
  expect((await running.pipeline.counts()).lag_ms).toBeGreaterThanOrEqual(50);
  failing.mockRestore();
  expect(await running.stored()).toEqual(["a"]);
  expect((await running.pipeline.counts()).lag_ms).toBe(0);
});

test.skipIf(process.platform !== "linux")("a lane that cannot be read is not hidden by another that can", async () => {
  await using one = await openLane({ folder: intake(), name: "one" });
  await using two = await openLane({ folder: intake(), name: "two" });
  two.end("two", whole("two"));
  await two.written();
  await using running = await start({ dataDir, lanes: ["one", "two"] });
  const file = await open("/dev/null");
  const handles = Object.getPrototypeOf(file) as typeof file;
  await file.close();
  const read = Reflect.get(handles, "read") as (...given: unknown[]) => Promise<never>;
  const failing = vi.spyOn(handles, "read").mockImplementation(async function (this: typeof file, ...given: unknown[]) {
    if (readlinkSync(`/proc/self/fd/${this.fd}`).includes("/two/")) throw ioError();
    return await Reflect.apply(read, this, given);
  });
  for (const id of ["a", "b"]) {
    one.end(id, whole(id));
    await one.written();
    await expect(running.pipeline.catchUp()).rejects.toThrow("EIO");
  }
  expect((await running.pipeline.counts()).lag_ms).toBeGreaterThan(0);
  failing.mockRestore();
  expect(await running.stored()).toEqual(["a", "b", "two"]);
});

for (const failing of [1, 2, 3, 4, 5]) {
  test(`what was read is not lost when read ${failing} of two lanes fails`, async () => {
    await using one = await openLane({ folder: intake(), name: "one" });
    await using two = await openLane({ folder: intake(), name: "two" });
    for (const writing of [one, two]) {
      writing.end(writing.name, whole(writing.name));
      await writing.written();
    }
    await using running = await start({ dataDir, lanes: ["one", "two"] });
    const file = await open("/dev/null");
    const handles = Object.getPrototypeOf(file) as typeof file;
    await file.close();
    const read = Reflect.get(handles, "read") as (...given: unknown[]) => Promise<never>;
    let reads = 0;
    vi.spyOn(handles, "read").mockImplementation(async function (this: typeof file, ...given: unknown[]) {
      if (++reads === failing) throw ioError();
      return await Reflect.apply(read, this, given);
    });
    await running.pipeline.catchUp().catch((error: Error) => expect(error.message).toContain("EIO"));
    one.end("later", whole("later"));
    await one.written();
    expect(await running.stored()).toEqual(["later", "one", "two"]);
    expect(reads).toBeGreaterThan(failing);
  });
}

test("a lane that cannot be read does not keep the others", async () => {
  await using one = await openLane({ folder: intake(), name: "one", master: a });
  await using two = await openLane({ folder: intake(), name: "two" });
  for (const writing of [one, two]) {
    writing.end(writing.name, whole(writing.name));
    await writing.written();
  }
  const masters = (): never => {
    throw new Error("EMFILE: too many open files");
  };
  await using running = await start({ dataDir, lanes: ["one", "two"], masters });
  await expect(running.pipeline.catchUp()).rejects.toThrow("EMFILE");
  expect((await running.store.query("SELECT DISTINCT exchange_id FROM spans")).rows).toEqual([["two"]]);
});

test("keys that cannot be read for a moment cost nothing", async () => {
  await using writing = await openLane({ folder: intake(), name: "one", master: a });
  writing.end("sealed", whole("sealed"));
  await writing.written();
  let failing = true;
  const masters = (): readonly MasterKey[] => {
    if (failing) throw new Error("EMFILE: too many open files");
    return [a];
  };
  await using running = await start({ dataDir, masters });
  await expect(running.pipeline.catchUp()).rejects.toThrow("EMFILE");
  failing = false;
  expect(await running.stored()).toEqual(["sealed"]);
  expect((await running.pipeline.counts()).damaged).toBe(0);
});

for (const lanes of [["one"], []]) {
  test(`what is sealed with a key that is gone waits for it, in a lane that is ${lanes.length > 0 ? "written on" : "closed"}`, async () => {
    const folder = join(intake(), "one");
    let newest = a;
    const put = async (id: string): Promise<void> => {
      writing.append(KIND.end, encodePiece({ exchangeId: id, opened: openedAs(id), closed: closedAs(), request: [], response: [] }));
      await writing.written();
    };
    await using writing = await journal({ folder, first: 1, segmentBytes: 1 << 20, maxAgeMs: 1, master: () => newest });
    await put("old");
    newest = b;
    await setTimeout(20);
    await writing.rotateIfOld();
    await put("new");
    {
      await using without = await start({ dataDir, lanes, masters: [b] });
      expect(await without.stored()).toEqual([]);
      expect(await without.stored()).toEqual([]);
      expect((await without.pipeline.counts()).damaged).toBe(1);
    }
    expect(readdirSync(folder)).toHaveLength(2);
    await using running = await start({ dataDir, lanes, masters: [b, a] });
    expect(await running.stored()).toEqual(["new", "old"]);
    expect((await running.pipeline.counts()).damaged).toBe(0);
  });
}

const letter = (about: string): Letter => ({
  about,
  stage: "describe",
  reason: "because",
  lane: "one",
  sequence: 1,
  holds: "pieces",
  payloads: [Buffer.from("x".repeat(100))],
});
const openLetters = (masters: () => readonly MasterKey[], damage: string[] = []) =>
  deadLetters({ folder: join(home, "letters"), masters, onDamage: ({ reason }) => damage.push(reason), onError: () => {} });

test("a dead letter is kept while the key file cannot be read, and sealed with the key of before", async () => {
  let failing = false;
  const letters = openLetters(() => {
    if (failing) throw new Error("EMFILE: too many open files");
    return [a];
  });
  failing = true;
  await letters.bury([letter("x")]);
  expect([letters.counts.lost, (await letters.list()).length]).toEqual([0, 1]);
  expect(await openLetters(() => [b]).list()).toEqual([]);
  expect(await openLetters(() => [a]).list()).toHaveLength(1);
});

test("dead letters whose key is gone stay beside those that are buried and removed", async () => {
  await openLetters(() => [a]).bury([letter("x"), letter("y")]);
  const damage: string[] = [];
  const letters = openLetters(() => [b], damage);
  await letters.bury([letter("z")]);
  const [z] = await letters.list();
  await letters.remove(z?.id ?? 0);
  expect([letters.counts.lost, letters.counts.damaged, damage.length]).toEqual([0, 1, 1]);
  expect(await openLetters(() => [b, a]).list()).toHaveLength(2);
});

test("a letter whose key went after it was listed is neither removed nor lost when one beside it is tried again", async () => {
  let masters = [a];
  const letters = openLetters(() => masters);
  await letters.bury([letter("x"), letter("y")]);
  const ids = (await letters.list()).map(({ id }) => id);
  masters = [b];
  const steps = {
    letters,
    carrier: carrier([], { userKey: userKeys(Buffer.alloc(32)) }),
    store: { query: () => expect.unreachable() },
    put: () => expect.unreachable(),
    noted: () => expect.unreachable(),
  };
  expect(await replay(ids, steps)).toMatchObject({ failed: 2 });
  await expect(letters.remove(ids[0] ?? 0)).rejects.toThrow("not at hand");
  expect(await openLetters(() => [a]).list()).toHaveLength(2);
});

test("a damaged letter does not keep the others from being tried again, and is counted", async () => {
  const damage: string[] = [];
  const letters = openLetters(() => [], damage);
  await letters.bury([letter("x")]);
  await letters.bury([letter("y")]);
  const ids = (await letters.list()).map(({ id }) => id);
  const folder = join(home, "letters");
  const file = join(folder, readdirSync(folder).sort()[0] ?? "");
  const bytes = readFileSync(file);
  bytes[bytes.length - 10] = 0;
  writeFileSync(file, bytes);
  const steps = {
    letters,
    carrier: carrier([], { userKey: userKeys(Buffer.alloc(32)) }),
    store: { query: () => expect.unreachable() },
    put: () => expect.unreachable(),
    noted: () => expect.unreachable(),
  };
  expect(await replay(ids, steps)).toEqual({ replayed: 0, already_stored: 0, failed: 2, unknown: 0 });
  await replay(ids, steps);
  expect([letters.counts.damaged, damage.length, letters.counts.byStage.describe]).toEqual([1, 1, 4]);
});
