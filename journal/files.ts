import { constants, writev } from "node:fs";
import { mkdir, open, unlink, type FileHandle } from "node:fs/promises";

/** What a journal does with files, apart so that a test can stand a disk in its place that fails, tears and loses power. */
export interface Files {
  /** Makes the folder, and those above it, when they are not there. */
  makeFolder(path: string): Promise<void>;
  /** A new file to append to, readable to its owner alone. Rejects when there is one of this name. */
  create(path: string): Promise<AppendFile>;
  remove(path: string): Promise<void>;
  /** Makes the names in a folder durable. */
  syncFolder(path: string): Promise<void>;
}

export interface AppendFile {
  /** Appends what the buffers hold, in order; resolves with how many bytes were taken, which may be fewer. */
  write(buffers: readonly Buffer[]): Promise<number>;
  /** Makes durable what was written. After it failed, nobody knows what of it the disk has. */
  datasync(): Promise<void>;
  close(): Promise<void>;
}

export const DISK: Files = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  async create(path) {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND | constants.O_NOFOLLOW;
    return appendFile(await open(path, flags, 0o600));
  },
  remove: unlink,
  syncFolder,
};

function appendFile(handle: FileHandle): AppendFile {
  const { fd } = handle;
  return {
    // The handle's own method costs another promise and a check of each argument.
    write: (buffers) =>
      new Promise((resolve, reject) => writev(fd, buffers, null, (error, count) => (error ? reject(error) : resolve(count)))),
    datasync: () => handle.datasync(),
    close: () => handle.close(),
  };
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
