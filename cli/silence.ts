import type { Child } from "./child.ts";

export interface SilenceOptions {
  readonly limitMs?: number;
  readonly onSilent: (silentMs: number) => void;
  readonly onHeard: () => void;
}

/** Whether a process that runs says nothing any more. */
export interface Silence extends Disposable {
  readonly silent: boolean;
}

/** It reports twice a second; a statement or a collection may hold that up for a while. */
const LIMIT_MS = 10_000;

/** Watches a process that reports by itself: one that is stopped, or caught in a loop, ends nothing and answers nothing. */
export function silence(of: Pick<Child<never>, "ready" | "heardAt">, { limitMs = LIMIT_MS, onSilent, onHeard }: SilenceOptions): Silence {
  let silent = false;
  /** Once may have been this process standing still itself, with the report waiting to be read. */
  let suspected = false;
  const timer = setInterval(() => {
    const silentMs = performance.now() - of.heardAt;
    const over = of.ready && silentMs > limitMs;
    if (over && suspected && !silent) {
      silent = true;
      onSilent(Math.round(silentMs));
    } else if (!over && silent) {
      silent = false;
      if (of.ready) onHeard(); // else it has ended, and that is told by others
    }
    suspected = over;
  }, limitMs / 10);
  timer.unref();
  return {
    get silent() {
      return silent;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
