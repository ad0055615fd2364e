import { setTimeout } from "node:timers/promises";
import type { Sequence } from "../journal/record.ts";
import { StoreFull, type SpanStore } from "../storage/store.ts";
import type { Batch } from "./batch.ts";
import type { DeadLetters } from "./dead_letters.ts";

export interface FeedOptions {
  readonly store: SpanStore;
  readonly letters: DeadLetters;
  readonly onError: (message: string, facts: object) => void;
  /** Longest pause before the first retry; each next one may be twice as long, up to `mostMs`. */
  readonly firstMs?: number;
  readonly mostMs?: number;
  /** How often a batch is offered as a whole before its spans are offered one by one. */
  readonly tries?: number;
  /** Ends the waiting: what was not taken stays in the span journal. */
  readonly signal: AbortSignal;
}

/** Gives batches to the store until it has them, or their spans are dead letters. */
export interface Feed {
  /** Rejects when the engine is gone, which only another process can help, or when `signal` ends it. */
  append(batch: Pick<Batch, "spans"> & { readonly through: Sequence }): Promise<void>;
  /** Why the store does not take spans now; undefined while it does. */
  readonly stuck: unknown;
}

export function feed({ store, letters, onError, signal, firstMs = 1000, mostMs = 60_000, tries = 5 }: FeedOptions): Feed {
  let stuck: unknown;

  async function append(batch: Parameters<Feed["append"]>[0]): Promise<void> {
    for (let tried = 1; ; tried++) {
      try {
        await store.append(batch);
        return;
      } catch (error) {
        stuck = error;
        const full = error instanceof StoreFull;
        if (!full) await store.query("SELECT 1"); // rejects when the engine is at fault: then no span may be given up
        if (!full && tried >= tries && (await publishes())) return await appendSingly(batch);
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

  /** A store that cannot publish either is not kept from it by one of these spans: it needs room, or a person. */
  async function publishes(): Promise<boolean> {
    return await store.flush().then(
      () => true,
      () => false,
    );
  }

  /** One of them is at fault: it alone goes to the dead letters. */
  async function appendSingly({ spans, through }: Parameters<Feed["append"]>[0]): Promise<void> {
    for (const span of spans) {
      try {
        await store.append({ spans: [span], through: through - 1 });
      } catch (error) {
        await store.query("SELECT 1");
        await letters.refused(span, error);
      }
    }
    await store.append({ spans: [], through });
  }

  return {
    async append(batch) {
      try {
        await append(batch);
      } finally {
        stuck = undefined;
      }
      await letters.settled();
    },
    get stuck() {
      return stuck;
    },
  };
}
