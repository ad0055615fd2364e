import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { Recorded } from "../genai/recorded.ts";
import { processors } from "../processors/index.ts";
import { processorOptions } from "../processors/options.ts";
import { eventually } from "../testing/eventually.ts";
import { bodiesOf } from "../testing/exchange.ts";
import { aRecorded, aRecordedExchange, events } from "../testing/recorded.ts";
import { decodeBatch } from "./batch.ts";
import { carrier, type Carried } from "./carrier.ts";
import { crew, type CrewOptions } from "./crew.ts";
import { userKeys } from "./user_key.ts";

const userKey = { id: "test", bytes: Buffer.alloc(32, 7) };
const straight = carrier(processors([], { key: userKey.bytes, onProblem: () => {}, onPrinted: () => {} }), {
  userKey: userKeys(userKey.bytes),
});
const newCrew = (options: Partial<CrewOptions> = {}) =>
  crew({ userKey, workers: 2, onLost: (reason) => expect.fail(`a worker was lost: ${reason}`), ...options });

const misbehaving = (options: Partial<CrewOptions> = {}) => {
  const lost: string[] = [];
  const entry = new URL("../testing/misbehaving_worker.ts", import.meta.url);
  return { lost, ...newCrew({ entry, onLost: (reason) => lost.push(reason), ...options }) };
};

const asking = (model: string, exchangeId = model): Recorded =>
  aRecorded({ opened: { exchangeId }, request: { model, messages: [{ role: "user", content: "Hello" }] }, response: {} });
const ids = ({ spans }: Carried): unknown[] => [...new Set(spans.map(({ exchangeId }) => exchangeId))];

async function everyExchange(): Promise<readonly Recorded[]> {
  const folder = fileURLToPath(new URL("../testing/exchanges/", import.meta.url));
  const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  const all = names.map(async (name) => {
    const bodies = await bodiesOf(name);
    return await Promise.all(
      (bodies.length > 1 ? bodies : [undefined]).map((body) => aRecordedExchange(name, body === undefined ? {} : { body })),
    );
  });
  return (await Promise.all(all)).flat();
}

test("the recorded exchanges become the same spans in another thread, and the same record", async () => {
  const recorded = await everyExchange();
  const through = { one: 12, two: "closed" } as const;
  await using workers = newCrew();
  const [there, here] = [await workers.carry(recorded, through), await straight.carry(recorded, through)];
  expect(recorded.length).toBeGreaterThan(12);
  expect(there.spans).toEqual(here.spans);
  expect(there.record).toEqual(here.record);
  expect(decodeBatch(there.record).through).toEqual(through);
});

test("what JSON could not carry crosses over: bodies in odd chunks, halves of characters, a name like __proto__", async () => {
  const odd = JSON.parse('{"__proto__": "own", "half": "\\ud83d"}') as object;
  const recorded = [
    aRecorded({ request: "", response: "" }),
    aRecorded({
      request: { model: "m", metadata: odd, messages: [{ role: "user", content: [{ type: "text", text: "\ud83d" }] }] },
      response: events({ choices: [{ index: 0, delta: { content: "häagen 🍦" } }] }),
      cuts: [1, 7, 0, 44],
    }),
  ];
  await using workers = newCrew({ workers: 1 });
  expect((await workers.carry(recorded, {})).spans).toEqual((await straight.carry(recorded, {})).spans);
});

test("many batches at once each get their own answer", async () => {
  await using workers = newCrew();
  const batches = Array.from({ length: 40 }, (_, i) => [asking("m", `${i} a`), asking("m", `${i} b`)]);
  const carried = await Promise.all(batches.map((batch, i) => workers.carry(batch, { one: i })));
  expect(carried.map((each) => [ids(each), decodeBatch(each.record).through])).toEqual(
    batches.map((_, i) => [[`${i} a`, `${i} b`], { one: i }]),
  );
});

