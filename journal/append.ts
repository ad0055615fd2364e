import { constants, writev } from "node:fs";
import { mkdir, open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { KIND, recordHead, recordLength, writeRecord, type Kind, type Sequence } from "./record.ts";
import { newSeal, type MasterKey, type Seal } from "./seal.ts";
import { encodeHead, segmentName } from "./segment.ts";

export interface AppendOptions {
  readonly folder: string;
  /** Sequence of the first record to be written. */
  readonly first: Sequence;
  /** A segment is closed when the next group would make it larger. Bytes. */
  readonly segmentBytes: number;
  /** A segment with records is closed when it is older. Milliseconds. */
  readonly maxAgeMs?: number;
  /** Encrypts each write group when given. */
  readonly master?: MasterKey;
  /** Told how many records a failed write took along. Who waited for them hears of it too. */
  readonly onLost?: (records: number, error: unknown) => void;
}

/** Writes one journal. The only writer of its folder; it never reopens a segment, and leaves one behind whose write failed. */
export interface Journal extends AsyncDisposable {
  /** Puts a record behind those before it; it is on its way to the file with the next `written` or `durable`. */
  append(kind: Kind, payload: readonly Buffer[]): Sequence;
  /** Resolves once all appended so far is in the file, safe from the end of this process. Rejects when it cannot be written. */
  written(): Promise<void>;
  /** Resolves once all appended so far is on the disk, safe from power loss. Callers that come together share one `fdatasync`. */
  durable(): Promise<void>;
  /** Begins a new segment when the current one has records and is older than `maxAgeMs`. */
  rotateIfOld(): Promise<void>;
  /** Bytes that were appended and not yet written. */
  readonly pendingBytes: number;
  readonly appended: number;
}

interface Segment {
  readonly file: FileHandle;
  readonly seal?: Seal;
  readonly openedAt: number;
  size: number;
  records: number;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const GROUP_BYTES = 64 * 1024;
/** A buffer that one large record needed is not kept for the small ones behind it. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024;

export async function journal(options: AppendOptions): Promise<Journal> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  let next = options.first;
  /** Records that wait to be written, one behind the other, and the memory for those that come while they are. */
  let group = Buffer.allocUnsafe(GROUP_BYTES);
  let spare = Buffer.allocUnsafe(GROUP_BYTES);
  let groupBytes = 0;
  let groupFirst = next;
  let writers: Waiting[] = [];
  let writing: Promise<void> | undefined;
  let rotate = false;
  let broken = false;

  // The disk is waited for beside the writing: a reply that needs its record written must not wait for a record that needs to be durable.
  let syncers: Waiting[] = [];
  let syncing: Promise<void> | undefined;
  let dirty = false;
  let folderDirty = false;
  /** Segments that were left, still to be made durable and closed. */
  let left: FileHandle[] = [];

  let segment = await openSegment(next);
  await syncFolder(options.folder);

  async function openSegment(first: Sequence): Promise<Segment> {
    const sealed = options.master && newSeal(options.master, first);
    const head = encodeHead({ first, createdAt: new Date().toISOString(), ...(sealed && { key: sealed.key }) });
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND | constants.O_NOFOLLOW;
    const file = await open(join(options.folder, segmentName(first)), flags, 0o600);
    try {
      await writeAll(file.fd, [head]);
    } catch (error) {
      await file.close();
      throw error;
    }
    folderDirty = true;
    return { file, ...(sealed && { seal: sealed.seal }), openedAt: performance.now(), size: head.length, records: 0 };
  }

  /** Writes what is pending, group after group, until nobody waits. */
  async function write(): Promise<void> {
    while (writers.length > 0) {
      const served = writers;
      const first = groupFirst;
      const count = next - first;
      const records = group;
      const length = groupBytes;
      writers = [];
      group = spare;
      groupBytes = 0;
      groupFirst = next;
      try {
        const full = segment.records > 0 && segment.size + length > options.segmentBytes;
        if (rotate || (length > 0 && (broken || full))) {
          rotate = false;
          const before = segment.file;
          segment = await openSegment(first);
          broken = false;
          left.push(before);
          sync();
        }
        if (length > 0) {
          segment.size += await writeGroup(segment, first, records.subarray(0, length));
          segment.records += count;
          dirty = true;
        }
        for (const { resolve } of served) resolve();
      } catch (error) {
        broken = true; // half a group may stand at its end: nothing more is written behind that
        if (count > 0) options.onLost?.(count, error);
        for (const { reject } of served) reject(error);
      }
      spare = records.length > MAX_KEPT_BYTES ? Buffer.allocUnsafe(GROUP_BYTES) : records;
    }
  }

  /** Starts writing after the current turn of the event loop, so that all that ends in one turn shares a write. */
  function startWriting(): void {
    writing ??= new Promise<void>((resolve) => setImmediate(resolve)).then(write).finally(() => {
      writing = undefined;
      if (writers.length > 0) startWriting();
    });
  }

  function written(): Promise<void> {
    return new Promise((resolve, reject) => {
      writers.push({ resolve, reject });
      startWriting();
    });
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
    const leaving = left;
    syncers = [];
    left = [];
    try {
      if (dirty) {
        dirty = false;
        await segment.file.datasync();
      }
      for (const file of leaving) await file.datasync();
      if (folderDirty) {
        folderDirty = false;
        await syncFolder(options.folder);
      }
      for (const { resolve } of served) resolve();
    } catch (error) {
      broken = true;
      for (const { reject } of served) reject(error);
    } finally {
      await Promise.allSettled(leaving.map((file) => file.close()));
    }
  }

  async function durable(): Promise<void> {
    await written();
    await new Promise<void>((resolve, reject) => {
      syncers.push({ resolve, reject });
      sync();
    });
  }

  return {
    append(kind, payload) {
      const needed = groupBytes + recordLength(payload);
      if (needed > group.length) {
        const larger = Buffer.allocUnsafe(Math.max(needed, group.length * 2));
        larger.set(group.subarray(0, groupBytes));
        group = larger;
      }
      groupBytes = writeRecord(group, groupBytes, next, kind, payload);
      return next++;
    },
    written,
    durable,
    async rotateIfOld() {
      if (segment.records === 0 || performance.now() - segment.openedAt < (options.maxAgeMs ?? Infinity)) return;
      rotate = true;
      await written();
    },
    get pendingBytes() {
      return groupBytes;
    },
    get appended() {
      return next - options.first;
    },
    async [Symbol.asyncDispose]() {
      try {
        await durable();
      } finally {
        await syncing;
        for (const file of [...left, segment.file]) await file.close();
      }
    },
  };
}

/** The group as it is, or sealed as one record; returns the bytes that were written. */
async function writeGroup({ file, seal }: Segment, first: Sequence, group: Buffer): Promise<number> {
  if (seal === undefined) return writeAll(file.fd, [group]);
  const sealed = seal.seal(first, group);
  return writeAll(file.fd, [recordHead(first, KIND.sealed, sealed), ...sealed]);
}

/** One write, or as many as the file takes to swallow it all. */
function writeAll(fd: number, buffers: readonly Buffer[]): Promise<number> {
  return new Promise((resolve, reject) => {
    let total = 0;
    const step = (rest: readonly Buffer[]): void =>
      writev(fd, rest, null, (error, count) => {
        if (error) return reject(error);
        total += count;
        const behind = withoutFirst(rest, count);
        if (behind.length === 0) resolve(total);
        else step(behind);
      });
    step(buffers);
  });
}

function withoutFirst(buffers: readonly Buffer[], count: number): Buffer[] {
  const rest: Buffer[] = [];
  for (const bytes of buffers) {
    if (count < bytes.length) rest.push(bytes.subarray(count));
    count = Math.max(0, count - bytes.length);
  }
  return rest;
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
