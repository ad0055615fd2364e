import { encodePiece, type Replied } from "../genai/piece.ts";
import type { Chunk, Closed, Header, Opened } from "../genai/recorded.ts";
import type { Journal } from "../journal/append.ts";
import type { Durability } from "../journal/options.ts";
import { KIND } from "../journal/record.ts";
import type { Counters } from "./counters.ts";
import type { Ended, Recording } from "./recording.ts";

/** Between two writes of what open exchanges have got so far: what power loss may take, and a killed gateway of an open stream. */
const TICK_MS = 100;
/** Longest that the end of a reply waits for its record, unless `strict`. */
const HOLD_MS = 5;
/** The end of this wait, begun anew when a process that stood still looks at the clock again: the write may be done by then. */
const LAST_MS = 1;
/** A write group grows no larger than about this before it is sent to the file. */
const GROUP_BYTES = 1024 * 1024;
/** When the disk does not keep up, content beyond this is dropped and counted; the calls go on. */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;

export interface RecorderOptions {
  /** The lane of this process. */
  readonly journal: Journal;
  /** Most bytes kept of one body. */
  readonly maxCaptureBytes: number;
  readonly counters: Counters;
  /** Told of a failed write. The journal itself counts what it took along. */
  readonly onError: (error: unknown) => void;
}

/** Turns exchanges into records of the lane. */
export interface Recorder extends AsyncDisposable {
  /** Starts the record of one exchange; `startedMs` is its start on the monotonic clock. */
  open(opened: Opened, startedMs: number, durability: Exclude<Durability, "off">): Recording;
}

