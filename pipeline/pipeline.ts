import { join } from "node:path";
import type { Recorded } from "../genai/recorded.ts";
import type { Span } from "../genai/span.ts";
import { journal } from "../journal/append.ts";
import { trim, type Damage, type Missing } from "../journal/read.ts";
import { KIND, type Sequence } from "../journal/record.ts";
import type { Masters } from "../journal/seal.ts";
import type { SpanStore, StoreUnavailable } from "../storage/store.ts";
import { encodeBatch, type IntakeCursor } from "./batch.ts";
import type { Carried, Carrier } from "./carrier.ts";
import { counts, lagMs, newTally, note, type PipelineCounts } from "./counts.ts";
import type { DeadLetters } from "./dead_letters.ts";
import { feed, type FeedOptions } from "./feed.ts";
import { intake, type IntakeBatch } from "./intake.ts";
import { keptFrom, type KeepOptions } from "./kept.ts";
import { aboutSpan, exchangeLetter, unreadable, type Letter } from "./letter.ts";
import { bodyBytes } from "./parcel.ts";
import type { Failure, Processed } from "./process.ts";
import { replay, type Replayed } from "./replay.ts";
import { spanBatches } from "./span_batches.ts";
import { notStored } from "./stored.ts";
import { suspect, type Suspect } from "./suspect.ts";
import { trouble } from "./trouble.ts";
import { orUnavailable, unavailable } from "./unavailable.ts";

export interface PipelineOptions {
  readonly dataDir: string;
  readonly segmentBytes: number;
  /** Keys the intake may be sealed with. */
  readonly masters: Masters;
  readonly carrier: Carrier;
  readonly store: SpanStore;
  /** Where what cannot go on is put aside; the store's refusals go there too. */
  readonly letters: DeadLetters;
  readonly onError: (message: string, facts: object) => void;
  /** A processor failed on a batch, which went on without content; perhaps on each one. */
  readonly onFailure?: (failure: Failure) => void;
  /** How a store that fails is asked again. */
  readonly retry?: Pick<FeedOptions, "firstMs" | "mostMs" | "tries">;
  /** How much of what is published stays on the span journal. */
  readonly keep?: KeepOptions;
}

/** Carries records from the intake journal to the span journal and its consumers, until it is stopped. */
export interface Pipeline extends AsyncDisposable {
  setLive(lanes: readonly string[]): void;
  /**
   * Resolves when all that is on the intake now is readable in the store. Rejects with `StoreUnavailable` while it cannot get there: the disk
   * of a journal fails, or the store takes nothing.
   */
  readonly catchUp: () => Promise<void>;
  counts(): Promise<PipelineCounts>;
  /** Tries dead letters again, one by one; what succeeds is stored once and its letter is gone. */
  replay(ids: readonly Sequence[]): Promise<Replayed>;
  /** Rejects when the store fails: what is on the span journal will be stored by the next process that starts from it. */
  readonly failed: Promise<never>;
}

/** How soon new records are noticed when nobody asks. */
const POLL_MS = 100;
/** And how soon while something fails. */
const MOST_POLL_MS = 5000;
/** No more of recorded bodies is read ahead of what is safe. */
const AHEAD_BYTES = 32 * 1024 * 1024;

