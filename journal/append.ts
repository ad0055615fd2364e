import { join } from "node:path";
import timers from "node:timers";
import { setTimeout } from "node:timers/promises";
import { DISK, type Files } from "./files.ts";
import { addRecord, buffers, type Group } from "./group.ts";
import { recordLength, type Kind, type Sequence } from "./record.ts";
import type { MasterKey } from "./seal.ts";
import { segmentName } from "./segment.ts";
import { beginSegment, noSegment, type SegmentFile } from "./segment_file.ts";
import { unsynced } from "./unsynced.ts";

export interface AppendOptions {
  readonly folder: string;
  /** Sequence of the first record to be written. */
  readonly first: Sequence;
  /** Name of the newest segment in the folder, as a number: those to come get higher ones. */
  readonly newest?: Sequence;
  /** A segment is closed when the next group would make it larger. Bytes. */
  readonly segmentBytes: number;
  /** A segment with records is closed when it is older. Milliseconds. */
  readonly maxAgeMs?: number;
  /** Encrypts each write group when given; a function is asked anew for each segment. */
  readonly master?: MasterKey | (() => MasterKey);
  /** Most bytes that wait in memory while the disk does not take them; what would be more is refused. */
  readonly maxPendingBytes?: number;
  /** Told of each write and each `fdatasync` that failed. Nothing is lost by it: the records are appended again. */
  readonly onError?: (error: unknown) => void;
  /**
   * Told how many records were lost for good: the journal was closed while the disk did not take them, or an `fdatasync` failed that began so long
   * ago that not all of what it was to make durable is in memory any more.
   */
  readonly onLost?: (records: number, error: unknown) => void;
  readonly files?: Files;
  /** Between two tries while the disk does not take anything. */
  readonly retryMs?: number;
}

/**
 * Writes one journal. The only writer of its folder; it never reopens a segment, and leaves one behind whose write or `fdatasync` failed:
 * what was not durable there is appended again to the next one, under the same sequence numbers.
 */
export interface Journal extends AsyncDisposable {
  /**
   * Puts a record behind those before it; it is on its way to the file with the next `written` or `durable`.
   * Throws `JournalFull` when too much waits for the disk already.
   */
  append(kind: Kind, payload: readonly Buffer[]): Sequence;
  /**
   * Resolves once all appended so far is in the file, safe from the end of this process. Rejects when the disk does not take it; the
   * journal keeps it and goes on trying. Those who wait for one write get the same promise.
   */
  written(): Promise<void>;
  /** Resolves once all appended so far is on the disk, safe from power loss. Callers that come together share one `fdatasync`. Rejects like `written`. */
  durable(): Promise<void>;
  /** Begins a new segment when the current one has records and is older than `maxAgeMs`. */
  rotateIfOld(): Promise<void>;
  /** Bytes that were appended and not yet written. */
  readonly pendingBytes: number;
  readonly appended: number;
  /** Why the last write or `fdatasync` failed; undefined once one has succeeded again. */
  readonly failing: unknown;
}

/** Too much waits for a disk that does not take it. */
export class JournalFull extends Error {
  override readonly name = "JournalFull";
}

/** A group that is larger is written without waiting for company. */
const LARGE_BYTES = 64 * 1024;
/**
 * Between the beginnings of two writes under load, so that many records share one: a write costs more than what it writes. There is load
 * when this many wait for one write; who comes alone is not kept waiting.
 */
const COMPANY_MS = 1;
const COMPANY = 3;
const RETRY_MS = 250;
/** How often a journal that is closed tries to get rid of what it has. */
const LAST_TRIES = 4;
const MAX_PENDING_BYTES = 64 * 1024 * 1024;
/** Beyond this, written records are no longer kept for the case that their `fdatasync` fails. */
const MAX_UNSYNCED_BYTES = 64 * 1024 * 1024;

