import type { Buffers, Group } from "./group.ts";
import type { Sequence } from "./record.ts";
import type { SegmentFile } from "./segment_file.ts";

/** What is in a file and not yet durable, oldest first: when an `fdatasync` fails it is written again. */
export interface Unsynced {
  /** A group that stands in this segment now, and how it was sealed. Its buffer is not the caller's any more. */
  keep(group: Group, segment: SegmentFile, sealed: readonly Buffer[] | undefined): void;
  /** The newest, for `forget`. */
  readonly newest: Kept | undefined;
  /** All up to this one is durable. */
  forget(newest: Kept): void;
  /** From the first group on of which nobody knows what the disk has, all that is kept, in order. */
  takeBack(): readonly Group[];
}

export interface Kept {
  readonly first: Sequence;
  readonly count: number;
  readonly segment: SegmentFile;
  /** As they were sealed, */
  readonly sealed: readonly Buffer[] | undefined;
  /** or as they are. */
  readonly plain: Buffer | undefined;
  readonly bytes: number;
  /** Of memory. */
  readonly held: number;
}

/** A group that is smaller is copied before it is kept: it must not keep the memory of a large one. */
const SMALL_BYTES = 32 * 1024;

/** Keeps at most `maxBytes`: what is older is let go, and lost if it is not durable in the end. */
export function unsynced(maxBytes: number, memory: Buffers): Unsynced {
  const kept: Kept[] = [];
  let held = 0;

  function release(each: Kept): void {
    held -= each.held;
    if (each.plain !== undefined) memory.give(each.plain);
  }

  function letGo(oldest: Kept): void {
    oldest.segment.letGo += oldest.count;
    release(oldest);
  }

  /** What is sealed is kept so: it had to be made anew, and the buffer of the group is free at once. */
  function plainOf({ buffer, bytes }: Group, sealed: readonly Buffer[] | undefined): Buffer | undefined {
    if (sealed === undefined && bytes > SMALL_BYTES) return buffer;
    const copy = sealed === undefined ? Buffer.from(buffer.subarray(0, bytes)) : undefined;
    memory.give(buffer);
    return copy;
  }

  return {
    keep(group, segment, sealed) {
      const { first, count, bytes } = group;
      const plain = plainOf(group, sealed);
      const each: Kept = { first, count, segment, sealed, plain, bytes, held: plain?.length ?? bytes };
      kept.push(each);
      held += each.held;
      while (held > maxBytes && kept.length > 1) letGo(kept.shift() as Kept);
    },
    get newest() {
      return kept.at(-1);
    },
    forget(newest) {
      kept.splice(0, kept.indexOf(newest) + 1).forEach(release);
    },
    takeBack() {
      const from = kept.findIndex(({ segment }) => segment.uncertain);
      const back = from === -1 ? [] : kept.splice(from);
      return back.map(({ first, count, segment, sealed, plain, bytes, held: size }) => {
        held -= size;
        const buffer = plain ?? segment.unseal(first, sealed ?? []);
        return { first, count, buffer, bytes, waiting: 0, again: true };
      });
    },
  };
}
