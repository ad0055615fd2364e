import { writeFileSync } from "node:fs";
import { queryFiles } from "../storage/query.ts";
import type { FromQuery, ToQuery } from "./messages.ts";
import { lowerPriority } from "./priority.ts";

/** The engine's own limit does not count all that a statement takes. */
const MAX_MEMORY_BYTES = 1024 * 1024 * 1024;
const CHECK_EVERY_MS = 20;
/** On top of what it has from the pipeline. More, and a busy gateway would leave a statement no time at all. */
const NICER_BY = 3;

process.on("disconnect", () => process.kill(process.pid, "SIGKILL")); // nobody waits, and the engine may not let go
process.once("message", (question: ToQuery) => {
  yieldToOthers();
  setInterval(() => {
    if (process.memoryUsage.rss() <= MAX_MEMORY_BYTES) return;
    answer({ error: `the statement takes more memory than ${MAX_MEMORY_BYTES / 2 ** 30} GiB and was stopped; ask for less at once` });
  }, CHECK_EVERY_MS);
  queryFiles(question).then(
    ({ columns, rows, truncated }) => answer({ columns, rows, truncated }),
    (error: Error) => answer({ error: error.message }),
  );
});

/** When the processor or the memory is short, this process is the first to go without. */
function yieldToOthers(): void {
  try {
    lowerPriority(NICER_BY);
    writeFileSync("/proc/self/oom_score_adj", "1000");
  } catch {
    // not allowed or not known here: then it runs like everything else
  }
}

/** Whoever gets it ends this process: the engine may still be busy, and would keep it from ending by itself. */
function answer(message: FromQuery): void {
  process.send?.(message, undefined, undefined, () => {});
}
