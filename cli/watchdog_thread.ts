import { once } from "node:events";
import { Session, type Debugger } from "node:inspector";
import { parentPort, workerData } from "node:worker_threads";
import { BEAT_MS, type Watched } from "./watchdog.ts";

/** Beats missed in a row, by this thread's own clock ticks: a machine that was asleep has missed one. */
const MOST_MISSED = 4;
/** Longest wait for the main thread to show where it is; one that is inside a system call cannot. */
const STACK_WITHIN_MS = 5000;
const MOST_FRAMES = 30;

const { beats, facts } = workerData as Watched;
const beating = new Int32Array(beats);
let last = -1;
let missed = 0;

setInterval(() => {
  const beat = Atomics.load(beating, 0);
  missed = beat === last ? missed + 1 : 0;
  last = beat;
  if (missed === MOST_MISSED) void alarm();
}, BEAT_MS);

async function alarm(): Promise<void> {
  const stack = await stackOfMain().catch(() => []);
  const { logger } = await import("./process.ts"); // only now: it would cost each process some MiB
  logger(facts).error({ blocked_ms: MOST_MISSED * BEAT_MS, stack }, "the event loop stands still; calls wait until it goes on");
  parentPort?.postMessage("blocked");
}

/** Stops the main thread for a moment, between two statements, to read where it is. */
async function stackOfMain(): Promise<readonly string[]> {
  const session = new Session();
  const urls = new Map<string, string>();
  session.on("Debugger.scriptParsed", ({ params: { scriptId, url } }) => urls.set(scriptId, url));
  session.connectToMainThread();
  try {
    const paused = once(session, "Debugger.paused", { signal: AbortSignal.timeout(STACK_WITHIN_MS) }) as Promise<
      [{ params: Debugger.PausedEventDataType }]
    >;
    session.post("Debugger.enable");
    session.post("Debugger.pause");
    const [{ params }] = await paused;
    return params.callFrames
      .slice(0, MOST_FRAMES)
      .map(({ functionName, location }) => `${functionName || "(anonymous)"} ${urls.get(location.scriptId)}:${location.lineNumber + 1}`);
  } finally {
    session.disconnect(); // the main thread goes on
  }
}
