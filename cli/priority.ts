import { readdirSync } from "node:fs";
import { setPriority } from "node:os";

const NICE = 10;

/**
 * Lets clients of the gateway come first when the processor is short. Linux keeps a priority for each thread: new ones inherit it, those that
 * run already, such as the ones that the engine's statements run on, do not. Throws where that is not allowed.
 */
export function lowerPriority(): void {
  for (const thread of threads()) setPriority(thread, NICE);
}

/** This process, where the system does not tell its threads. */
function threads(): readonly number[] {
  try {
    return readdirSync("/proc/self/task").map(Number);
  } catch {
    return [0];
  }
}
