import { join } from "node:path";
import { counted, differences, settled, storedCalls } from "../conservation.ts";
import { eventually } from "../eventually.ts";
import type { Gateway } from "../gateway.ts";
import type { LedgerCall } from "../ledger.ts";
import { many } from "../many.ts";
import { childrenOf, kill } from "../process_tree.ts";
import type { Fault, Round } from "./fault.ts";
import { followIntake, recordedAgain } from "./recorded_again.ts";
import { rig, type Rig } from "./rig.ts";
import { smallDisk, type SmallDisk } from "./small_disk.ts";

const MIB = 1024 * 1024;
const SMALL_MIB = 8;
const LARGE_MIB = 256;
const WORDS = 4000;
/** As many as fill it several times. */
const CALLS = 600;
const AT_ONCE = 10;
/** Calls that are made once it takes everything again. */
const AFTER = 30;
/** Longest until all that was kept back is stored, which is more than is promised of what comes next. */
const STORED_WITHIN_MS = 20_000;

export const fullDisk: Fault = {
  id: "F09",
  title: "the disk of the intake is full, and grows again",
  holds:
    "no call notices; what is not recorded is counted by reason; within 2 s after there is room a new call is on the intake with its reply, and all calls from then on are stored whole",
  fast: 0,
  long: 3,
  async run(round) {
    for (let index = 0; index < round.count; index++) await fillOnce(`f09-${index}-`, round);
  },
};

async function fillOnce(prefix: string, { injected, measured }: Round): Promise<void> {
  await using all = await rig();
  await using disk = await smallDisk(join(all.dataDir, "journal", "intake"), SMALL_MIB);
  await using gateway = await all.start({ journal: { segment_bytes: MIB } });
  // A pipeline that stands still deletes nothing.
  process.kill(gateway.pids.pipeline, "SIGSTOP");
  await makeCalls(all, prefix, CALLS, WORDS);
  const { dropped } = await counted(gateway);
  if (Object.keys(dropped).length === 0) throw new Error(`${CALLS} calls did not fill ${SMALL_MIB} MiB`);
  injected();
  measured("recorded again after", await roomAgain(all, gateway, prefix, () => disk.remount(`size=${LARGE_MIB}m`)), "ms");
  await accountFor(all, gateway, prefix, measured);
}

export const readOnlyDisk: Fault = {
  id: "F09R",
  title: "the disk of the intake is read-only when the server starts, or when a gateway process is started again, and is writable later",
  holds:
    "no call notices; within 2 s after it is writable a new call is on the intake with its reply; all calls are stored, but for those that are counted as lost",
  fast: 0,
  long: 4,
  async run(round) {
    for (let index = 0; index < round.count; index++) await readOnlyOnce(`f09r-${index}-`, index % 2 === 0, round);
  },
};

async function readOnlyOnce(prefix: string, fromStart: boolean, { injected, measured }: Round): Promise<void> {
  await using all = await rig();
  await using disk = await smallDisk(join(all.dataDir, "journal", "intake"), LARGE_MIB);
  if (fromStart) await disk.remount("ro");
  await using gateway = await all.start({ journal: { segment_bytes: MIB } });
  if (!fromStart) {
    await makeCalls(all, `${prefix}before-`, AFTER, 10);
    await readOnlyNext(gateway, disk);
  }
  process.kill(gateway.pids.pipeline, "SIGSTOP");
  const { released_before_written: before } = await counted(gateway);
  await makeCalls(all, `${prefix}during-`, AFTER, 100);
  const { released_before_written: released } = await counted(gateway);
  if (released - before < AFTER) throw new Error(`a read-only disk took ${AFTER - (released - before)} of ${AFTER} records`);
  injected();
  measured("recorded again after", await roomAgain(all, gateway, prefix, () => disk.remount("rw")), "ms");
  await accountFor(all, gateway, prefix, measured);
}

/** A file system with a file that is being written cannot become read-only: the next gateway process finds it so. */
async function readOnlyNext(gateway: Gateway, disk: SmallDisk): Promise<void> {
  await kill(...childrenOf(gateway.pid, "gateway_process.ts"));
  await disk.remount("ro");
  await eventually(
    async () =>
      fetch(`${gateway.dataUrl}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    Boolean,
    20_000,
  );
}

/** Makes calls of both kinds, and throws when one of them noticed anything. */
async function makeCalls({ client }: Rig, prefix: string, count: number, words: number): Promise<void> {
  const made = await many(count, AT_ONCE, (i) => client.call({ id: `${prefix}${i}`, stream: i % 2 === 0, words, everyMs: 0 }));
  const failed = made.filter(({ ending }) => ending !== "completed");
  if (failed.length > 0) throw new Error(`${failed.length} of ${count} calls failed, the first: ${failed[0]?.said}`);
}

/** Gives how long after `mend` all is recorded again, with the pipeline still standing; then lets it go on, and throws unless all later calls are stored whole. */
async function roomAgain(all: Rig, gateway: Gateway, prefix: string, mend: () => Promise<void>): Promise<number> {
  await using intake = followIntake(all.dataDir);
  await mend();
  const tookMs = await recordedAgain(all.client, intake, `${prefix}probe-`);
  const after = `${prefix}after-`;
  await makeCalls(all, after, AFTER, 10);
  process.kill(gateway.pids.pipeline, "SIGCONT");
  const found = await settled(gateway, after, { ledger: callsOf(all, after), upstream: all.upstream.log }, STORED_WITHIN_MS);
  if (found.differences.length > 0)
    throw new Error(`after there was room again: ${found.differences[0]?.id} ${found.differences[0]?.what}`);
  return tookMs;
}

/** Each call is stored, or counted: as lost whole, or as stored without its content. */
async function accountFor(all: Rig, gateway: Gateway, prefix: string, measured: Round["measured"]): Promise<void> {
  const ledger = callsOf(all, prefix);
  const stored = await storedCalls(gateway, prefix);
  const found = differences(stored, { ledger, upstream: all.upstream.log });
  const counts = (await counted(gateway)).dropped;
  const lost = found.filter(({ kind }) => kind === "lost").length;
  const texts = new Map(ledger.map(({ script, text }) => [script.id, text]));
  const begun = new Set(stored.filter(({ id, answered }) => texts.get(id)?.startsWith(answered)).map(({ id }) => id));
  const bare = found.filter(({ id, kind, what }) => kind === "wrong" && begun.has(id) && WITHOUT_CONTENT.test(what));
  const bareCalls = new Set(bare.map(({ id }) => id)).size;
  const sum = Object.values(counts).reduce((total, each) => total + each, 0);
  measured("calls", ledger.length);
  measured("not recorded", lost);
  measured("without content", bareCalls);
  measured("counted", sum);
  if (sum < lost + bareCalls)
    throw new Error(
      `${lost} calls are not recorded and ${bareCalls} without content, but only ${sum} are counted: ${JSON.stringify(counts)}`,
    );
  const others = found.filter((each) => each.kind !== "lost" && !bare.includes(each));
  if (others.length > 0) throw new Error(`${others[0]?.id} ${others[0]?.kind}: ${others[0]?.what}`);
}

/** What the store says of a call whose content was not kept, or only its beginning. */
const WITHOUT_CONTENT = /^stored (without its question|with the answer|with the response id null|with null and null tokens)/;

const callsOf = ({ client }: Rig, prefix: string): readonly LedgerCall[] =>
  client.ledger.filter(({ script }) => script.id.startsWith(prefix));
