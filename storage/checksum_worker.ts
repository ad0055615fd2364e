import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";

export interface ToChecksum {
  readonly id: number;
  readonly file: string;
}

export interface FromChecksum {
  readonly id: number;
  readonly sha256?: string;
  /** Why it could not be read. */
  readonly error?: NodeJS.ErrnoException;
}

const chunk = Buffer.allocUnsafe(1024 * 1024);

parentPort?.on("message", ({ id, file }: ToChecksum) => {
  try {
    parentPort?.postMessage({ id, sha256: sha256(file) } satisfies FromChecksum);
  } catch (error) {
    parentPort?.postMessage({ id, error: error as NodeJS.ErrnoException } satisfies FromChecksum);
  }
});

function sha256(file: string): string {
  const sum = createHash("sha256");
  const fd = openSync(file, "r");
  try {
    for (;;) {
      const length = readSync(fd, chunk, 0, chunk.length, null);
      if (length === 0) return sum.digest("hex");
      sum.update(chunk.subarray(0, length));
    }
  } finally {
    closeSync(fd);
  }
}