export function recorder({ journal, maxCaptureBytes, counters, onError }: RecorderOptions): Recorder {
  const unfinished = new Set<LaneRecording>();
  const held: Held[] = [];
  let heldTimer: NodeJS.Timeout | undefined;
  let durableUpTo = 0;

  const ticking = setInterval(tick, TICK_MS).unref();

  /** Writes what is new of the open exchanges, and makes the last tick's records durable. */
  function tick(): void {
    for (const recording of unfinished) recording.flush();
    if (journal.appended === durableUpTo) {
      journal.rotateIfOld().catch(onError);
      return;
    }
    durableUpTo = journal.appended;
    journal.durable().catch(onError);
  }

  /** Waits for the write of what was appended, but never longer than `HOLD_MS`. */
  function balanced(): Promise<void> {
    return new Promise((release) => {
      const entry: Held = { until: performance.now() + HOLD_MS - LAST_MS, last: false, released: false, release };
      held.push(entry);
      heldTimer ??= setTimeout(releaseLate, HOLD_MS - LAST_MS);
      const done = (): void => {
        if (entry.released) return;
        entry.released = true;
        release();
      };
      journal.written().then(done, (error: unknown) => {
        onError(error);
        done();
      });
    });
  }

  function releaseLate(): void {
    heldTimer = undefined;
    const now = performance.now();
    let entry = held[0];
    while (entry !== undefined && (entry.released || (entry.last && now >= entry.until))) {
      held.shift();
      if (!entry.released) {
        entry.released = true;
        counters.count("released_before_written");
        entry.release();
      }
      entry = held[0];
    }
    if (entry === undefined) return;
    for (const each of held) {
      if (each.last) continue;
      if (now < each.until) break;
      each.last = true;
      each.until = now + LAST_MS;
    }
    heldTimer = setTimeout(releaseLate, entry.until - now);
  }

  class LaneRecording implements Recording {
    readonly #opened: Opened;
    readonly #startedMs: number;
    readonly #strict: boolean;
    #begun = false;
    #ended = false;
    #replied: Replied | undefined;
    #repliedWritten = false;
    #request: Buffer[] = [];
    #response: Chunk[] = [];
    #requestBytes = 0;
    #responseBytes = 0;
    #requestTruncated = false;
    #responseTruncated = false;

    constructor(opened: Opened, startedMs: number, strict: boolean) {
      this.#opened = opened;
      this.#startedMs = startedMs;
      this.#strict = strict;
    }

    request(bytes: Buffer): void {
      const kept = this.#fitting(bytes, this.#requestBytes);
      this.#requestBytes += bytes.length;
      if (kept === undefined || kept.length < bytes.length) this.#requestTruncated = true;
      if (kept !== undefined) this.#request.push(kept);
    }

    head(status: number, headers: readonly Header[]): void {
      this.#replied = { status, headers };
    }

    chunk(bytes: Buffer): void {
      if (this.#ended) return;
      const kept = this.#fitting(bytes, this.#responseBytes);
      this.#responseBytes += bytes.length;
      if (kept === undefined || kept.length < bytes.length) this.#responseTruncated = true;
      if (kept !== undefined) this.#response.push({ atUs: this.#sinceUs(), bytes: kept });
    }

    /** The part of `bytes` that may still be kept of a body that has `before` bytes already. */
    #fitting(bytes: Buffer, before: number): Buffer | undefined {
      if (before >= maxCaptureBytes) return undefined;
      if (journal.pendingBytes > MAX_PENDING_BYTES) {
        counters.drop("content_backlog");
        return undefined;
      }
      return before + bytes.length <= maxCaptureBytes ? bytes : bytes.subarray(0, maxCaptureBytes - before);
    }

    /** Hands what is new to the journal and lets go of it. */
    flush(): void {
      if (this.#begun && this.#request.length === 0 && this.#response.length === 0) return;
      this.#append(this.#begun ? KIND.part : KIND.begin);
    }

    #append(kind: typeof KIND.begin | typeof KIND.part | typeof KIND.end, closed?: Closed): void {
      try {
        journal.append(
          kind,
          encodePiece({
            exchangeId: this.#opened.exchangeId,
            ...(!this.#begun && { opened: this.#opened }),
            ...(this.#replied && !this.#repliedWritten && { replied: this.#replied }),
            ...(closed && { closed }),
            request: this.#request,
            response: this.#response,
          }),
        );
      } catch (error) {
        // The call that is being recorded must not notice.
        counters.drop("unrecordable");
        onError(error);
      }
      this.#begun = true;
      this.#repliedWritten = this.#replied !== undefined;
      this.#request = [];
      this.#response = [];
      if (closed === undefined && journal.pendingBytes > GROUP_BYTES) journal.written().catch(onError);
    }

    end(ended: Ended): Promise<void> {
      if (this.#ended) return Promise.resolve();
      this.#ended = true;
      unfinished.delete(this);
      counters.end(ended.ending);
      const status = this.#replied?.status ?? ended.status;
      this.#append(KIND.end, {
        ...ended,
        endedUs: this.#sinceUs(),
        ...(status !== undefined && { status }),
        headers: this.#replied?.headers ?? [],
        requestBytes: this.#requestBytes,
        responseBytes: this.#responseBytes,
        ...(this.#requestTruncated && { requestTruncated: true }),
        ...(this.#responseTruncated && { responseTruncated: true }),
      });
      return this.#strict ? journal.durable().catch(onError) : balanced();
    }

    #sinceUs(): number {
      return Math.round((performance.now() - this.#startedMs) * 1000);
    }
  }

  return {
    open(opened, startedMs, durability) {
      counters.count("begun");
      const recording = new LaneRecording(opened, startedMs, durability === "strict");
      unfinished.add(recording);
      return recording;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(ticking);
      for (const recording of unfinished) recording.flush();
      await journal.durable().catch(onError);
      clearTimeout(heldTimer);
      releaseLate();
      clearTimeout(heldTimer);
    },
  };
}

/** The end of a reply that waits for its record. */
interface Held {
  /** On the monotonic clock, milliseconds. */
  until: number;
  /** Whether what is left of the wait is its end. */
  last: boolean;
  released: boolean;
  readonly release: () => void;
}
