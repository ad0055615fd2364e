import { constants } from "node:fs";
import { mkdir, open, type FileHandle } from "node:fs/promises";
import { write } from "node:fs";
import { join } from "node:path";
import { frameRecord, KIND, type Kind, type Sequence } from "./record.ts";
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
  readonly sync: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export async function journal(options: AppendOptions): Promise<Journal> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  let next = options.first;
  let pending: Buffer[] = [];
  let pendingFirst = next;
  let pendingBytes = 0;
  let waiting: Waiting[] = [];
  let unsynced = false;
  let segment = await openSegment(next);
  let running: Promise<void> | undefined;
  let rotate = false;
  let broken = false;

  async function openSegment(first: Sequence): Promise<Segment> {
    const sealed = options.master && newSeal(options.master, first);
    const head = encodeHead({ first, createdAt: new Date().toISOString(), ...(sealed && { key: sealed.key }) });
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND | constants.O_NOFOLLOW;
    const file = await open(join(options.folder, segmentName(first)), flags, 0o600);
    await writeAll(file.fd, head);
    await syncFolder(options.folder);
    return { file, ...(sealed && { seal: sealed.seal }), openedAt: performance.now(), size: head.length, records: 0 };
  }

  async function closeSegment(): Promise<void> {
    if (!broken) await segment.file.datasync();
    await segment.file.close().catch((error: unknown) => {
      if (!broken) throw error;
    });
  }

  /** Writes what is pending, group after group, until nobody waits. */
  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const group = pending;
      const first = pendingFirst;
      const count = next - first;
      const served = waiting;
      const bytes = pendingBytes;
      pending = [];
      pendingFirst = next;
      pendingBytes = 0;
      waiting = [];
      try {
        if (rotate || broken || (segment.records > 0 && segment.size + bytes > options.segmentBytes)) {
          rotate = false;
          await closeSegment();
          unsynced = false;
          segment = await openSegment(first);
          broken = false;
        }
        if (group.length > 0) {
          const buffer = Buffer.concat(segment.seal ? frameRecord(first, KIND.sealed, segment.seal.seal(first, group)) : group);
          await writeAll(segment.file.fd, buffer);
          segment.size += buffer.length;
          segment.records += count;
          unsynced = true;
        }
        if (unsynced && served.some(({ sync }) => sync)) {
          unsynced = false;
          await segment.file.datasync();
        }
        for (const { resolve } of served) resolve();
      } catch (error) {
        broken = true; // half a group may stand at its end: nothing more is written behind that
        for (const { reject } of served) reject(error);
      }
    }
  }

  function wait(sync: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      waiting.push({ sync, resolve, reject });
      start();
    });
  }

  /** Starts writing after the current turn of the event loop, so that all that ends in one turn shares a write. */
  function start(): void {
    running ??= new Promise<void>((resolve) => setImmediate(resolve)).then(run).finally(() => {
      running = undefined;
      if (waiting.length > 0) start();
    });
  }

  return {
    append(kind, payload) {
      const sequence = next++;
      for (const bytes of frameRecord(sequence, kind, payload)) {
        pending.push(bytes);
        pendingBytes += bytes.length;
      }
      return sequence;
    },
    written: () => wait(false),
    durable: () => wait(true),
    async rotateIfOld() {
      if (segment.records === 0 || performance.now() - segment.openedAt < (options.maxAgeMs ?? Infinity)) return;
      rotate = true;
      await wait(false);
    },
    get pendingBytes() {
      return pendingBytes;
    },
    get appended() {
      return next - options.first;
    },
    async [Symbol.asyncDispose]() {
      if (pending.length > 0) await wait(true);
      await running;
      await closeSegment();
    },
  };
}

/** One write, or as many as the file takes to swallow it all. */
function writeAll(fd: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const step = (rest: Buffer): void =>
      write(fd, rest, 0, rest.length, null, (error, count) => {
        if (error) reject(error);
        else if (count < rest.length) step(rest.subarray(count));
        else resolve();
      });
    step(bytes);
  });
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
