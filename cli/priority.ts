import { readdirSync } from "node:fs";
import { getPriority, setPriority } from "node:os";

/** The lowest priority there is. */
const NICEST = 19;

/**
 * Lets others come first when the processor is short: this process becomes nicer by so much than it was, as far as that goes. Linux keeps a
 * priority for each thread: new ones inherit it, those that run already, such as the ones that the engine's statements run on, do not.
 * Throws where that is not allowed.
 */
export function lowerPriority(by: number): void {
  const nice = Math.min(getPriority() + by, NICEST);
  for (const thread of threads()) setPriority(thread, nice);
}

/** This process, where the system does not tell its threads. */
function threads(): readonly number[] {
  try {
    return readdirSync("/proc/self/task").map(Number);
  } catch {
    return [0];
  }
}