const misdeeds = [
  { title: "cannot be encoded", model: "circle", error: "circular", lost: [] },
  { title: "ends its thread", model: "die", error: "it ended with 7", lost: ["it ended with 7", "it ended with 7"] },
  { title: "never comes back", model: "spin", error: "longer than 2 s", lost: ["it took longer than 2 s"], patienceSeconds: 2 },
  {
    title: "needs too much memory",
    model: "hoard",
    error: "memory",
    lost: [expect.stringMatching("memory"), expect.stringMatching("memory")],
  },
];
for (const { title, model, error, lost, patienceSeconds = 60 } of misdeeds) {
  test(`an exchange that ${title} fails its batch, and no other`, async () => {
    await using workers = misbehaving({ workers: 1, heapMb: 48, patienceSeconds });
    const before = workers.carry([asking("m", "before")], {});
    const poisoned = workers.carry([asking("m", "beside"), asking(model)], {});
    const after = Promise.all(["x", "y", "z"].map((id) => workers.carry([asking("m", id)], {})));
    await expect(poisoned).rejects.toThrow(error);
    expect(ids(await before)).toEqual(["before"]);
    expect((await after).map(ids)).toEqual([["x"], ["y"], ["z"]]);
    expect(workers.lost).toEqual(lost);
  });
}

test("what a worker held when it died is carried by its successor, once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "spangate-crew-"));
  {
    await using workers = misbehaving({ workers: 1 });
    const batches = ["a", "b", "c", "d"].map((id) => [asking(`die-once:${join(folder, id)}`, id)]);
    const carried = await Promise.all(batches.map((batch) => workers.carry(batch, {})));
    expect(carried.map(ids)).toEqual([["a"], ["b"], ["c"], ["d"]]);
    expect(workers.lost).toHaveLength(4);
  }
  rmSync(folder, { recursive: true });
});

const misbehavingModule = fileURLToPath(new URL("../testing/modules/misbehaving.ts", import.meta.url));
const upperCase = fileURLToPath(new URL("../testing/modules/upper_case.ts", import.meta.url));
const checked = (...list: readonly object[]) => list.map((each) => processorOptions.parse(each));
const contentOf = ({ spans }: Carried): unknown[] => spans.flatMap(({ attributes }) => attributes["gen_ai.input.messages"] ?? []);

for (const does of ["throw", "spin", "return rubbish", "exit", "hoard", "hoard buffers"]) {
  test(
    `a module that would ${does} costs no batch: it goes on without content, and the next one with it`,
    { timeout: 30_000 },
    async () => {
      const limits = { time_limit_ms: does === "spin" ? 1000 : 10_000, memory_mb: 32 };
      const processors = checked(
        { use: "filter", by: "span", drop: [{ kind: ["server"] }] },
        { use: "module", path: misbehavingModule, name: "mine", ...limits },
        { use: "module", path: upperCase, options: { mark: does } },
      );
      await using workers = newCrew({ workers: 1, processors });
      const bad = await workers.carry([asking(does, "bad")], {});
      const good = await workers.carry([asking("m", "good")], {});
      expect([bad.failures.map(({ processor }) => processor), contentOf(bad), ids(bad)]).toEqual([["mine"], [], ["bad"]]);
      expect(bad.spans.map(({ attributes }) => attributes["acme.mark"])).toEqual([does]);
      expect([good.failures, contentOf(good).length, ids(good), good.dropped]).toEqual([[], 1, ["good"], { filter: 1 }]);
      expect(decodeBatch(bad.record).spans).toHaveLength(1);
    },
  );
}

test("batches given after a renewal go through the new processors, those at work end as they began, and none is lost", async () => {
  await using workers = newCrew({ workers: 2, processors: checked({ use: "attributes", set: { step: "old" } }) });
  const stepsOf = ({ spans }: Carried): unknown[] => [...new Set(spans.map(({ attributes }) => attributes["step"]))];
  const carryAll = (count: number) => Promise.all(Array.from({ length: count }, (_, i) => workers.carry([asking("m", `${i}`)], {})));
  expect((await carryAll(4)).flatMap(stepsOf)).toEqual(Array(4).fill("old"));
  const before = carryAll(12);
  workers.renew({ processors: checked({ use: "attributes", set: { step: "new" } }) });
  const after = carryAll(4);
  const steps = (await before).flatMap(stepsOf);
  expect(steps).toEqual([...Array(4).fill("old"), ...Array(8).fill("new")]); // four were in hands already
  expect((await after).flatMap(stepsOf)).toEqual(Array(4).fill("new"));
  for (let i = 0; i < 5; i++) workers.renew({ processors: checked({ use: "attributes", set: { step: i } }) });
  expect((await carryAll(4)).flatMap(stepsOf)).toEqual(Array(4).fill(4));
});

