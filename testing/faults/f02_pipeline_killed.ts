import { existsSync, watch } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { readManifest } from "../../storage/manifest.ts";
import { assertConserved, assertNone, settled } from "../conservation.ts";
import { eventually } from "../eventually.ts";
import type { Gateway } from "../gateway.ts";
import { childrenOf, kill } from "../process_tree.ts";
import type { Fault, Round } from "./fault.ts";
import { newestBatch } from "./newest_batch.ts";
import { mixedCalls, pipelineReady, rig, type Rig } from "./rig.ts";

const TOO_LATE = "spans appended, and moved on already";
const APPENDED = "spans appended, and not moved on";
/** The supervisor waits longer before each restart: so often the pipeline is killed before the server is started anew. */
const KILLS_EACH = 3;
const PER_SECOND = 200;
/** Longest that a change of a file is waited for. */
const POINT_WITHIN_MS = 5000;

/** With so many kills, none of the points may be missing. */
const MANY_KILLS = 100;

/** When the pipeline is killed: at any instant, or right behind a change of these files. */
const POINTS = [
  { name: "any instant" },
  { name: APPENDED, folder: "journal/spans" },
  { name: "a file being published", folder: "parquet" },
  { name: "the manifest moved", folder: ".", file: "manifest.jsonl" },
  { name: "intake read, and being deleted", folder: "journal/intake" },
] as const;

export const pipelineKilled: Fault = {
  id: "F02",
  title: "`kill -9` of the pipeline at random instants and behind chosen writes, under 200 requests a second",
  holds: "no client notices; each exchange is stored once and as it was, also when its spans were appended and nothing had moved on",
  fast: 3,
  long: 100,
  async run(round) {
    await using all = await rig();
    const hit = new Map<string, number>();
    const tally = { differing: 0 };
    for (let killed = 0, server = 0; killed < round.count; killed += KILLS_EACH, server++) {
      await oneServer(all, round, { count: Math.min(KILLS_EACH, round.count - killed), prefix: `f02-${server}-`, hit, tally });
    }
    const { ledger } = all.client;
    round.measured("calls", ledger.length);
    round.measured("completed", ledger.filter(({ ending }) => ending === "completed").length);
    round.measured("lost, twice, or otherwise", tally.differing);
    for (const [name, count] of hit) round.measured(`kills: ${name}`, count);
    const missed = POINTS.filter(({ name }) => !hit.has(name)).map(({ name }) => name);
    if (round.count >= MANY_KILLS && missed.length > 0) throw new Error(`of ${round.count} kills none was at: ${missed.join("; ")}`);
  },
};

interface Kills {
  readonly count: number;
  readonly prefix: string;
  readonly hit: Map<string, number>;
  readonly tally: { differing: number };
}

async function oneServer(
  { client, upstream, start, dataDir }: Rig,
  { random, injected }: Round,
  { count, prefix, hit, tally }: Kills,
): Promise<void> {
  await using gateway = await start();
  const stop = new AbortController();
  const loading = client.load(PER_SECOND, mixedCalls(random, prefix), stop.signal);
  const asking = new Set<Promise<unknown>>();
  for (let killed = 0; killed < count;) {
    const pid = await running(gateway);
    const point = random.pick(POINTS);
    await setTimeout(random.whole(0, 700));
    // Whoever asks has the newest rows published.
    if (point.name !== "any instant") asking.add(gateway.sql("SELECT 1").catch(() => {}));
    const at = "folder" in point ? await changed(dataDir, point.folder, "file" in point ? point.file : undefined) : true;
    await setTimeout(random.whole(0, 3));
    if (at && (await kill(pid))) {
      killed++;
      injected();
      const name = point.name === APPENDED && !(await isBetween(dataDir)) ? TOO_LATE : point.name;
      hit.set(name, (hit.get(name) ?? 0) + 1);
    }
  }
  stop.abort();
  await Promise.all([loading, ...asking]);
  await pipelineReady(gateway);
  const ledger = client.ledger.filter(({ script }) => script.id.startsWith(prefix));
  const { differences } = await settled(gateway, prefix, { ledger, upstream: upstream.log });
  tally.differing += differences.length;
  assertNone(differences);
  await assertConserved(gateway);
}

/** Whether batches stand on the span journal that no publication holds: the next pipeline has to give them to the store again. */
async function isBetween(dataDir: string): Promise<boolean> {
  const { publications } = await readManifest(dataDir);
  const published = Math.max(0, ...publications.map(({ through }) => through));
  return (await newestBatch(dataDir)).sequence > published;
}

/** The process of the pipeline, once it is there and ready. */
async function running(gateway: Gateway): Promise<number> {
  const socket = join(gateway.dataDir, "run", "pipeline.sock");
  const [pid] = await eventually(
    () => childrenOf(gateway.pid, "pipeline_process.ts"),
    ({ length }) => length === 1 && existsSync(socket),
    40_000,
  );
  return pid ?? 0;
}

/** Resolves at the next change below a folder of the data folder; false when there is none in time. */
async function changed(dataDir: string, folder: string, file: string | undefined): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const watching = watch(join(dataDir, folder), { recursive: folder !== "." }, (_event, name) => {
    if (file === undefined || name === file) resolve(true);
  });
  watching.on("error", () => {}); // a folder that is deleted while it is watched
  const timer = globalThis.setTimeout(() => resolve(false), POINT_WITHIN_MS);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    watching.close();
  }
}
