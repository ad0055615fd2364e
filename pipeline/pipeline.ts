import { createHmac } from "node:crypto";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Ending, Recorded } from "../genai/recorded.ts";
import { journal } from "../journal/append.ts";
import { journalReader, trim } from "../journal/read.ts";
import { KIND, type JournalRecord, type Sequence } from "../journal/record.ts";
import type { MasterKey } from "../journal/seal.ts";
import { listSegments } from "../journal/segment.ts";
import type { Processor } from "../processors/processor.ts";
import type { SpanStore } from "../storage/store.ts";
import { decodeBatch, encodeBatch, type IntakeCursor } from "./batch.ts";
import { carry } from "./carry.ts";
import { intake, type IntakeBatch } from "./intake.ts";

export interface PipelineOptions {
  readonly dataDir: string;
  readonly segmentBytes: number;
  /** Keys the intake may be sealed with. */
  readonly masters: readonly MasterKey[];
  /** Key of the pseudonyms of end users. */
  readonly userKey: MasterKey;
  readonly processors: readonly Processor[];
  readonly store: SpanStore;
  readonly onError: (message: string, facts: object) => void;
}

/** Counts of the pipeline since it started; JSON-safe. */
export interface PipelineCounts {
  /** Exchanges turned into spans, by ending. */
  readonly carried: { readonly [ending in Ending]: number };
  /** Spans written to the span journal, or found there at the start and not stored yet. */
  readonly appended: number;
  readonly stored: number;
  readonly dead_lettered: number;
  readonly dropped: { readonly [reason: string]: number };
  /** Stretches of a journal that could not be read. */
  readonly damaged: number;
  readonly backlog_bytes: number;
  readonly lag_ms: number;
}

/** Carries records from the intake journal to the span journal and its consumers, until it is stopped. */
export interface Pipeline extends AsyncDisposable {
  setLive(lanes: readonly string[]): void;
  /** Resolves when all that is on the intake now is readable in the store. */
  readonly catchUp: () => Promise<void>;
  counts(): Promise<PipelineCounts>;
  /** Rejects when the store fails: what is on the span journal will be stored by the next process that starts from it. */
  readonly failed: Promise<never>;
}

/** How soon new records are noticed when nobody asks. */
const POLL_MS = 100;

