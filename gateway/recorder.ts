import { encodePiece, type Piece, type Replied } from "../genai/piece.ts";
import type { Chunk, Closed, Header, Opened } from "../genai/recorded.ts";
import { JournalFull, type Journal } from "../journal/append.ts";
import type { Durability } from "../journal/options.ts";
import { KIND } from "../journal/record.ts";
import type { Room } from "../journal/room.ts";
import type { Counters } from "./counters.ts";
import { NOT_RECORDED, type Ended, type Recording } from "./recording.ts";

const MIB = 1024 * 1024;

/** Between two writes of what open exchanges have got so far: what power loss may take, and a killed gateway of an open stream. */
const TICK_MS = 100;
/** Longest that the end of a reply waits for its record, unless `strict`. */
const HOLD_MS = 5;
/** The end of this wait, begun anew when a process that stood still looks at the clock again: the write may be done by then. */
const LAST_MS = 1;
/** A write group grows no larger than about this before it is sent to the file. */
const GROUP_BYTES = MIB;
/** When the disk does not keep up, content beyond this is dropped and counted; the calls go on. */
const CONTENT_PENDING_BYTES = 32 * MIB;
/** No record is begun beyond this, so that those which were begun can be ended. */
const BEGIN_PENDING_BYTES = 48 * MIB;

export interface RecorderOptions {
  /** The lane of this process. */
  readonly journal: Journal;
  /** Most bytes kept of one body. */
  readonly maxCaptureBytes: number;
  readonly counters: Counters;
  /** What the disk still takes; always enough when it is left out. */
  readonly room?: () => Room;
  /** Told of a failed write. The journal itself counts what it took along. */
  readonly onError: (error: unknown) => void;
}

/** Turns exchanges into records of the lane. */
export interface Recorder extends AsyncDisposable {
  /** Starts the record of one exchange; `startedMs` is its start on the monotonic clock. */
  open(opened: Opened, startedMs: number, durability: Exclude<Durability, "off">): Recording;
  /** Whether a record that is begun now will reach the disk, as far as can be known. */
  readonly able: boolean;
}

