import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { open as openFile, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Recorded } from "../genai/recorded.ts";
import { folderBytes } from "../journal/room.ts";
import { lane, openedAs, type Lane } from "../testing/lane.ts";
import type { IntakeCursor } from "./batch.ts";
import { intake, type Intake } from "./intake.ts";

let home: string;
let folder: string;
beforeEach(() => {
  folder = home = mkdtempSync(join(tmpdir(), "spangate-intake-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const reader = (from: IntakeCursor = {}): Intake =>
  intake({ folder, masters: [], from, onDamage: ({ reason, segment }) => expect.fail(`${segment}: ${reason}`) });

const open = (name: string, segmentBytes?: number): Promise<Lane> =>
  lane({ folder, name, ...(segmentBytes !== undefined && { segmentBytes }) });
const ids = (recorded: readonly Recorded[] = []): string[] => recorded.map(({ opened, closed }) => `${opened.exchangeId} ${closed.ending}`);
const whole = (id: string) => ({ opened: openedAs(id) });

test("an intake without a lane has nothing", async () => {
  rmSync(folder, { recursive: true });
  await using reading = reader();
  reading.setLive([]);
  expect(await reading.next()).toBeUndefined();
  await reading.release();
  expect(await reading.backlogBytes()).toBe(0);
});

test("exchanges come once they have ended, and the cursor says up to which", async () => {
  await using one = await open("one");
  await using reading = reader();
  reading.setLive(["one"]);
  one.begin("a");
  one.end("b", whole("b"));
  await one.written();
  expect(await reading.backlogBytes()).toBeGreaterThan(0);
  const first = await reading.next();
  expect([ids(first?.recorded), first?.through]).toEqual([["b completed"], { one: 2 }]);
  expect(await reading.backlogBytes()).toBe(0);
  expect(await reading.next()).toBeUndefined();
  one.end("a");
  await one.written();
  const second = await reading.next();
  expect([ids(second?.recorded), second?.through]).toEqual([["a completed"], { one: 3 }]);
});

test("a batch has the bytes that were read since the one before, those of exchanges that were open then included", async () => {
  await using one = await open("one");
  await using reading = reader();
  reading.setLive(["one"]);
  const head = await folderBytes(folder);
  const said = [{ atUs: 1, bytes: Buffer.alloc(5000) }];
  const read = async (): Promise<number | undefined> => {
    await one.written();
    return (await reading.next())?.journalBytes;
  };
  one.begin("a", { response: said });
  expect([await read(), await reading.backlogBytes()]).toEqual([undefined, 0]); // there is nothing to be done with it yet
  one.part("a", { response: said });
  expect(await read()).toBeUndefined();
  one.end("a");
  const first = await read();
  expect(first).toBe((await folderBytes(folder)) - head);
  one.end("b", whole("b"));
  expect(await read()).toBe((await folderBytes(folder)) - head - (first ?? 0));
});

test("bytes that were passed over because they are safe are in no batch", async () => {
  await using one = await open("one");
  one.end("a", { ...whole("a"), response: [{ atUs: 1, bytes: Buffer.alloc(5000) }] });
  one.end("b", whole("b"));
  await one.written();
  await using reading = reader({ one: 1 });
  reading.setLive(["one"]);
  const batch = await reading.next();
  expect(ids(batch?.recorded)).toEqual(["b completed"]);
  expect(batch?.journalBytes).toBeGreaterThan(100);
  expect(batch?.journalBytes).toBeLessThan(5000);
});

test("what was read of one lane counts as backlog while the next is still being read", async () => {
  await using one = await open("one");
  await using two = await open("two");
  for (const each of [one, two]) {
    each.end(each.name, { ...whole(each.name), response: [{ atUs: 1, bytes: Buffer.alloc(5000) }] });
    await each.written();
  }
  await using reading = reader();
  reading.setLive(["one", "two"]);
  const handles = await fileHandles();
  const read = Reflect.get(handles, "read") as (...given: unknown[]) => Promise<unknown>;
  const seen: number[] = [];
  const spy = vi.spyOn(handles, "read").mockImplementation(async function (this: unknown, ...given: unknown[]) {
    seen.push(await reading.backlogBytes());
    return (await Reflect.apply(read, this, given)) as never;
  });
  const batch = await reading.next();
  spy.mockRestore();
  expect(batch?.recorded).toHaveLength(2);
  expect(seen.length).toBeGreaterThan(2);
  const journalBytes = batch?.journalBytes ?? Infinity;
  expect(journalBytes).toBeGreaterThan(10_000);
  for (const bytes of seen) expect(bytes).toBeGreaterThanOrEqual(journalBytes);
});

/** What all open files have in common. */
async function fileHandles(): Promise<FileHandle> {
  const file = await openFile("/dev/null");
  await file.close();
  return Object.getPrototypeOf(file) as FileHandle;
}

test("a living lane never yields an incomplete exchange, a closed one does once", async () => {
  await using one = await open("one");
  await using reading = reader();
  one.begin("a");
  await one.written();
  expect(await reading.next()).toBeUndefined(); // nobody has said yet which lanes live
  reading.setLive(["one"]);
  expect(await reading.next()).toBeUndefined();
  reading.setLive([]);
  const batch = await reading.next();
  expect([ids(batch?.recorded), batch?.through]).toEqual([["a incomplete"], { one: "closed" }]);
  await using restarted = reader(batch?.through);
  restarted.setLive([]);
  expect(await restarted.next()).toBeUndefined();
});

test("what is torn at the end of a closed lane is told, and what came before it is kept", async () => {
  {
    await using one = await open("one");
    one.begin("a");
    one.end("b", whole("b"));
    await one.written();
  }
  const [segment = ""] = readdirSync(join(folder, "one"));
  truncateSync(join(folder, "one", segment), statSync(join(folder, "one", segment)).size - 3);
  const damage: string[] = [];
  await using reading = intake({ folder, masters: [], from: {}, onDamage: ({ reason }) => damage.push(reason) });
  reading.setLive([]);
  expect(ids((await reading.next())?.recorded)).toEqual(["a incomplete"]);
  expect(damage).toHaveLength(1);
});

test("a closed lane is deleted once what was in it is safe", async () => {
  {
    await using one = await open("one");
    one.end("a", whole("a"));
  }
  await using reading = reader();
  reading.setLive([]);
  const seen: string[] = [];
  let through: IntakeCursor = {};
  for (let batch = await reading.next(); batch; batch = await reading.next()) {
    seen.push(...ids(batch.recorded));
    ({ through } = batch);
  }
  expect([seen, through]).toEqual([["a completed"], { one: "closed" }]);
  expect(existsSync(join(folder, "one"))).toBe(true);
  await reading.release();
  expect(existsSync(join(folder, "one"))).toBe(false);
  await using two = await open("two");
  two.end("b", whole("b"));
  await two.written();
  reading.setLive(["two"]);
  expect((await reading.next())?.through).toEqual({ two: 1 });
});

test("a closed lane whose deletion was cut short is deleted after a restart", async () => {
  {
    await using one = await open("one");
    one.end("a", whole("a"));
  }
  await using reading = reader({ one: "closed" });
  reading.setLive([]);
  expect(await reading.next()).toBeUndefined();
  await reading.release();
  expect(existsSync(join(folder, "one"))).toBe(false);
});

test("a segment stays while an exchange that began in it is open", async () => {
  await using one = await open("one", 600);
  await using reading = reader();
  reading.setLive(["one"]);
  const drain = async (): Promise<string[]> => {
    const seen: string[] = [];
    for (let batch = await reading.next(); batch; batch = await reading.next()) seen.push(...ids(batch.recorded));
    await reading.release();
    return seen;
  };
  const segments = (): string[] => readdirSync(join(folder, "one"));
  one.begin("long");
  await one.written();
  for (let i = 0; i < 5; i++) {
    one.end(`${i}`, whole(`${i}`));
    await one.written();
  }
  expect(await drain()).toHaveLength(5);
  expect(segments().length).toBeGreaterThan(3);
  {
    await using restarted = reader({ one: 6 });
    restarted.setLive(["one"]);
    expect(await restarted.next()).toBeUndefined();
    one.end("long");
    await one.written();
    expect(ids((await restarted.next())?.recorded)).toEqual(["long completed"]);
  }
  expect(await drain()).toEqual(["long completed"]);
  expect(segments()).toHaveLength(1);
});

test("what is no lane is passed over", async () => {
  await using one = await open("one");
  one.end("a", whole("a"));
  await one.written();
  writeFileSync(join(folder, ".DS_Store"), "");
  await using reading = reader();
  reading.setLive(["one"]);
  expect(ids((await reading.next())?.recorded)).toEqual(["a completed"]);
});

test("a restart behind any batch neither loses nor repeats an exchange", async () => {
  const laneOf = fc.nat(2);
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom("whole" as const, "begin" as const, "part" as const, "end" as const),
        lane: laneOf,
        pick: fc.nat(9),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("die" as const), lane: laneOf }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("read" as const), after: fc.constantFrom("nothing", "release", "crash") }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      folder = mkdtempSync(join(home, "run-"));
      const lanes = new Map<number, { readonly lane: Lane; readonly running: string[] }>();
      const expected = new Map<string, { ending: string; body: string }>();
      const delivered: Recorded[] = [];
      let safe: IntakeCursor = {};
      let incarnations = 0;
      let exchanges = 0;
      let reading = reader(safe);
      const live = (): void => reading.setLive([...lanes.values()].map(({ lane: { name } }) => name));
      const living = async (index: number) => {
        const known = lanes.get(index) ?? { lane: await open(`lane-${incarnations++}`, 900), running: [] };
        lanes.set(index, known);
        live();
        return known;
      };
      const restart = async (): Promise<void> => {
        await reading[Symbol.asyncDispose]();
        reading = reader(safe);
        live();
      };
      const read = async (release: boolean): Promise<boolean> => {
        const batch = await reading.next();
        if (batch === undefined) return false;
        delivered.push(...batch.recorded);
        safe = batch.through;
        if (release) await reading.release();
        return true;
      };

      for (const each of steps) {
        if (each.do === "read" && each.after === "crash") {
          await reading.next(); // and never said to be safe
          await restart();
        } else if (each.do === "read") await read(each.after === "release");
        else if (each.do === "restart") await restart();
        else if (each.do === "die") {
          await lanes.get(each.lane)?.lane[Symbol.asyncDispose]();
          lanes.delete(each.lane);
          live();
        } else {
          const { lane: writing, running } = await living(each.lane);
          const response = [{ atUs: 1, bytes: Buffer.from(`${each.do} ${"x".repeat(each.pick * 30)};`) }];
          const body = String(response[0]?.bytes);
          const picked = running[each.pick % Math.max(1, running.length)];
          if (each.do === "whole" || each.do === "begin") {
            const id = `exchange ${exchanges++}`;
            if (each.do === "whole") writing.end(id, { ...whole(id), response });
            else {
              writing.begin(id, { response });
              running.push(id);
            }
            expected.set(id, { ending: each.do === "whole" ? "completed" : "incomplete", body });
          } else if (picked !== undefined) {
            const so = expected.get(picked);
            expected.set(picked, { ending: each.do === "end" ? "completed" : "incomplete", body: `${so?.body}${body}` });
            writing[each.do](picked, { response });
            if (each.do === "end") running.splice(running.indexOf(picked), 1);
          }
          if (each.pick % 2 === 0) await writing.written();
        }
      }

      const died = delivered.filter(({ closed }) => closed.ending === "incomplete").map(({ opened }) => opened.exchangeId);
      expect([...lanes.values()].flatMap(({ running }) => running).filter((id) => died.includes(id))).toEqual([]);
      for (const { lane: writing } of lanes.values()) await writing[Symbol.asyncDispose]();
      reading.setLive([]);
      while (await read(true));
      const outcome = (id: string, ending: string, body: string): string => `${id} ${ending} ${body}`;
      expect(
        delivered
          .map(({ opened, closed, response }) => outcome(opened.exchangeId, closed.ending, response.map(({ bytes }) => bytes).join("")))
          .sort(),
      ).toEqual([...expected].map(([id, { ending, body }]) => outcome(id, ending, body)).sort());
      await reading.release();
      expect(readdirSync(folder)).toEqual([]);
      await reading[Symbol.asyncDispose]();
    }),
    { numRuns: 60 },
  );
});
