import { Worker } from "node:worker_threads";

/** Between two signs of life of the main thread. */
export const BEAT_MS = 250;

/** What the thread beside the main one begins with. */
export interface Watched {
  /** An `Int32Array` of one element, which the main thread counts up. */
  readonly beats: SharedArrayBuffer;
  /** Facts of each log line. */
  readonly facts: object;
}

/**
 * Looks after the main thread of this process from a thread of its own: when the event loop stands still, the log says where, at once and
 * by itself. `onBlocked` is called once for each time, as soon as the loop goes on.
 */
export function watchdog(facts: object, onBlocked: () => void): void {
  const beats = new SharedArrayBuffer(4);
  const beating = new Int32Array(beats);
  setInterval(() => Atomics.add(beating, 0, 1), BEAT_MS).unref();
  const thread = new Worker(new URL("watchdog_thread.ts", import.meta.url), {
    workerData: { beats, facts } satisfies Watched,
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  });
  thread.on("message", onBlocked);
  // A process does not live for its watchdog, nor end with it.
  thread.on("error", () => {});
  thread.unref();
}
