import { seededRandom } from "./random.ts";
import { checkAfter, FAILURES, openTrial, work, type Trial } from "../journal_faults.ts";
import type { Failure, ModelFiles } from "../model_files.ts";
import type { Fault, Random } from "./fault.ts";

/** Of one script, which does the same each time but for the failure. */
const RECORDS = 20;

export const eachOperation: Fault = {
  id: "F14",
  title: "every single operation of a journal on its files fails once: EIO, ENOSPC, EINTR, EAGAIN, a short write",
  holds: "all records are in the journal in the end, and each promise made on the way survives a kill and a power loss",
  fast: 1,
  long: 10,
  async run({ count, random, injected, measured }) {
    let points = 0;
    for (let script = 0; script < count; script++) {
      const seed = random.whole(1, 1e6);
      for (let at = 1, operations = at; at <= operations; at++) {
        operations = 0;
        for (const failure of FAILURES) operations = Math.max(operations, await once(seed, at, failure, injected));
        if (at <= operations) points++;
      }
    }
    measured("points, each by each failure that it can meet", points);
  },
};

/** One run with the operation `at` failing; returns how many operations there were. */
async function once(seed: number, at: number, failure: Failure, injected: () => void): Promise<number> {
  const dice: Random = seededRandom(seed, "operations");
  let files: ModelFiles | undefined;
  const trial = await openTrial(
    dice,
    (made) => {
      files = made;
      made.failAt(at, failure);
    },
    seed % 2 === 0,
  );
  try {
    if (trial !== undefined) await toTheEnd(trial, dice);
  } catch (cause) {
    throw new Error(`script ${seed}, ${failure} at operation ${at}: ${(cause as Error).message}`, { cause });
  }
  if (files !== undefined && files.failures > 0) injected();
  return files?.operations ?? 0;
}

async function toTheEnd(trial: Trial, dice: Random): Promise<void> {
  await work(trial, dice, RECORDS);
  await checkAfter(trial, "kill", dice);
  await checkAfter(trial, "power loss", dice);
  await trial.lane[Symbol.asyncDispose]();
  trial.written = trial.durable = trial.appended.size;
  await checkAfter(trial, "power loss", dice);
}