test("what a module prints is told with its name", async () => {
  const folder = mkdtempSync(join(tmpdir(), "spangate-crew-"));
  const path = join(folder, "loud.ts");
  writeFileSync(path, 'export default () => ({ process(spans) { console.log("seen " + spans.length); return spans; } });');
  const printed: string[] = [];
  {
    const onPrinted = (processor: string, line: string): void => void printed.push(`${processor} ${line}`);
    await using workers = newCrew({ workers: 1, processors: checked({ use: "module", path, name: "loud" }), onPrinted });
    await workers.carry([asking("m")], {});
    expect(
      await eventually(
        () => printed,
        ({ length }) => length > 0,
      ),
    ).toEqual(["loud seen 2"]);
  }
  rmSync(folder, { recursive: true });
});

test("what is wrong is told once, though each worker finds it", async () => {
  const problems: string[] = [];
  await using workers = misbehaving({ workers: 2, onProblem: (problem) => problems.push(problem) });
  await Promise.all(["a", "b", "c", "d"].map((id) => workers.carry([asking("tell:the same", id)], {})));
  await workers.carry([asking("tell:another", "e")], {});
  expect(problems).toEqual(["the same", "another"]);
});

test("disposing waits for what is at work", async () => {
  const workers = newCrew({ workers: 1 });
  const carried = ["a", "b", "c"].map((id) => workers.carry([asking("m", id)], {}));
  let done = 0;
  for (const each of carried) void each.then(() => done++);
  await workers[Symbol.asyncDispose]();
  expect(done).toBe(3);
});

test("a worker that cannot start is no fault of an exchange: it waits until one can", async () => {
  const folder = mkdtempSync(join(tmpdir(), "spangate-crew-"));
  const file = join(folder, "worker.ts");
  {
    await using workers = misbehaving({ workers: 2, entry: pathToFileURL(file) });
    const carried = workers.carry([asking("m", "patient")], {});
    await eventually(
      () => workers.lost,
      ({ length }) => length >= 2,
    );
    writeFileSync(file, `import ${JSON.stringify(new URL("./carry_worker.ts", import.meta.url).href)};`);
    expect(ids(await carried)).toEqual(["patient"]);
  }
  rmSync(folder, { recursive: true });
});

test("a worker that takes longer to start than a batch may take is waited for", async () => {
  const folder = mkdtempSync(join(tmpdir(), "spangate-crew-"));
  const file = join(folder, "worker.ts");
  const slow = `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4000);`;
  writeFileSync(file, `${slow} await import(${JSON.stringify(new URL("./carry_worker.ts", import.meta.url).href)});`);
  {
    await using workers = newCrew({ workers: 1, patienceSeconds: 1, entry: pathToFileURL(file) });
    expect(ids(await workers.carry([asking("m", "patient")], {}))).toEqual(["patient"]);
  }
  rmSync(folder, { recursive: true });
}, 30_000);

test("idle workers keep no process alive, and busy ones do until they have answered", async () => {
  const folder = mkdtempSync(join(tmpdir(), "spangate-crew-"));
  const script = join(folder, "script.ts");
  writeFileSync(
    script,
    `import { crew } from ${JSON.stringify(new URL("./crew.ts", import.meta.url).href)};
    import { aRecorded } from ${JSON.stringify(new URL("../testing/recorded.ts", import.meta.url).href)};
    const workers = crew({ userKey: { id: "k", bytes: Buffer.alloc(32) }, onLost: console.error });
    workers.carry([aRecorded()], {}).then(({ spans }) => console.log(spans.length));`,
  );
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [script], { timeout: 20_000 });
  expect([stdout, stderr]).toEqual(["2\n", ""]);
  rmSync(folder, { recursive: true });
});
