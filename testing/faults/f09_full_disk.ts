import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { counted, differences, storedCalls } from "../conservation.ts";
import { eventually } from "../eventually.ts";
import type { Fault } from "./fault.ts";
import { rig } from "./rig.ts";

const MIB = 1024 * 1024;
/** As many calls as fill it several times. */
const SMALL_MIB = 8;
const LARGE_MIB = 256;
const WORDS = 4000;
const CALLS = 600;
const AT_ONCE = 10;
const RESUMED_WITHIN_MS = 2000;
/** A busy machine may need longer. */
const MARGIN_MS = 5000;

export const fullDisk: Fault = {
  id: "F09",
  title: "the disk of the intake is full, and grows again",
  holds: "no call notices; what is not recorded is counted by reason; within 2 s after there is room, all is recorded again",
  fast: 0,
  long: 3,
  async run({ count, injected, measured }) {
    for (let round = 0; round < count; round++) await fillOnce(`f09-${round}-`, injected, measured);
  },
};

async function fillOnce(
  prefix: string,
  injected: () => void,
  measured: (name: string, value: number, unit?: string) => void,
): Promise<void> {
  await using all = await rig();
  const { client, upstream, dataDir, start } = all;
  await using disk = await smallDisk(join(dataDir, "journal", "intake"));
  {
    await using gateway = await start({ journal: { segment_bytes: MIB } });
    // A pipeline that stands still deletes nothing.
    process.kill(gateway.pids.pipeline, "SIGSTOP");
    let counting = 0;
    const call = (): ReturnType<typeof client.call> =>
      client.call({ id: `${prefix}${counting++}`, stream: counting % 2 === 0, words: WORDS, everyMs: 0 });
    for (let made = 0; made < CALLS; made += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, call));
    const unanswered = client.ledger.filter(({ ending }) => ending !== "completed");
    if (unanswered.length > 0)
      throw new Error(`${unanswered.length} calls failed while the disk was full, the first: ${unanswered[0]?.said}`);
    const { dropped } = await counted(gateway);
    if (Object.keys(dropped).length === 0) throw new Error(`${CALLS} calls did not fill ${SMALL_MIB} MiB`);
    injected();

    await disk.grow(LARGE_MIB);
    process.kill(gateway.pids.pipeline, "SIGCONT");
    const since = performance.now();
    await eventually(
      async () => {
        const probe = await client.call({ id: `${prefix}probe-${counting++}`, stream: false, words: 3, everyMs: 0 });
        await setTimeout(100);
        return (await storedCalls(gateway, probe.script.id)).filter(({ answered }) => answered !== "").length;
      },
      (stored) => stored > 0,
      RESUMED_WITHIN_MS + MARGIN_MS,
    );
    measured("recorded again after", performance.now() - since, "ms");

    // Each call is stored, or counted: as lost whole, or as stored without its content.
    const ledger = client.ledger.filter(({ script }) => script.id.startsWith(prefix));
    const stored = await storedCalls(gateway, prefix);
    const found = differences(stored, { ledger, upstream: upstream.log });
    const counts = (await counted(gateway)).dropped;
    const lost = found.filter(({ kind }) => kind === "lost").length;
    const bare = new Set(found.filter(({ kind }) => kind === "wrong").map(({ id }) => id)).size;
    const sum = Object.values(counts).reduce((total, each) => total + each, 0);
    measured("calls", ledger.length);
    measured("not recorded", lost);
    measured("without content", bare);
    measured("counted", sum);
    if (sum < lost + bare)
      throw new Error(`${lost} calls are not recorded and ${bare} without content, but only ${sum} are counted: ${JSON.stringify(counts)}`);
    const others = found.filter(({ kind }) => kind !== "lost" && kind !== "wrong");
    if (others.length > 0) throw new Error(`${others[0]?.id} ${others[0]?.kind}: ${others[0]?.what}`);
  }
}

interface SmallDisk extends AsyncDisposable {
  readonly grow: (mebibytes: number) => Promise<void>;
}

/** A file system of its own on this folder. Needs a system where this process may mount one. */
async function smallDisk(folder: string): Promise<SmallDisk> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const run = promisify(execFile);
  await run("mount", ["-t", "tmpfs", "-o", `size=${SMALL_MIB}m,mode=700`, "tmpfs", folder]).catch((cause: unknown) => {
    throw new Error(
      `cannot mount a small file system on ${folder}: this row needs Linux and a user who may, such as root of a container with CAP_SYS_ADMIN`,
      { cause },
    );
  });
  return {
    grow: async (mebibytes) => void (await run("mount", ["-o", `remount,size=${mebibytes}m`, folder])),
    [Symbol.asyncDispose]: async () => void (await run("umount", ["-l", folder])),
  };
}
