import { statSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { FromChecksum, ToChecksum } from "./checksum_worker.ts";
import type { PublishedFile } from "./manifest.ts";

/**
 * Compares published files with what the manifest says of them: each once since the process began, and again when it was touched since.
 * Three quarters of single flipped bits in a Parquet file are read without an error, and give another answer.
 */
export interface FileChecks extends AsyncDisposable {
  /** Whether it was checked and nobody touched it since. Asks the file system, reads nothing. */
  passed(file: PublishedFile): boolean;
  /** Counts as checked: this process has just written it. */
  trust(file: PublishedFile): void;
  /** What is wrong with it; undefined when it is the file that was published. Rejects when that cannot be told. */
  check(file: PublishedFile): Promise<string | undefined>;
}

export function fileChecks(dataDir: string): FileChecks {
  const stamps = new Map<string, string>();
  const running = new Map<string, Promise<string | undefined>>();
  const waiting = new Map<number, (answer: FromChecksum) => void>();
  let worker: Worker | undefined;
  let next = 0;

  /** In a thread of its own: a gibibyte takes about a second. */
  function sha256(file: string): Promise<FromChecksum> {
    worker ??= startWorker();
    const id = next++;
    return new Promise((resolve) => {
      waiting.set(id, resolve);
      worker?.postMessage({ id, file } satisfies ToChecksum);
    });
  }

  function startWorker(): Worker {
    const started = new Worker(new URL("checksum_worker.ts", import.meta.url), { execArgv: [] });
    started.unref();
    started.on("message", (answer: FromChecksum) => {
      waiting.get(answer.id)?.(answer);
      waiting.delete(answer.id);
    });
    let failure = new Error("the thread that reads files ended");
    started.on("error", (error: Error) => {
      failure = error;
    });
    started.on("exit", () => {
      worker = undefined;
      for (const [id, resolve] of waiting) resolve({ id, error: failure });
      waiting.clear();
    });
    return started;
  }

  async function compare({ path, bytes, sha256: expected }: PublishedFile): Promise<string | undefined> {
    const file = join(dataDir, path);
    const before = stampOf(file);
    if (before === undefined) return "it is missing";
    if (before.size !== bytes) return `it has ${before.size} bytes, not the ${bytes} it was published with`;
    const { sha256: found, error } = await sha256(file);
    if (error?.code === "ENOENT") return "it is missing";
    if (error?.code === "EIO") return "the disk cannot read it (EIO)";
    if (error) throw new Error(`cannot check ${file}: ${error.message}`, { cause: error });
    if (found !== expected) return "its content is not what was published (SHA-256)";
    stamps.set(path, before.stamp);
    return undefined;
  }

  return {
    passed({ path }) {
      const stamp = stamps.get(path);
      return stamp !== undefined && stampOf(join(dataDir, path))?.stamp === stamp;
    },
    trust({ path }) {
      const found = stampOf(join(dataDir, path));
      if (found) stamps.set(path, found.stamp);
    },
    check(file) {
      let check = running.get(file.path);
      if (check === undefined) {
        check = compare(file).finally(() => running.delete(file.path));
        running.set(file.path, check);
      }
      return check;
    },
    async [Symbol.asyncDispose]() {
      await worker?.terminate();
    },
  };
}

/** What changes when somebody writes to a file or puts another in its place. */
function stampOf(file: string): { size: number; stamp: string } | undefined {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  if (found === undefined) return undefined;
  const { ino, size, mtimeNs, ctimeNs } = found;
  return { size: Number(size), stamp: `${ino} ${size} ${mtimeNs} ${ctimeNs}` };
}