export async function pipeline(options: PipelineOptions): Promise<Pipeline> {
  const { dataDir, store, carrier, letters, onError } = options;
  const spansFolder = join(dataDir, "journal", "spans");
  const intakeFolder = join(dataDir, "journal", "intake");
  const tally = newTally();
  let behindSince: number | undefined;
  const ending = new AbortController();
  const troubles = trouble(onError);
  const feeding = feed({ store, onError, signal: ending.signal, ...options.retry });

  const onDamage = (damage: Damage): void => {
    tally.damaged++;
    onError("a stretch of a journal could not be read and was skipped", { lane: "spans", ...damage });
  };
  const onMissing = (gap: Missing): void => {
    tally.missing += gap.to - gap.from + 1;
    onError("records are missing from a journal", { lane: "spans", ...gap });
  };

  const batches = spanBatches({ folder: spansFolder, onDamage, onMissing });
  /** It says how far the intake is done; nothing else does. */
  const newest = await batches.newest();
  let newestSequence = newest.sequence;
  let cursor = newest.through;
  /** The newest batch is gone, and the cursor is one from before it: what comes may be stored already, until the intake is read to its end. */
  let doubtful = newest.doubtful || (await store.position()) > newest.sequence;
  await fillStore();
  // A journal that was deleted begins behind what is stored: its batches would be taken for stored ones.
  const first = Math.max(newest.next, (await store.position()) + 1);
  const spans = await journal({ folder: spansFolder, first, newest: newest.segment, segmentBytes: options.segmentBytes });
  const reading = intake({
    folder: intakeFolder,
    masters: options.masters,
    from: newest.through,
    onDamage,
    onMissing,
  });

  /** What is tried, for who asks while it fails. */
  const reads = `cannot read the intake journal in ${intakeFolder}`;
  const writes = `cannot write the span journal in ${spansFolder}`;

  /** Batches that were read and are not safe yet, oldest first; they are carried meanwhile. */
  const ahead: Ahead[] = [];
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  failed.catch(() => {}); // whoever runs the pipeline decides what to do
  let filesChecked = false;
  store
    .wholeFiles()
    .catch(() => {}) // whoever asks next hears of it
    .finally(() => {
      filesChecked = true;
    });
  let stopping = false;
  /** Why the store must get no other batch in this process. */
  let broken: StoreUnavailable | undefined;
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  schedule();

  /** Batches that were not published when the last process ended go to memory again. */
  async function fillStore(): Promise<void> {
    const suspects = suspect(join(dataDir, "journal", "cursors", "store.json"));
    for await (const { record, spans: fresh } of batches.behind(await store.position())) {
      const { sequence } = record;
      if (fresh === undefined) {
        await letters.bury([unreadable(record)]);
        continue;
      }
      tally.appended += fresh.length;
      if (suspects.isGuilty(sequence)) await giveSingly(fresh, sequence, suspects);
      else {
        suspects.giving(sequence);
        await feeding.append({ spans: fresh, through: sequence });
      }
    }
    suspects.clear();
  }

  /** Processes before this one died of this batch: the span that they died of goes to the dead letters. */
  async function giveSingly(fresh: readonly Span[], sequence: Sequence, suspects: Suspect): Promise<void> {
    const guilty = fresh.filter((_, i) => suspects.isGuilty(sequence, i));
    for (const span of guilty) await letters.refused(span, new Error("the engine ended on it, again and again"));
    const innocent = fresh.filter((span) => !guilty.includes(span));
    await feeding.appendEach({ spans: innocent, through: sequence }, (span) => suspects.giving(sequence, fresh.indexOf(span)));
  }

  /** What a damaged or missing file held and the span journal still has is published again. */
  async function refillStore(): Promise<void> {
    for (const lost of store.missing()) await store.refill(lost, withoutLetters(batches.between(lost.after, lost.through)));
  }

  /** No file held a span that was put aside: it was refused, or the engine ended on it. */
  async function* withoutLetters(given: AsyncIterable<readonly Span[]>): AsyncGenerator<readonly Span[]> {
    for await (const all of given) {
      const isLetter = await Promise.all(all.map((span) => letters.has(aboutSpan(span))));
      yield all.filter((_, i) => !isLetter[i]);
    }
  }

  /**
   * Deletes what was published a while ago; the newest batch stays, for it is the intake cursor. Nothing goes before all published files
   * were looked at, nor while rows of one are missing: they may be there.
   */
  async function trimSpans(): Promise<void> {
    if (!filesChecked || store.missing().length > 0) return;
    await trim(spansFolder, Math.min((await store.position()) + 1, newestSequence, await keptFrom(spansFolder, options.keep)));
  }

  /** Carries on until all is done that was on the intake when it began, whatever comes meanwhile. One run at a time. */
  async function run(): Promise<void> {
    if (broken !== undefined) throw broken;
    await orUnavailable(reads, () => reading.mark());
    let more = true; // also when no bytes are owed: a lane may have been closed
    let unread: unknown;
    const readSafely = (): Promise<boolean> =>
      readOn().catch((error: unknown) => {
        unread = error;
        return false;
      });
    for (;;) {
      while (more && hasRoom()) more = (await readSafely()) && reading.behind;
      const [first] = ahead;
      if (first === undefined) break;
      behindSince ??= performance.now();
      await finish(first);
    }
    unread ??= reading.failing; // one lane, while others could be read
    if (unread !== undefined) {
      behindSince ??= performance.now();
      throw unavailable(reads, unread);
    }
    behindSince = undefined;
    doubtful = false;
    await tidy("the intake could not be trimmed", () => reading.release());
    await tidy("what a damaged file held could not be published again", refillStore);
    await tidy("published batches could not be deleted", trimSpans);
  }

  /** Failing to keep the disk in order must not fail who asks for spans: it is tried again with the next run. */
  async function tidy(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      troubles.over(what);
    } catch (error) {
      troubles.say(what, error);
    }
  }

  const hasRoom = (): boolean =>
    ahead.length === 0 || (ahead.length <= carrier.capacity && ahead.reduce((sum, { bytes }) => sum + bytes, 0) < AHEAD_BYTES);

  async function readOn(): Promise<boolean> {
    const batch = await reading.next();
    if (batch === undefined) return false;
    const bytes = batch.recorded.reduce((sum, each) => sum + bodyBytes(each), 0);
    ahead.push({ batch, bytes, outcome: carrySafely(batch) });
    return true;
  }

  /** A batch that could not be written stays the first ahead until it is: the reader has passed it. */
  async function finish(first: Ahead): Promise<void> {
    const { batch } = first;
    const { recorded, carried: all, letters: bad } = await first.outcome;
    first.appended ??= await appendBatch(batch, all, bad);
    const { spans: fresh, sequence } = first.appended;
    await orUnavailable(writes, () => spans.durable()); // when it fails, the journal keeps the batch and goes on trying
    const before = await store.position();
    ahead.shift();
    newestSequence = sequence;
    cursor = batch.through;
    tally.appended += fresh.length;
    noted(all);
    for (const { closed } of recorded) tally.carried[closed.ending]++;
    await give(fresh, sequence);
    await tidy("the intake could not be trimmed", () => reading.release(batch.spent));
    if ((await store.position()) > before) await tidy("published batches could not be deleted", trimSpans); // a long run must not fill the disk
  }

  function noted(processed: Processed): void {
    note(tally, processed);
    for (const failure of processed.failures) options.onFailure?.(failure);
  }

  async function appendBatch({ through, poison, ...batch }: IntakeBatch, all: Carried, bad: readonly Letter[]): Promise<Appended> {
    const { spans: fresh, record } = doubtful || batch.doubtful ? await withoutStored(all, through) : all;
    await letters.bury([...poison, ...bad]);
    return { spans: fresh, sequence: await orUnavailable(writes, () => spans.append(KIND.batch, [record])) };
  }

  /** After a batch that the store did not get, it must get no other one in this process: its position would pass over the first. */
  async function give(fresh: readonly Span[], through: Sequence): Promise<void> {
    try {
      await feeding.append({ spans: fresh, through });
    } catch (error) {
      broken = unavailable("the store does not take what is on the span journal", error);
      if (!ending.signal.aborted) fail(error); // who stops waiting has not failed
      throw broken;
    }
  }

  /** Its record says whether those behind it are in doubt too, for a process that starts from it. */
  async function withoutStored(carried: Carried, through: IntakeCursor): Promise<Carried> {
    const fresh = await orUnavailable("cannot ask the store which spans it has", () => notStored(store, carried.spans));
    const changes = doubtful || fresh.length < carried.spans.length;
    return changes ? { ...carried, spans: fresh, record: encodeBatch({ spans: fresh, through, doubtful }) } : carried;
  }

  /** One exchange that cannot be carried must not stop the others: it becomes a letter. Never rejects. */
  async function carrySafely({ recorded, places, through }: IntakeBatch): Promise<Outcome> {
    try {
      return { recorded, carried: await carrier.carry(recorded, through), letters: [] };
    } catch (error) {
      const whole = async (each: Recorded): Promise<unknown> => await carrier.carry([each], through).then(() => undefined, failure);
      const failures = recorded.length === 1 ? [failure(error)] : await Promise.all(recorded.map(whole));
      const good = recorded.filter((_, i) => failures[i] === undefined);
      const bad = (errors: readonly unknown[]): Letter[] =>
        recorded.flatMap((each, i) => (errors[i] === undefined ? [] : [exchangeLetter(each, places[i], errors[i])]));
      try {
        return { recorded: good, carried: await carrier.carry(good, through), letters: bad(failures) };
      } catch (together) {
        return { recorded: [], carried: nothing(through), letters: bad(recorded.map((_, i) => failures[i] ?? failure(together))) };
      }
    }
  }

  /** Carries on, and whatever was damaged until now is made good: who asks next has its rows too. */
  async function catchUp(): Promise<void> {
    if (filesChecked) await store.wholeFiles().catch(() => {}); // the question itself says what is wrong
    await carryOn();
  }

  function carryOn(): Promise<void> {
    if (feeding.stuck !== undefined) return Promise.reject(unavailable("the store does not take spans now", feeding.stuck));
    // Who comes while a run is on its way may have records that it has passed already: another one follows.
    const before = running ?? Promise.resolve();
    const what = "the pipeline could not carry on and will try again";
    const next = before.then(run).then(
      () => troubles.over(what),
      (error: unknown) => {
        troubles.say(what, error);
        throw error;
      },
    );
    running = next.catch(() => {});
    return next;
  }

  /** Behind a run that left nothing undone: the store must get batches in their order. */
  function replayLetters(ids: readonly Sequence[]): Promise<Replayed> {
    const next = carryOn().then(async () => {
      const done = await replay(ids, { letters, carrier, store, put, noted });
      tally.replayed += done.replayed;
      return done;
    });
    running = next.then(
      () => {},
      () => {},
    );
    return next;
  }

  /** Spans of a letter, beside the intake: the cursor stays where it is. */
  async function put(fresh: readonly Span[], letter: Sequence): Promise<void> {
    const record = encodeBatch({ spans: fresh, through: cursor, letter, doubtful });
    const sequence = await orUnavailable(writes, () => spans.append(KIND.batch, [record]));
    await orUnavailable(writes, () => spans.durable());
    newestSequence = sequence;
    tally.appended += fresh.length;
    await give(fresh, sequence);
  }

  function schedule(afterMs = POLL_MS): void {
    if (stopping) return;
    timer = setTimeout(() => {
      carryOn()
        .catch(() => {})
        .finally(() => schedule(troubles.any ? Math.min(afterMs * 2, MOST_POLL_MS) : POLL_MS));
    }, afterMs);
  }

  return {
    failed,
    setLive: (lanes) => reading.setLive(lanes),
    catchUp,
    replay: replayLetters,
    async counts() {
      // In this order: what is read meanwhile is counted twice rather than not at all.
      const unread = await reading.backlogBytes();
      const unsafe = ahead.reduce((sum, { batch }) => sum + batch.journalBytes, 0);
      return await counts(tally, options, { backlog_bytes: unread + unsafe, lag_ms: lagMs(behindSince, ahead[0]?.batch) });
    },
    async [Symbol.asyncDispose]() {
      await using closing = new AsyncDisposableStack();
      closing.use(spans);
      closing.use(reading);
      stopping = true;
      ending.abort();
      clearTimeout(timer);
      await carryOn().catch(() => {});
      await store
        .flush()
        .catch((error: unknown) =>
          onError("the newest rows could not be published; they stay in the span journal", { error: String(error) }),
        );
      await tidy("published batches could not be deleted", trimSpans);
    },
  };
}

/** A batch that was read and is not safe yet. */
interface Ahead {
  readonly batch: IntakeBatch;
  readonly bytes: number;
  readonly outcome: Promise<Outcome>;
  /** Present once it is on its way to the disk. */
  appended?: Appended;
}

interface Appended {
  readonly spans: readonly Span[];
  readonly sequence: Sequence;
}

/** What became of a batch: the exchanges that were carried, and letters for the others. */
interface Outcome {
  readonly recorded: readonly Recorded[];
  readonly carried: Carried;
  readonly letters: readonly Letter[];
}

const nothing = (through: IntakeCursor): Carried => ({
  spans: [],
  dropped: {},
  failures: [],
  record: encodeBatch({ spans: [], through }),
});

/** Told apart from an error that is undefined. */
const failure = (error: unknown): unknown => error ?? new Error("it failed without saying why");
