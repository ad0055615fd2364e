import type { DescribeOptions } from "../genai/describe.ts";
import type { Recorded } from "../genai/recorded.ts";
import type { Processor } from "../processors/processor.ts";
import { encodeBatch, type IntakeCursor } from "./batch.ts";
import { carry } from "./carry.ts";
import { StageError } from "./letter.ts";
import type { Processed } from "./process.ts";

/** Finished spans, and the record of them that goes on the span journal. */
export interface Carried extends Processed {
  readonly record: Buffer;
}

export interface Carrier extends AsyncDisposable {
  /** How many batches it can make use of at once. */
  readonly capacity: number;
  /**
   * Rejects when one of the exchanges cannot be carried; which one, smaller batches tell. Batches may be given ahead of time and are
   * finished in any order.
   */
  carry(recorded: readonly Recorded[], through: IntakeCursor): Promise<Carried>;
}

/** Carries in the thread that asks. */
export function carrier(processors: readonly Processor[], options: DescribeOptions): Carrier {
  return {
    capacity: 1,
    async carry(recorded, through) {
      const processed = await carry(recorded, processors, options);
      try {
        return { ...processed, record: encodeBatch({ spans: processed.spans, through }) };
      } catch (error) {
        throw new StageError("encode", error);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const each of processors) await each[Symbol.asyncDispose]?.();
    },
  };
}