export async function pipeline(options: PipelineOptions): Promise<Pipeline> {
  const { dataDir, store, onError } = options;
  const spansFolder = join(dataDir, "journal", "spans");
  const carried: Record<Ending, number> = { completed: 0, cut: 0, abandoned: 0, incomplete: 0, rejected: 0 };
  const dropped: Record<string, number> = {};
  let appended = 0;
  let damaged = 0;
  let behindSince: number | undefined;

  const onDamage = (damage: object): void => {
    damaged++;
    onError("a stretch of a journal could not be read and was skipped", damage);
  };
  const tenantKeys = new Map<string, Buffer>();
  const describing = { userKey };

  const newest = await newestBatch();
  let newestSequence = newest.sequence;
  await fillStore();
  // A journal that was deleted begins behind what is stored: its batches would be taken for stored ones.
  const first = Math.max(newest.next, (await store.position()) + 1);
  const spans = await journal({ folder: spansFolder, first, segmentBytes: options.segmentBytes });
  const reading = intake({ folder: join(dataDir, "journal", "intake"), masters: options.masters, from: newest.through, onDamage });
  await reading.release();

  let inHand: IntakeBatch | undefined;
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  failed.catch(() => {}); // whoever runs the pipeline decides what to do
  let stopping = false;
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  schedule();

  /** The last batch says how far the intake is done; nothing else does. */
  async function newestBatch(): Promise<{ sequence: Sequence; through: IntakeCursor; next: Sequence }> {
    const segments = await listSegments(spansFolder);
    // A segment may be empty, or its only batch torn: then the one before has the newest.
    for (const first of segments.toReversed()) {
      await using reader = journalReader({ folder: spansFolder, after: first - 1, onDamage });
      let last: JournalRecord | undefined;
      for (;;) {
        const records = await reader.read();
        last = records.at(-1) ?? last;
        if (records.length === 0) break;
      }
      if (last === undefined) continue;
      const next = Math.max(last.sequence, segments.at(-1) ?? 0) + 1;
      return { sequence: last.sequence, through: decodeBatch(last.payload).through, next };
    }
    return { sequence: 0, through: {}, next: (segments.at(-1) ?? 0) + 1 };
  }

  /** Batches that were not published when the last process ended go to memory again. */
  async function fillStore(): Promise<void> {
    const position = await store.position();
    await using reader = journalReader({ folder: spansFolder, after: Math.max(0, position - 1), onDamage });
    let before: IntakeCursor | undefined;
    for (;;) {
      const records = await reader.read();
      if (records.length === 0) return;
      for (const { sequence, payload } of records) {
        const { spans: all, through } = decodeBatch(payload);
        // A batch whose first write was not confirmed may stand there twice. Each new one moves the cursor.
        const spans = isDeepStrictEqual(through, before) ? [] : all;
        before = through;
        if (sequence <= position) continue;
        appended += spans.length;
        await store.append({ spans, through: sequence });
      }
    }
  }

  /** Deletes what is published; the newest batch stays, for it is the intake cursor. */
  async function trimSpans(): Promise<void> {
    await trim(spansFolder, Math.min((await store.position()) + 1, newestSequence));
  }

  /** A person's pseudonym: the same within a tenant, unrelated in another, and nobody's without the key. */
  function userKey(tenant: string, user: string): string {
    let key = tenantKeys.get(tenant);
    if (key === undefined) {
      key = createHmac("sha256", options.userKey.bytes).update(tenant).digest();
      tenantKeys.set(tenant, key);
    }
    return createHmac("sha256", key).update(user).digest("hex").slice(0, 32);
  }

  /** Carries on until all is done that was on the intake when it began, whatever comes meanwhile. One run at a time. */
  async function run(): Promise<void> {
    await reading.mark();
    do {
      // A batch that could not be written stays here and is tried again: the reader has passed it.
      inHand ??= await reading.next();
      if (inHand === undefined) break;
      const { recorded, through } = inHand;
      behindSince ??= performance.now();
      const finished = await carrySafely(recorded);
      const sequence = spans.append(KIND.batch, [encodeBatch({ spans: finished, through })]);
      await spans.durable();
      inHand = undefined;
      newestSequence = sequence;
      appended += finished.length;
      for (const { closed } of recorded) carried[closed.ending]++;
      await store.append({ spans: finished, through: sequence }).catch(fail);
      await reading.release();
    } while (reading.behind);
    behindSince = undefined;
    await trimSpans();
  }

  /** One exchange that cannot be read must not stop the others. */
  async function carrySafely(recorded: readonly Recorded[]): ReturnType<typeof carry> {
    try {
      return await carry(recorded, options.processors, describing);
    } catch (error) {
      const [only] = recorded;
      if (recorded.length > 1) return (await Promise.all(recorded.map((each) => carrySafely([each])))).flat();
      dropped["undescribable"] = (dropped["undescribable"] ?? 0) + 1;
      onError("an exchange could not be described and was dropped", { exchange_id: only?.opened.exchangeId, error: String(error) });
      return [];
    }
  }

  function catchUp(): Promise<void> {
    // Who comes while a run is on its way may have records that it has passed already: another one follows.
    const before = running ?? Promise.resolve();
    const next = before.then(run).catch((error: unknown) => {
      onError("the pipeline could not carry on and will try again", { error: String(error) });
      throw error;
    });
    running = next.catch(() => {});
    return next;
  }

  function schedule(): void {
    if (stopping) return;
    timer = setTimeout(() => {
      catchUp()
        .catch(() => {})
        .finally(schedule);
    }, POLL_MS);
  }

  return {
    failed,
    setLive: (lanes) => reading.setLive(lanes),
    catchUp,
    async counts() {
      return {
        carried,
        appended,
        stored: store.stored,
        dead_lettered: 0,
        dropped: store.refused === 0 ? dropped : { ...dropped, unstorable: store.refused },
        damaged,
        backlog_bytes: await reading.backlogBytes(),
        lag_ms: behindSince === undefined ? 0 : Math.round(performance.now() - behindSince),
      };
    },
    async [Symbol.asyncDispose]() {
      stopping = true;
      clearTimeout(timer);
      await catchUp().catch(() => {});
      await store
        .flush()
        .catch((error: unknown) =>
          onError("the newest rows could not be published; they stay in the span journal", { error: String(error) }),
        );
      await trimSpans();
      await reading[Symbol.asyncDispose]();
      await spans[Symbol.asyncDispose]();
    },
  };
}
