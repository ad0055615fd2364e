import { setTimeout } from "node:timers/promises";
import type { Span } from "../genai/span.ts";
import { StoreFull, type SpanBatch, type SpanStore } from "../storage/store.ts";

export interface FeedOptions {
  readonly store: SpanStore;
  readonly onError: (message: string, facts: object) => void;
  /** Longest pause before the first retry; each next one may be twice as long, up to `mostMs`. */
  readonly firstMs?: number;
  readonly mostMs?: number;
  /** How often a batch fails as a whole before its spans are offered one by one. */
  readonly tries?: number;
  /** Ends the waiting: what was not taken stays in the span journal. */
  readonly signal: AbortSignal;
}

/** Gives batches to the store until it has them; what it does not take of them is told to whoever opened it. */
export interface Feed {
  /** Rejects when the engine is gone, which only another process can help, or when `signal` ends it. */
  append(batch: SpanBatch): Promise<void>;
  /** The same, span by span from the first time on; `beforeEach` is told which one is next. */
  appendEach(batch: SpanBatch, beforeEach: (span: Span) => void): Promise<void>;
  /** Why the store does not take spans now; undefined while it does. */
  readonly stuck: unknown;
}

export function feed({ store, onError, signal, firstMs = 1000, mostMs = 60_000, tries = 5 }: FeedOptions): Feed {
  let stuck: unknown;

  async function offer(batch: SpanBatch, beforeEach?: (span: Span) => void): Promise<void> {
    let failures = 0;
    for (let tried = 1; ; tried++) {
      try {
        const whole = beforeEach === undefined && failures < tries;
        await (whole ? store.append(batch) : store.appendEach(batch, beforeEach));
        return;
      } catch (error) {
        stuck = error;
        if (!(error instanceof StoreFull)) {
          await store.query("SELECT 1"); // rejects when the engine is at fault: then another process has to offer it
          failures++;
        }
        const pauseMs = Math.random() * Math.min(mostMs, firstMs * 2 ** (tried - 1));
        onError("the store did not take a batch and will be asked again", {
          batch: batch.through,
          spans: batch.spans.length,
          pause_ms: Math.round(pauseMs),
          error: String(error),
        });
        await setTimeout(pauseMs, undefined, { signal });
      }
    }
  }

  const untilTaken = (offered: Promise<void>): Promise<void> =>
    offered.finally(() => {
      stuck = undefined;
    });

  return {
    append: (batch) => untilTaken(offer(batch)),
    appendEach: (batch, beforeEach) => untilTaken(offer(batch, beforeEach)),
    get stuck() {
      return stuck;
    },
  };
}
