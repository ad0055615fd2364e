import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Span } from "../../genai/span.ts";
import { journal } from "../../journal/append.ts";
import { KIND } from "../../journal/record.ts";
import type { Processor } from "../../processors/processor.ts";
import { lane, openedAs } from "../lane.ts";
import { changed, killed, startPipeline, type RunningPipeline } from "../pipeline.ts";
import type { Fault, Random } from "./fault.ts";

/** Exchanges in each lane. */
const EXCHANGES = 300;
/** As many are recorded before the next ones, where the store is to get many batches. */
const TOGETHER = 10;
/** No column holds such a time. */
const BEYOND_TIME = 2n ** 63n;

export const oddStoreErrors: Fault = {
  id: "F17",
  title: "the store fails with an error of no known class, now and then, and always for batches with a span that it cannot hold",
  holds:
    "a batch that fails is asked again, then given span by span; what the store refuses then is put aside as a dead letter, alone, and stays one; all else is stored once, nothing is dropped",
  fast: 3,
  long: 30,
  async run({ count, random, injected, measured }) {
    await using home = await folder();
    const { dataDir } = home;
    const hated = chosen(random, count);
    await using writing = await lane({ folder: join(dataDir, "journal", "intake"), name: "one" });
    let odd = 0;
    let failedLast = false;
    await using running = await startPipeline({
      dataDir,
      retry: { firstMs: 1, mostMs: 4, tries: 3 },
      faults: [beyondTime(hated)],
      around: (store) =>
        changed(store, {
          append(batch) {
            const forEver = batch.spans.some((span) => span.startTimeUnixNano === BEYOND_TIME);
            const passing = !failedLast && batch.spans.length > 0 && random.whole(1, 4) === 1;
            failedLast = passing;
            if (!forEver && !passing) return store.append(batch);
            odd++;
            return Promise.reject(Object.assign(new Error("odd"), { code: random.pick(["EODD", 42, undefined]) }));
          },
        }),
    });
    for (const [index, id] of all().entries()) {
      writing.end(id, { opened: openedAs(id) });
      if (index % TOGETHER !== TOGETHER - 1) continue;
      await writing.written();
      await running.pipeline.catchUp();
    }
    same("the stored", await running.stored(), all());
    injected(odd);
    await assertRefused(running, hated);
    const { appended, stored: taken, dead_letters, dropped } = await running.pipeline.counts();
    if (appended !== taken + dead_letters.store || dead_letters.store !== count || Object.keys(dropped).length > 0) {
      throw new Error(`${appended} appended, ${taken} stored, ${dead_letters.store} dead letters, ${JSON.stringify(dropped)} dropped`);
    }
    measured("spans", appended);
    measured("dead letters", dead_letters.store);

    await using mended = await startPipeline({ dataDir: killed(dataDir) });
    const { replayed, failed } = await mended.pipeline.replay(await idsOf(mended));
    if (replayed > 0 || failed !== count)
      throw new Error(`of ${count} letters that the store refuses, ${replayed} were replayed and ${failed} failed`);
    same("those stored after a kill", await mended.stored(), all());
    await assertRefused(mended, hated);
    measured(
      "dropped",
      Object.values(dropped).reduce((sum, each) => sum + each, 0),
    );
  },
};

/** The model's spans of these exchanges begin at a time that no column can hold. */
function beyondTime(hated: ReadonlySet<string>): Processor {
  const beyond = (span: Span): boolean => span.kind === "client" && hated.has(span.exchangeId ?? "");
  return {
    name: "beyond",
    process: (spans) => spans.map((span) => (beyond(span) ? { ...span, startTimeUnixNano: BEYOND_TIME } : span)),
  };
}

/** Throws unless these exchanges, and no others, lack their model's span in the store and have it as their one dead letter. */
async function assertRefused({ store, letters }: RunningPipeline, hated: ReadonlySet<string>): Promise<void> {
  const { rows } = await store.query("SELECT exchange_id FROM spans WHERE kind = 'client'");
  same(
    "the models' spans",
    rows.map(([id]) => String(id)),
    all().filter((id) => !hated.has(id)),
  );
  same(
    "the dead letters",
    (await letters.list()).map(({ exchangeId }) => String(exchangeId)),
    [...hated],
  );
}

