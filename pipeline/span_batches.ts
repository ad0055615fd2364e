import { isDeepStrictEqual } from "node:util";
import type { Span } from "../genai/span.ts";
import { journalReader, type Damage, type Missing } from "../journal/read.ts";
import type { JournalRecord, Sequence } from "../journal/record.ts";
import { listSegments } from "../journal/segment.ts";
import { decodeBatch, type Batch, type IntakeCursor } from "./batch.ts";

export interface SpanBatchesOptions {
  /** `journal/spans` */
  readonly folder: string;
  readonly onDamage: (damage: Damage) => void;
  readonly onMissing: (missing: Missing) => void;
}

/** One record of the span journal. */
export interface FoundBatch {
  readonly record: JournalRecord;
  /** Its spans, none when the same batch stands there twice; undefined when nobody can read it. */
  readonly spans: readonly Span[] | undefined;
}

/** The newest batch that can be read. */
export interface Newest {
  /** 0 when there is none. */
  readonly sequence: Sequence;
  readonly through: IntakeCursor;
  /** First number that no record has. */
  readonly next: Sequence;
  /** Name of the newest segment, as a number; 0 when there is none. */
  readonly segment: Sequence;
  /** A newer one is there and cannot be read, or it was so when this one was written. */
  readonly doubtful: boolean;
}

/** What stands on the span journal, for a pipeline that starts, and for a store that lost a file. */
export interface SpanBatches {
  newest(): Promise<Newest>;
  /** Batches behind `after`, in order. What is damaged or missing on the way is told. */
  behind(after: Sequence): AsyncGenerator<FoundBatch>;
  /** Spans of the batches behind `after`, up to `through`; damage was told before. */
  between(after: Sequence, through: Sequence): AsyncGenerator<readonly Span[]>;
}

export function spanBatches({ folder, onDamage, onMissing }: SpanBatchesOptions): SpanBatches {
  /** Of one segment, and whether there is anything in it that cannot be read. */
  async function lastRecord(segment: Sequence, before: Sequence): Promise<{ last: JournalRecord | undefined; damaged: boolean }> {
    let damaged = false;
    const onDamage = (): void => {
      damaged = true;
    };
    await using reader = journalReader({ folder, after: 0, segment, onDamage });
    let last: JournalRecord | undefined;
    for (;;) {
      const records = await reader.read();
      last = records.findLast(({ sequence }) => sequence < before) ?? last;
      if (records.length === 0 || reader.segment !== segment) return { last, damaged };
    }
  }

  /** From the batch before on, which tells whether the next one is the same again. */
  async function* found(after: Sequence, told: boolean): AsyncGenerator<FoundBatch> {
    const from = Math.max(0, after - 1);
    const telling = told ? { onDamage, onMissing } : { onDamage: ignore };
    await using reader = journalReader({ folder, after: from, missedAfter: after, ...telling });
    const once = onlyOnce();
    for (;;) {
      const records = await reader.read();
      for (const record of records.length > 0 ? records : reader.end()) {
        const spans = once(decodeSafely(record));
        if (record.sequence > after) yield { record, spans };
      }
      if (records.length === 0) return;
    }
  }

  return {
    async newest() {
      const segments = await listSegments(folder);
      const segment = segments.at(-1) ?? 0;
      /** The highest number that a record has, or may have: one that cannot be read had at least that of its segment's name. */
      let last: Sequence = 0;
      let doubtful = false;
      // A segment may be empty, or what is in it damaged: then the one before has the newest that can be read.
      for (const each of segments.toReversed()) {
        let before = Infinity;
        for (;;) {
          const { last: record, damaged } = await lastRecord(each, before);
          if (damaged) last = Math.max(last, each);
          if (record === undefined) break;
          last = Math.max(last, record.sequence);
          const batch = decodeSafely(record);
          if (batch !== undefined)
            return {
              sequence: record.sequence,
              through: batch.through,
              next: last + 1,
              segment,
              doubtful: doubtful || batch.doubtful === true,
            };
          doubtful = true;
          before = record.sequence;
        }
      }
      return { sequence: 0, through: {}, next: last + 1, segment, doubtful };
    },
    behind: (after) => found(after, true),
    async *between(after, through) {
      for await (const { record, spans } of found(after, false)) {
        if (record.sequence > through) return;
        if (spans !== undefined && spans.length > 0) yield spans;
      }
    },
  };
}

const ignore = (): void => {};

/** A batch whose first write was not confirmed may stand there twice. Each new one moves the cursor, or replays another letter. */
function onlyOnce(): (batch: Batch | undefined) => readonly Span[] | undefined {
  const replayed = new Set<Sequence>();
  let before: IntakeCursor | undefined;
  return (batch) => {
    if (batch === undefined) return undefined;
    const { letter, through, spans } = batch;
    const again = letter === undefined ? isDeepStrictEqual(through, before) : replayed.has(letter);
    if (letter === undefined) before = through;
    else replayed.add(letter);
    return again ? [] : spans;
  };
}

function decodeSafely({ payload }: JournalRecord): Batch | undefined {
  try {
    return decodeBatch(payload);
  } catch {
    return undefined;
  }
}
