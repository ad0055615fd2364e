import type { Recorded } from "../genai/recorded.ts";
import type { Span } from "../genai/span.ts";
import { KIND, type Sequence } from "../journal/record.ts";
import { KeyMissing } from "../journal/seal.ts";
import type { SpanReader } from "../storage/store.ts";
import { decodeBatch } from "./batch.ts";
import type { Carrier } from "./carrier.ts";
import { LetterDamaged, type DeadLetters, type Found } from "./dead_letters.ts";
import { joiner } from "./join.ts";
import { reasonOf, stageOf } from "./letter.ts";
import type { Processed } from "./process.ts";
import { notStored } from "./stored.ts";

/** What became of the letters that were tried again. JSON-safe. */
export interface Replayed {
  /** Stored now. */
  readonly replayed: number;
  /** Stored before, or dropped by a processor now: their letters are gone, and nothing else was to be done. */
  readonly already_stored: number;
  /** Failed again, and their letters say why; or cannot be read, and the log says why. */
  readonly failed: number;
  /** No letter has this id, not any more or never. */
  readonly unknown: number;
}

export interface ReplaySteps {
  readonly letters: DeadLetters;
  readonly carrier: Carrier;
  readonly store: SpanReader;
  /** Resolves when the spans are safe and offered to the store. */
  readonly put: (spans: readonly Span[], letter: Sequence) => Promise<void>;
  /** What processors did beside handing its spans on; called when that is final. */
  readonly noted: (processed: Processed) => void;
}

/** A letter goes when its spans are safe. One that stays by a kill in between finds its spans stored the next time. */
export async function replay(ids: readonly Sequence[], { letters, carrier, store, put, noted }: ReplaySteps): Promise<Replayed> {
  const counts = { replayed: 0, already_stored: 0, failed: 0, unknown: 0 };
  for (const id of new Set(ids)) counts[await replayOne(id)]++;
  return counts;

  async function replayOne(id: Sequence): Promise<keyof Replayed> {
    const letter = await letters.find(id).catch(damaged);
    if (letter === undefined) return "unknown";
    if (letter === "damaged") return "failed";
    const before = letters.timesBuried(id);
    const revived = await revive(letter, carrier).catch(async (error: unknown) => {
      await letters.bury([{ ...letter, stage: letter.stage === "read" ? "read" : stageOf(error), reason: reasonOf(error) }]);
      return undefined;
    });
    if (revived === undefined) return "failed";
    const fresh = await notStored(store, revived.spans);
    if (fresh.length > 0) await put(fresh, id);
    if (letters.timesBuried(id) > before) return "failed"; // the store refused it again
    await letters.remove(id);
    noted(revived);
    return fresh.length > 0 ? "replayed" : "already_stored";
  }
}

function damaged(error: unknown): "damaged" {
  if (error instanceof LetterDamaged || error instanceof KeyMissing) return "damaged";
  throw error;
}

async function revive({ holds, payloads }: Found, carrier: Carrier): Promise<Processed> {
  if (holds === "batch") return { spans: payloads.flatMap((payload) => decodeBatch(payload).spans), dropped: {}, failures: [] };
  return await carrier.carry([join(payloads)], {});
}

function join(pieces: readonly Buffer[]): Recorded {
  const joining = joiner();
  for (const [i, payload] of pieces.entries()) {
    const whole = joining.add({ sequence: i + 1, kind: KIND.end, payload }, 1);
    if (whole !== undefined && "opened" in whole) return whole;
  }
  throw new Error("the beginning of this exchange, or its end, is damaged or gone");
}
