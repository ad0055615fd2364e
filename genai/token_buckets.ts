import { present } from "./json.ts";
import type { TokenBuckets } from "./span.ts";

/** Counts whose totals include their details. What was not told is undefined. */
export interface Counts {
  readonly input?: number | undefined;
  readonly output?: number | undefined;
  /** Of every modality. */
  readonly cacheRead?: number | undefined;
  readonly cacheReadAudio?: number | undefined;
  readonly cacheReadImage?: number | undefined;
  /** Of every lifetime. */
  readonly cacheWrite?: number | undefined;
  readonly cacheWrite1h?: number | undefined;
  /** Cached ones included, as for images. */
  readonly audioIn?: number | undefined;
  readonly imageIn?: number | undefined;
  readonly reasoning?: number | undefined;
  readonly audioOut?: number | undefined;
  readonly imageOut?: number | undefined;
}

/**
 * The same counts in buckets that exclude each other. Details that claim more than their total get what is left of it, in the order below,
 * so that a sum of buckets never exceeds the total.
 */
export function tokenBuckets(counts: Counts): TokenBuckets {
  const read = new Remainder(counts.cacheRead);
  const cachedAudio = read.take(counts.cacheReadAudio || undefined);
  const cachedImage = read.take(counts.cacheReadImage || undefined);
  const written = new Remainder(counts.cacheWrite);
  const written1h = written.take(counts.cacheWrite1h);

  const input = new Remainder(counts.input);
  const cacheReadAudio = input.take(cachedAudio);
  const cacheReadImage = input.take(cachedImage);
  const cacheRead = input.take(read.left);
  // A cache write with no lifetime told is the short one, which every provider that charges for writes has.
  const cacheWrite1h = input.take(written1h);
  const cacheWrite5m = input.take(written.left);
  const inAudio = input.take(less(counts.audioIn, counts.cacheReadAudio));
  const inImage = input.take(less(counts.imageIn, counts.cacheReadImage) || undefined);

  const output = new Remainder(counts.output);
  const reasoning = output.take(counts.reasoning);
  const outAudio = output.take(counts.audioOut);
  const outImage = output.take(counts.imageOut || undefined);
  return present({
    inUncached: input.left,
    cacheRead,
    cacheReadAudio,
    cacheReadImage,
    cacheWrite5m,
    cacheWrite1h,
    inAudio,
    inImage,
    outText: output.left,
    reasoning,
    outAudio,
    outImage,
  });
}

/** The sum of what was told; undefined when nothing was, or when it is beyond what a number says exactly. */
export function sum(...counts: readonly (number | undefined)[]): number | undefined {
  const told = counts.filter((count) => count !== undefined);
  const all = told.reduce((total, count) => total + count, 0);
  return told.length > 0 && Number.isSafeInteger(all) ? all : undefined;
}

function less(count: number | undefined, part: number | undefined): number | undefined {
  return count === undefined ? undefined : Math.max(0, count - (part ?? 0));
}

/** What is left of a total after its parts were taken out; without a total, parts are as sent and nothing is left to tell. */
class Remainder {
  left: number | undefined;

  constructor(total: number | undefined) {
    this.left = total;
  }

  take(part: number | undefined): number | undefined {
    if (part === undefined || this.left === undefined) return part;
    const taken = Math.min(part, this.left);
    this.left -= taken;
    return taken;
  }
}