export const poisonRecords: Fault = {
  id: "F18",
  title: "records of the intake whose checksum is right and whose content is not: no JSON, bad UTF-8, a length of 1 GiB, nothing at all",
  holds: "each is put aside by itself, once, also when the pipeline is killed; all others are stored",
  fast: 5,
  long: 200,
  async run({ count, random, injected, measured }) {
    await using home = await folder();
    const { dataDir } = home;
    await write(dataDir);
    await using poison = await journal({ folder: join(dataDir, "journal", "intake", "poison"), first: 1, segmentBytes: 2 ** 20 });
    for (let i = 0; i < count; i++) poison.append(random.pick([KIND.begin, KIND.part, KIND.end]), [random.pick(POISON)(random)]);
    await poison.written();
    await using running = await startPipeline({ dataDir, lanes: ["one", "poison"] });
    same("the stored", await running.stored(), all());
    const { dead_letters, dropped, damaged } = await running.pipeline.counts();
    injected(dead_letters.read);
    if (dead_letters.read !== count || damaged > 0 || Object.keys(dropped).length > 0) {
      throw new Error(`${count} poison records: ${dead_letters.read} dead letters, ${damaged} damaged, ${JSON.stringify(dropped)} dropped`);
    }
    await using again = await startPipeline({ dataDir: killed(dataDir), lanes: ["one", "poison"] });
    same("those stored after a kill", await again.stored(), all());
    const letters = (await again.letters.list()).length;
    if (letters !== count) throw new Error(`${count} poison records are ${letters} dead letters after a kill`);
    measured("stored", EXCHANGES);
    measured("dead letters", letters);
  },
};

const POISON: readonly ((random: Random) => Buffer)[] = [
  () => Buffer.concat([Buffer.from([4, 0, 0, 0]), Buffer.from("\xff\xfe{]", "latin1")]),
  () => Buffer.from([0, 0, 0, 0x40, 1, 2, 3]),
  () => Buffer.alloc(0),
  ({ bytes }) => bytes(200),
];

export const letterReplay: Fault = {
  id: "F19",
  title: "dead letters are replayed, twice, while their cause goes, and the pipeline is killed in between",
  holds: "each is applied once; those whose cause stays, stay",
  fast: 3,
  long: 30,
  async run({ count, random, injected, measured }) {
    await using home = await folder();
    const { dataDir } = home;
    const failing = chosen(random, count);
    const process = (spans: readonly Span[]): readonly Span[] => {
      const [hit] = spans.filter(({ exchangeId = "" }) => failing.has(exchangeId));
      if (hit) throw new Error(`not ${hit.exchangeId}`);
      return spans;
    };
    await write(dataDir);
    const faults = [{ name: "fail", process }];
    const first = await startPipeline({ dataDir, faults });
    same(
      "the stored",
      await first.stored(),
      all().filter((id) => !failing.has(id)),
    );
    const mended = [...failing].filter((_, i) => i % 2 === 0);
    for (const id of mended) failing.delete(id);
    const ids = await idsOf(first);
    if (ids.length !== count) throw new Error(`${count} exchanges cannot be carried and ${ids.length} are dead letters`);
    const half = ids.slice(0, Math.ceil(ids.length / 2));
    const once = await first.pipeline.replay([...half, ...half]);

    // Killed before it could publish, or forget a letter twice.
    await using second = await startPipeline({ dataDir: killed(dataDir), faults });
    await first[Symbol.asyncDispose]();
    const rest = await second.pipeline.replay(ids);
    injected(once.replayed + rest.replayed);
    if (once.replayed + rest.replayed !== mended.length) {
      throw new Error(`${mended.length} letters can be replayed: ${once.replayed} were before the kill and ${rest.replayed} after it`);
    }
    same(
      "those stored after all",
      await second.stored(),
      all().filter((id) => !failing.has(id)),
    );
    same(
      "the dead letters that stay",
      (await second.letters.list()).map(({ exchangeId }) => String(exchangeId)),
      [...failing],
    );
    measured("replayed", mended.length);
    measured("stay", failing.size);
  },
};

const idOf = (index: number): string => `x-${String(index).padStart(4, "0")}`;
const all = (): string[] => Array.from({ length: EXCHANGES }, (_, index) => idOf(index));

async function folder(): Promise<AsyncDisposable & { readonly dataDir: string }> {
  const home = await mkdtemp(join(tmpdir(), "spangate-letters-"));
  const dataDir = join(home, "data");
  return { dataDir, [Symbol.asyncDispose]: () => rm(dirname(dataDir), { recursive: true, force: true }) };
}

/** A lane with all exchanges, whole. */
async function write(dataDir: string): Promise<void> {
  await using writing = await lane({ folder: join(dataDir, "journal", "intake"), name: "one" });
  for (const id of all()) writing.end(id, { opened: openedAs(id) });
  await writing.written();
}

/** So many different ones of all exchanges. */
function chosen(random: Random, count: number): Set<string> {
  const ids = new Set<string>();
  while (ids.size < count) ids.add(idOf(random.whole(0, EXCHANGES - 1)));
  return ids;
}

async function idsOf({ letters }: RunningPipeline): Promise<number[]> {
  return (await letters.list()).map(({ id }) => id);
}

/** Throws with what one has and the other has not. */
function same(what: string, found: readonly string[], expected: readonly string[]): void {
  const missing = expected.filter((id) => !found.includes(id));
  const more = found.filter((id) => !expected.includes(id));
  const twice = found.length - new Set(found).size;
  if (missing.length + more.length + twice === 0) return;
  throw new Error(
    `${what}: ${missing.length} are missing (${missing.slice(0, 5).join(", ")}), ${more.length} too many (${more.slice(0, 5).join(", ")}), ${twice} twice`,
  );
}
