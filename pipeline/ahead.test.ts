import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { journalReader } from "../journal/read.ts";
import { eventually } from "../testing/eventually.ts";
import { lane, openedAs, type Lane } from "../testing/lane.ts";
import { killed, startPipeline } from "../testing/pipeline.ts";
import { decodeBatch, type Batch } from "./batch.ts";
import { carrier, type Carrier } from "./carrier.ts";
import { crew } from "./crew.ts";

let home: string;
let dataDir: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "spangate-ahead-"));
  mkdirSync((dataDir = join(home, "data")));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const intakeFolder = (): string => join(dataDir, "journal", "intake");
/** Segments this small hold a few exchanges each, and each is a batch. */
const openLane = (): Promise<Lane> => lane({ folder: intakeFolder(), name: "one", segmentBytes: 2000 });
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i).padStart(3, "0"));

async function ask(writing: Lane, id: string, model: string): Promise<void> {
  writing.end(id, { opened: openedAs(id), request: [Buffer.from(JSON.stringify({ model, messages: [] }))] });
  await writing.written();
}

async function batchesOnJournal(): Promise<readonly Batch[]> {
  await using reader = journalReader({ folder: join(dataDir, "journal", "spans"), after: 0, onDamage: () => expect.fail("damage") });
  return (await reader.read(Infinity)).map(({ payload }) => decodeBatch(payload));
}

test("batches that threads carry ahead of each other reach the span journal in order, whatever befalls some of them", async () => {
  const lost: string[] = [];
  const entry = new URL("../testing/misbehaving_worker.ts", import.meta.url);
  await using workers = crew({
    userKey: { id: "k", bytes: Buffer.alloc(32) },
    workers: 2,
    patienceSeconds: 3,
    entry,
    onLost: (reason) => lost.push(reason),
  });
  const models: Record<string, string> = { "010": "circle", "050": `die-once:${join(home, "died")}`, "090": "die", "100": "spin" };
  const all = names(120);
  const poison = ["010", "090", "100"];
  const good = all.filter((id) => !poison.includes(id));
  await using writing = await openLane();
  for (const id of all) await ask(writing, id, models[id] ?? "m");

  await using running = await startPipeline({ dataDir, carrier: workers });
  expect(await running.stored()).toEqual(good);
  const batches = await batchesOnJournal();
  expect(batches.length).toBeGreaterThan(20);
  expect(batches.flatMap(({ spans }) => spans.filter(({ kind }) => kind === "server").map(({ exchangeId }) => exchangeId))).toEqual(good);
  const reached = batches.map(({ through }) => through["one"]);
  expect(reached).toEqual(reached.toSorted((one, other) => Number(one) - Number(other)));
  expect(reached.at(-1)).toBe(120);
  expect((await running.letters.list()).map(({ exchangeId }) => exchangeId)).toEqual(poison);
  expect(lost.length).toBeGreaterThanOrEqual(4);
  const { appended, stored, dead_lettered, carried } = await running.pipeline.counts();
  expect([appended, stored, dead_lettered, carried.completed]).toEqual([234, 234, 3, 117]);
}, 60_000);

test("no more is read ahead than the carrier makes use of, and nothing is given up before it is safe", async () => {
  const straight = carrier([], { userKey: () => "key" });
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  let asked = 0;
  const held: Carrier = {
    ...straight,
    capacity: 3,
    async carry(recorded, through) {
      asked++;
      await opened;
      return await straight.carry(recorded, through);
    },
  };
  await using writing = await openLane();
  const all = names(60);
  for (const id of all) await ask(writing, id, "m");
  const segments = readdirSync(join(intakeFolder(), "one"));

  await using running = await startPipeline({ dataDir, carrier: held });
  const stored = running.stored();
  await eventually(
    () => asked,
    (count) => count >= 4,
  );
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(asked).toBe(4); // one more than it can use, so that none waits for the reader
  expect(readdirSync(join(intakeFolder(), "one"))).toEqual(segments);
  await using after = await startPipeline({ dataDir: killed(dataDir) });
  expect(await after.stored()).toEqual(all);
  open();
  expect(await stored).toEqual(all);
  expect(readdirSync(join(intakeFolder(), "one")).length).toBeLessThan(segments.length);
});
