import { folderBytes } from "../journal/room.ts";

/** What the intake looks like while the pipeline is down and cannot say. */
export interface Outage {
  /** The pipeline said this a moment ago. */
  reported(counts: Behind): void;
  /** The pipeline has ended. */
  began(): void;
  /** It runs again, and speaks for itself. */
  ended(): void;
  /** Undefined while the pipeline runs. */
  state(): Promise<Behind | undefined>;
}

export interface Behind {
  readonly backlog_bytes: number;
  readonly lag_ms: number;
}

const LOOK_EVERY_MS = 500;

/**
 * Nothing is done while the pipeline is down, so whatever the intake grows by is work, and as old as the moment it was first seen. What was
 * on its way when the pipeline ended grows older.
 */
export function outage(intake: string): Outage {
  let last: Behind & { readonly at: number } = { backlog_bytes: 0, lag_ms: 0, at: performance.now() };
  let current: { readonly before: Behind & { readonly at: number }; readonly bytes: Promise<number>; since?: number } | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<Behind | undefined> {
    const seen = current;
    if (seen === undefined) return undefined;
    const before = await seen.bytes;
    const grown = Math.max(0, (await folderBytes(intake)) - before);
    const now = performance.now();
    if (seen.since === undefined) {
      if (seen.before.lag_ms > 0) seen.since = seen.before.at - seen.before.lag_ms;
      else if (grown > 0) seen.since = now;
    }
    return {
      backlog_bytes: seen.before.backlog_bytes + grown,
      lag_ms: seen.since === undefined ? 0 : Math.round(now - seen.since),
    };
  }

  return {
    reported({ backlog_bytes, lag_ms }) {
      last = { backlog_bytes, lag_ms, at: performance.now() };
    },
    began() {
      current ??= { before: last, bytes: folderBytes(intake) };
      timer ??= setInterval(() => void look(), LOOK_EVERY_MS).unref();
    },
    ended() {
      current = undefined;
      clearInterval(timer);
      timer = undefined;
    },
    state: look,
  };
}