export function recorder({ journal, maxCaptureBytes, counters, room = () => "enough", onError }: RecorderOptions): Recorder {
  const unfinished = new Set<LaneRecording>();
  const held: Held[] = [];
  /** Ends that found no place on the journal. */
  const late: Piece[] = [];
  let heldTimer: NodeJS.Timeout | undefined;
  let durableUpTo = 0;

  const ticking = setInterval(tick, TICK_MS).unref();

  /** Writes what is new of the open exchanges, and makes the last tick's records durable. */
  function tick(): void {
    appendLate();
    for (const recording of unfinished) recording.flush();
    journal.rotateIfOld().catch(onError);
    if (journal.appended === durableUpTo) return;
    durableUpTo = journal.appended;
    journal.durable().catch((error: unknown) => {
      durableUpTo = -1; // the next tick tries again
      onError(error);
    });
  }

  /** A reply is not kept from its client because the disk fails. */
  async function durable(): Promise<void> {
    try {
      await journal.durable();
    } catch (error) {
      counters.count("released_before_written");
      onError(error);
    }
  }

  function appendLate(): void {
    try {
      for (let piece = late[0]; piece !== undefined; piece = late[0]) {
        journal.append(KIND.end, encodePiece(piece));
        late.shift();
      }
    } catch {
      // Still no place; the next tick tries again.
    }
  }

  /** Waits for the write of what was appended, but never longer than `HOLD_MS`. Replies whose records share a write share the wait. */
  function balanced(): Promise<void> {
    const written = journal.written();
    let last = held.at(-1);
    if (last?.written !== written) {
      last = hold(written);
      held.push(last);
      heldTimer ??= setTimeout(releaseLate, HOLD_MS - LAST_MS);
    }
    last.replies++;
    return last.released.promise;
  }

  function hold(written: Promise<void>): Held {
    const released = Promise.withResolvers<void>();
    const each: Held = { written, until: performance.now() + HOLD_MS - LAST_MS, last: false, over: false, replies: 0, released };
    const done = (): void => {
      each.over = true;
      released.resolve();
    };
    written.then(done, (error: unknown) => {
      if (!each.over) counters.count("released_before_written", each.replies);
      onError(error);
      done();
    });
    return each;
  }

  function releaseLate(): void {
    heldTimer = undefined;
    const now = performance.now();
    let first = held[0];
    while (first !== undefined && (first.over || (first.last && now >= first.until))) {
      held.shift();
      if (!first.over) {
        counters.count("released_before_written", first.replies);
        first.released.resolve();
      }
      first = held[0];
    }
    if (first === undefined) return;
    for (const each of held) {
      if (each.last) continue;
      if (now < each.until) break;
      each.last = true;
      each.until = now + LAST_MS;
    }
    heldTimer = setTimeout(releaseLate, first.until - now);
  }

  class LaneRecording implements Recording {
    readonly #opened: Opened;
    readonly #startedMs: number;
    readonly #strict: boolean;
    /** Most bytes kept of one body. */
    readonly #maxBytes: number;
    #begun = false;
    /** Its beginning found no place on the journal: nothing of it is kept. */
    #lost = false;
    #ended = false;
    #contentDropped = false;
    #replied: Replied | undefined;
    #repliedWritten = false;
    #request: Buffer[] = [];
    #response: Chunk[] = [];
    #requestBytes = 0;
    #responseBytes = 0;
    #requestTruncated = false;
    #responseTruncated = false;

    constructor(opened: Opened, startedMs: number, strict: boolean, maxBytes: number) {
      this.#opened = opened;
      this.#startedMs = startedMs;
      this.#strict = strict;
      this.#maxBytes = maxBytes;
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
      if (before >= this.#maxBytes) return undefined;
      if (journal.pendingBytes > CONTENT_PENDING_BYTES) {
        this.#dropContent();
        return undefined;
      }
      return before + bytes.length <= this.#maxBytes ? bytes : bytes.subarray(0, this.#maxBytes - before);
    }

    /** Counted once, however much of its content is missing. */
    #dropContent(): void {
      if (!this.#contentDropped) counters.drop("content_backlog");
      this.#contentDropped = true;
    }

    /** Hands what is new to the journal and lets go of it. */
    flush(): void {
      if (this.#lost || (this.#begun && this.#request.length === 0 && this.#response.length === 0)) return;
      if (this.#append(this.#begun ? KIND.part : KIND.begin)) {
        this.#begun = true;
        this.#repliedWritten = this.#replied !== undefined;
      } else if (this.#begun) {
        this.#requestTruncated ||= this.#request.length > 0;
        this.#responseTruncated ||= this.#response.length > 0;
      } else this.#lost = true;
      this.#request = [];
      this.#response = [];
      if (journal.pendingBytes > GROUP_BYTES) journal.written().catch(onError);
    }

    /** Returns whether the journal took it. The call that is being recorded must not notice when it did not. */
    #append(kind: typeof KIND.begin | typeof KIND.part | typeof KIND.end, closed?: Closed): boolean {
      try {
        journal.append(
          kind,
          encodePiece({
            exchangeId: this.#opened.exchangeId,
            ...(!this.#begun && { opened: this.#opened }),
            ...(closed === undefined && this.#replied && !this.#repliedWritten && { replied: this.#replied }),
            ...(closed && { closed }),
            request: this.#request,
            response: this.#response,
          }),
        );
      } catch (error) {
        if (error instanceof JournalFull && this.#begun) this.#dropContent();
        else counters.drop(error instanceof JournalFull ? "journal_full" : "unrecordable");
        onError(error);
        return false;
      }
      return true;
    }

    end(ended: Ended): Promise<void> {
      if (this.#ended) return Promise.resolve();
      this.#ended = true;
      unfinished.delete(this);
      counters.end(ended.ending);
      const status = this.#replied?.status ?? ended.status;
      if (this.#lost) return Promise.resolve();
      const closed: Closed = {
        ...ended,
        endedUs: this.#sinceUs(),
        ...(status !== undefined && { status }),
        headers: this.#replied?.headers ?? [],
        requestBytes: this.#requestBytes,
        responseBytes: this.#responseBytes,
        ...(this.#requestTruncated && { requestTruncated: true }),
        ...(this.#responseTruncated && { responseTruncated: true }),
      };
      // What was begun on the journal must be ended there, or it would be taken for lost with its recorder.
      if (!this.#append(KIND.end, closed) && this.#begun)
        late.push({ exchangeId: this.#opened.exchangeId, closed: truncated(closed), ...NO_BYTES });
      this.#request = [];
      this.#response = [];
      return this.#strict ? durable() : balanced();
    }

    #sinceUs(): number {
      return Math.round((performance.now() - this.#startedMs) * 1000);
    }
  }

  const hasRoom = (): boolean => room() !== "none" && journal.pendingBytes <= BEGIN_PENDING_BYTES;

  /** An exchange that there is no room for: how it ended is counted, and that nothing else is known of it. */
  function counted(): Recording {
    return {
      ...NOT_RECORDED,
      end({ ending }) {
        counters.end(ending);
        counters.drop("journal_full");
        return Promise.resolve();
      },
    };
  }

  return {
    get able() {
      return hasRoom() && journal.failing === undefined;
    },
    open(opened, startedMs, durability) {
      counters.count("begun");
      if (!hasRoom()) return counted();
      const scarce = room() === "scarce";
      if (scarce) counters.drop("content_quota");
      const recording = new LaneRecording(opened, startedMs, durability === "strict", scarce ? 0 : maxCaptureBytes);
      unfinished.add(recording);
      return recording;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(ticking);
      appendLate();
      for (const recording of unfinished) recording.flush();
      await journal.durable().catch(onError);
      clearTimeout(heldTimer);
      releaseLate();
      clearTimeout(heldTimer);
    },
  };
}

const NO_BYTES = { request: [], response: [] } as const;

/** Without its last bytes, that is. */
function truncated(closed: Closed): Closed {
  return { ...closed, requestTruncated: true, responseTruncated: true };
}

/** The ends of replies that wait for one write. */
interface Held {
  readonly written: Promise<void>;
  /** On the monotonic clock, milliseconds. */
  until: number;
  /** Whether what is left of the wait is its end. */
  last: boolean;
  /** Whether the write is over. */
  over: boolean;
  replies: number;
  readonly released: PromiseWithResolvers<void>;
}
