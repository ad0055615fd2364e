import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { Span } from "../genai/span.ts";
import { printer } from "./printer.ts";
import { thrown } from "./thrown.ts";

export interface ModuleThreadOptions {
  /** Absolute. */
  readonly path: string;
  readonly options: { readonly [key: string]: unknown };
  readonly memoryMb: number;
  readonly onPrinted: (line: string) => void;
}

/** A module of the user at work, until it fails. */
export interface ModuleThread extends AsyncDisposable {
  /** Rejects with the reason when it cannot be loaded, or takes too long. */
  loaded(limitMs: number): Promise<void>;
  /** Rejects when it throws, and when it is lost: too slow, too large, ended. One batch at a time. */
  process(spans: readonly Span[], limitMs: number): Promise<readonly Span[]>;
  /** Resolves when it is of no use any more. */
  readonly lost: Promise<void>;
}

/** What the thread is started with, */
export interface ModuleData {
  readonly url: string;
  readonly options: { readonly [key: string]: unknown };
}
/** is asked, */
export type ModuleTask = readonly Span[];
/** and says: `loaded` or why not, then what became of each batch. Spans come back as places in the batch and what has changed. */
export type ModuleSaid =
  | { readonly loaded: true }
  | { readonly unusable: string }
  | { readonly returned: readonly Returned[] }
  | { readonly error: string };
export interface Returned {
  readonly at: number;
  readonly changes?: Changes;
}
/** Everything of a span that a module may change. */
export type Changes = Pick<Span, "name" | "status" | "capture" | "attributes"> & { readonly outcome: Span["outcome"] };

const MEMORY_EVERY_MS = 100;
/** For one allocation, such as that of a Map that grows: when the engine finds no room for it, it ends the process, not the thread. */
const ROOM_MB = 2048;

export function moduleThread({ path, options, memoryMb, onPrinted }: ModuleThreadOptions): ModuleThread {
  const worker = new Worker(new URL("./module_worker.ts", import.meta.url), {
    workerData: { url: pathToFileURL(path).href, options } satisfies ModuleData,
    env: {},
    argv: [],
    execArgv: [],
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb + ROOM_MB },
  });
  for (const stream of [worker.stdout, worker.stderr]) stream.setEncoding("utf8").on("data", printer(onPrinted));
  worker.unref();

  const loading = Promise.withResolvers<void>();
  const losing = Promise.withResolvers<never>();
  const lost = losing.promise.catch(() => {});
  loading.promise.catch(() => {}); // who asks hears of it
  let answered: PromiseWithResolvers<readonly Returned[]> | undefined;

  function lose(reason: string): void {
    losing.reject(new Error(reason));
    void worker.terminate();
  }

  worker.on("message", (said: unknown) => {
    if (!isSaid(said)) lose("it posted a message of its own to the thread above it");
    else if ("loaded" in said) loading.resolve();
    else if ("unusable" in said) lose(`it cannot be loaded: ${said.unusable}`);
    else if ("error" in said) answered?.reject(new Error(said.error));
    else answered?.resolve(said.returned);
  });
  worker.on("messageerror", () => lose("what it returned cannot be read"));
  worker.on("error", (error: NodeJS.ErrnoException) =>
    lose(error.code === "ERR_WORKER_OUT_OF_MEMORY" ? `it took more than ${memoryMb} MiB` : `it threw ${thrown(error)}`),
  );
  worker.on("exit", (code) => lose(`it ended itself with ${code}`));

  /** The engine's own limit comes too late, and buffers lie outside of the heap. */
  async function look(): Promise<void> {
    const heap = await worker.getHeapStatistics().catch(() => undefined);
    if (heap !== undefined && heap.used_heap_size + heap.external_memory > memoryMb * 2 ** 20) lose(`it took more than ${memoryMb} MiB`);
  }

  /** Waits for something of the thread within the limit; meanwhile the process lives for it, and its memory is watched. */
  async function within<Value>(limitMs: number, work: () => Promise<Value>): Promise<Value> {
    worker.ref();
    const late = setTimeout(() => lose(`it took longer than ${limitMs} ms`), limitMs);
    let looking: Promise<void> | undefined;
    const watch = setInterval(() => void (looking ??= look().finally(() => (looking = undefined))), MEMORY_EVERY_MS);
    try {
      return await Promise.race([work(), losing.promise]);
    } finally {
      clearTimeout(late);
      clearInterval(watch);
      worker.unref();
    }
  }

  return {
    lost,
    loaded: (limitMs) => within(limitMs, () => loading.promise),
    process: (spans, limitMs) =>
      within(limitMs, async () => {
        await loading.promise;
        answered = Promise.withResolvers();
        worker.postMessage(spans satisfies ModuleTask);
        return (await answered.promise).map(({ at, changes }) => changed(spans[at], changes));
      }),
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}

/** Modules have the same port. */
function isSaid(said: unknown): said is ModuleSaid {
  return typeof said === "object" && said !== null && ["loaded", "unusable", "error", "returned"].some((each) => each in said);
}

function changed(span: Span | undefined, changes: Changes | undefined): Span {
  if (span === undefined) throw new Error("it returned a span that it was not given");
  if (changes === undefined) return span;
  const { outcome, ...others } = changes;
  const { outcome: _, ...rest } = span;
  return { ...rest, ...others, ...(outcome !== undefined && { outcome }) };
}
