import { monitorEventLoopDelay } from "node:perf_hooks";
import { writeSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

// Loaded into the server's processes before anything else, by `NODE_OPTIONS=--import`. SIGUSR2: they collect garbage and say on standard
// error how much memory stays and how late their event loop was. SIGWINCH: they stand still for two seconds.

const BLOCK_MS = 2000;
const SWEPT_MS = 200;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();

process.on("SIGUSR2", () => {
  collect();
  // What a first collection lets go is given back behind it.
  setTimeout(() => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    const observed = { usedBytes: heapUsed + external, residentBytes: process.memoryUsage.rss(), delayP99Ms: delay.percentile(99) / 1e6 };
    delay.reset();
    writeSync(2, `observed ${JSON.stringify(observed)}\n`);
  }, SWEPT_MS);
});

process.on("SIGWINCH", plantedBlock);

function plantedBlock(): void {
  const since = performance.now();
  while (performance.now() - since < BLOCK_MS);
}
