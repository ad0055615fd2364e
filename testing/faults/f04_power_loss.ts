import { checkAfter, openTrial, planFailures, work } from "../journal_faults.ts";
import type { Fault } from "./fault.ts";

export const powerLoss: Fault = {
  id: "F04",
  title: "the power fails: bytes that were not made durable are gone, torn or out of order, also behind a disk that failed before",
  holds:
    "each record that was said to be durable is read back as it was appended, once and in order, and what was said to be written survives a kill",
  fast: 150,
  long: 10_000,
  async run({ count, random, injected, measured }) {
    let failures = 0;
    let promised = 0;
    for (let done = 0; done < count;) {
      const trial = await openTrial(random, (files) => planFailures(files, random), random.whole(0, 1) === 0);
      if (trial === undefined) continue; // the disk failed before there was a journal
      await work(trial, random, random.whole(1, 30));
      await checkAfter(trial, "kill", random);
      await checkAfter(trial, "power loss", random);
      injected();
      done++;
      failures += trial.files.failures;
      promised += trial.durable;
      await Promise.resolve(trial.lane[Symbol.asyncDispose]()).catch(() => {});
    }
    measured("records promised", promised);
    measured("failures of the disk before", failures);
  },
};