export async function journal(options: AppendOptions): Promise<Journal> {
  const { folder, files = DISK, maxPendingBytes = MAX_PENDING_BYTES, retryMs = RETRY_MS } = options;
  let next = options.first;
  const memory = buffers();

  /** Takes what is appended now. */
  let filling = newGroup();
  /** Groups that are to be written, in order, before the one that fills. */
  let queue: Group[] = [];
  let queuedBytes = 0;
  let writing: Promise<void> | undefined;
  let begunAt = -Infinity;
  let crowded = false;
  /** A write is about to begin, after the current turn or after a while. */
  let waking = false;
  let rotate = false;
  /** How often records were put back into the queue because their `fdatasync` failed. */
  let setBack = 0;
  /** Why the last write failed, */
  let failing: unknown;
  /** and the last `fdatasync`. */
  let syncFailing: unknown;
  let closed = false;

  const inFile = unsynced(MAX_UNSYNCED_BYTES, memory);
  let syncers: PromiseWithResolvers<void>[] = [];
  // The disk is waited for beside the writing: a reply that needs its record written must not wait for a record that needs to be durable.
  let syncing: Promise<void> | undefined;
  let folderDirty = false;
  /** Segments that were left, still to be made durable and closed. */
  const left: SegmentFile[] = [];

  /** Name of the newest segment, as a number. */
  let { newest = -1 } = options;
  let segment = await openFirst();
  await syncFolder();

  /** When the disk takes nothing yet the journal is there all the same, and goes on trying as after any other failure. */
  async function openFirst(): Promise<SegmentFile> {
    try {
      await files.makeFolder(folder);
      return await openSegment(next);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") throw error; // it is not ours, or `first` is wrong
      fail(error);
      return noSegment();
    }
  }

  function newGroup(): Group {
    return { first: next, count: 0, buffer: memory.take(), bytes: 0, waiting: 0 };
  }

  /** `first`: the first record it will hold. It is named for it, unless a segment of that name was left behind broken. */
  async function openSegment(first: Sequence): Promise<SegmentFile> {
    const name = Math.max(first, newest + 1);
    const path = join(folder, segmentName(name));
    const master = typeof options.master === "function" ? options.master() : options.master;
    const file = await files.create(path);
    newest = name; // also when it comes to nothing: a reader may have opened it
    try {
      const begun = await beginSegment(file, first, master);
      folderDirty = true;
      return begun;
    } catch (error) {
      await file.close().catch(() => {});
      await files.remove(path).catch(() => {});
      throw error;
    }
  }

  async function syncFolder(): Promise<void> {
    if (!folderDirty) return;
    folderDirty = false;
    try {
      await files.syncFolder(folder);
    } catch (error) {
      folderDirty = true;
      throw error;
    }
  }

  /** Writes what waits, group after group. */
  async function write(): Promise<void> {
    let again = true;
    // Those who waited for what came while the disk took nothing were told so: nobody waits for it now, and it is written all the same.
    const all = failing !== undefined;
    while (queue.length > 0 || filling.count > 0 || rotate || segment.broken) {
      if (queue.length === 0 && filling.count > 0) close();
      const group = queue[0];
      try {
        await makeRoomFor(group);
        if (group === undefined) failing = undefined;
        if (group === undefined || queue[0] !== group) continue; // others were put back before it meanwhile
        const into = segment;
        const before = setBack;
        begunAt = performance.now();
        const sealed = await into.write(group);
        if (setBack > before) continue; // those before it are to be appended again, and it behind them
        failing = undefined;
        again = true;
        queue.splice(queue.indexOf(group), 1);
        queuedBytes -= group.bytes;
        inFile.keep(group, into, sealed);
        crowded = group.waiting >= COMPANY;
        group.written?.resolve();
        if (!all && filling.bytes < LARGE_BYTES && queue.length === 0) return;
      } catch (error) {
        segment.giveUp(); // half a group may stand at its end
        if (again) {
          again = false; // a passing failure costs a segment and nothing else
          continue;
        }
        fail(error);
        return;
      }
    }
  }

  /** Closes the group that fills: it is the last one of the queue now. */
  function close(): void {
    queue.push(filling);
    queuedBytes += filling.bytes;
    filling = newGroup();
  }

  /** Leaves the segment that is full, old or broken. */
  async function makeRoomFor(group: Group | undefined): Promise<void> {
    const full = group !== undefined && segment.records > 0 && segment.size + group.bytes > options.segmentBytes;
    if (!rotate && !full && !segment.broken) return;
    const before = segment;
    rotate = false; // not behind the waiting: an fdatasync may fail meanwhile and want another segment
    if (before.broken) await files.makeFolder(folder); // it may have been the folder that went
    segment = await openSegment(group?.first ?? filling.first);
    left.push(before);
    sync();
  }

  /** Those who wait are told; what they wait for stays. */
  function fail(error: unknown): void {
    failing = error;
    rotate = false;
    options.onError?.(error);
    for (const group of [...queue, filling]) {
      group.written?.reject(error);
      delete group.written;
    }
    waking = true;
    timers.setTimeout(startWriting, retryMs);
  }

  function startWriting(): void {
    waking = false;
    if (writing !== undefined || closed) return;
    writing = write().finally(() => {
      writing = undefined;
      if (failing === undefined && (filling.written !== undefined || rotate)) soon();
    });
  }

  /** Starts writing after the current turn of the event loop, so that all that ends in one turn shares a write; later when one has just begun. */
  function soon(): void {
    if (writing !== undefined || waking) return;
    waking = true;
    const wait = crowded && filling.bytes < LARGE_BYTES ? begunAt + COMPANY_MS - performance.now() : 0;
    if (wait > 0) timers.setTimeout(startWriting, wait);
    else setImmediate(startWriting);
  }

  function written(): Promise<void> {
    const group = filling.count > 0 ? filling : queue.at(-1);
    if (group === undefined) return Promise.resolve();
    if (failing !== undefined) return Promise.reject(failing);
    group.written ??= Promise.withResolvers();
    group.waiting++;
    soon();
    return group.written.promise;
  }

  /** Makes durable what is written, until nobody waits. */
  function sync(): void {
    syncing ??= syncAll().finally(() => {
      syncing = undefined;
      if (syncers.length > 0) sync();
    });
  }

  async function syncAll(): Promise<void> {
    const served = syncers;
    const { newest: last } = inFile;
    syncers = [];
    try {
      let synced = false;
      for (let each = left[0]; each !== undefined; each = left[0]) {
        synced = (await syncSegment(each)) || synced;
        left.shift();
        await each.close();
      }
      synced = (await syncSegment(segment)) || synced;
      await syncFolder();
      if (last !== undefined) inFile.forget(last);
      for (const { resolve } of served) resolve();
      if (synced) syncFailing = undefined;
    } catch (error) {
      appendAgain(syncFailing !== undefined);
      syncFailing = error;
      options.onError?.(error);
      for (const { reject } of served) reject(error);
    }
  }

  async function syncSegment(each: SegmentFile): Promise<boolean> {
    try {
      return await each.datasync();
    } catch (error) {
      if (each.letGo > 0) options.onLost?.(each.letGo, error);
      throw error;
    }
  }

  /** From the first record on that is uncertain, all that is not durable goes into a segment of its own, in order. */
  function appendAgain(lasting: boolean): void {
    const groups = inFile.takeBack();
    for (const { bytes } of groups) queuedBytes += bytes;
    queue = groups.concat(queue);
    setBack++; // also without any: a write may be under way into the segment that failed
    rotate = true;
    // A passing failure is made up for at once; one that lasts is not asked again and again without a pause.
    if (waking) return;
    if (!lasting) startWriting();
    else {
      waking = true;
      timers.setTimeout(startWriting, retryMs);
    }
  }

  async function durable(): Promise<void> {
    let before: number;
    do {
      if (syncFailing !== undefined && waking) return await Promise.reject(syncFailing); // it is tried again in a moment
      before = setBack;
      await written();
      const waiting = Promise.withResolvers<void>();
      syncers.push(waiting);
      sync();
      await waiting.promise;
    } while (setBack > before); // an fdatasync failed meanwhile: what was written is to be written again
  }

  async function lastTries(tries: number): Promise<void> {
    try {
      await durable();
    } catch (error) {
      if (tries <= 1) throw error;
      await setTimeout(retryMs);
      startWriting();
      await writing;
      await lastTries(tries - 1);
    }
  }

  return {
    append(kind, payload) {
      const length = recordLength(payload);
      const pending = queuedBytes + filling.bytes;
      if (pending > 0 && pending + length > maxPendingBytes) {
        throw new JournalFull(`${pending} bytes already wait for the disk of ${folder}`, { cause: failing });
      }
      addRecord(filling, next, kind, payload, memory);
      return next++;
    },
    written,
    durable,
    async rotateIfOld() {
      if (segment.records === 0 || performance.now() - segment.openedAt < (options.maxAgeMs ?? Infinity)) return;
      rotate = true;
      while (rotate && failing === undefined && !closed) {
        startWriting();
        await writing;
      }
    },
    get pendingBytes() {
      return queuedBytes + filling.bytes;
    },
    get appended() {
      return next - options.first;
    },
    get failing() {
      return failing ?? syncFailing;
    },
    async [Symbol.asyncDispose]() {
      try {
        await lastTries(LAST_TRIES);
      } finally {
        closed = true;
        await writing;
        await syncing;
        const unwritten = [...queue, filling].filter(({ again }) => !again);
        const lost = unwritten.reduce((sum, { count }) => sum + count, 0);
        if (lost > 0) options.onLost?.(lost, failing);
        await Promise.allSettled([...left, segment].map((each) => each.close()));
      }
    },
  };
}
