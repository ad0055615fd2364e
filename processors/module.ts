import { resolve } from "node:path";
import { z } from "zod";
import type { Resolved } from "../config/secret.ts";
import { moduleThread, type ModuleThread } from "./module_thread.ts";
import type { Processor } from "./processor.ts";
import type { ProcessorTools } from "./tools.ts";

export const moduleOptions = z.strictObject({
  use: z.literal("module").meta({ description: "A processor of your own: a file that exports a function which makes one." }),
  path: z
    .string()
    .regex(/\.m?[jt]s$/, "not a JavaScript or TypeScript file: its name ends with .js, .mjs, .ts or .mts")
    .meta({ description: "The file; relative to where Spangate starts." }),
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,62}$/, "not a name: a to z, 0 to 9 and _ only, up to 63, a letter first")
    .default("module")
    .meta({ description: "How counts and the log call it." }),
  options: z.record(z.string(), z.unknown()).default({}).meta({ description: "What its function is called with." }),
  time_limit_ms: z
    .int()
    .min(10)
    .max(20_000)
    .default(5000)
    .meta({ description: "Longest time that it may take for a batch; those of all modules together are at most 20000." }),
  memory_mb: z
    .int()
    .min(16)
    .max(4096)
    .default(512)
    .meta({ description: "Most memory that it may take, in MiB, with buffers and what is not collected yet." }),
});
export type ModuleOptions = Resolved<z.output<typeof moduleOptions>>;

/** After so many losses one after the other there is a pause before the next try, which doubles up to a minute. */
const LOSSES_WITHOUT_PAUSE = 3;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * A processor of the user, in a thread of its own: one that takes too long, too much memory or ends is replaced. What it can see is what it
 * is given; its environment is empty. It guards against mistakes, not against malice: the file runs as Spangate does.
 */
export function module(options: ModuleOptions, { onPrinted }: Pick<ProcessorTools, "onPrinted">): Processor {
  const { name, time_limit_ms: limitMs } = options;
  let thread: ModuleThread | undefined = start();
  let losses = 0;
  let pausedUntil = 0;
  let last: Promise<unknown> = Promise.resolve();

  function start(): ModuleThread {
    const opened = moduleThread({
      path: resolve(options.path),
      options: options.options,
      memoryMb: options.memory_mb,
      onPrinted: (line) => onPrinted(name, line),
    });
    void opened.lost.then(() => {
      if (thread === opened) thread = undefined;
    });
    return opened;
  }

  async function processed(spans: Parameters<Processor["process"]>[0]): ReturnType<ModuleThread["process"]> {
    if (performance.now() < pausedUntil) throw new Error("it is left alone for a while, as it failed again and again");
    const asked = (thread ??= start());
    const returned = await asked.process(spans, limitMs).catch((error: unknown) => {
      if (thread !== asked && ++losses >= LOSSES_WITHOUT_PAUSE) {
        pausedUntil = performance.now() + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (losses - LOSSES_WITHOUT_PAUSE));
      }
      throw error;
    });
    losses = 0;
    return returned;
  }

  return {
    name,
    process(spans) {
      if (spans.length === 0) return spans;
      const next = last.then(() => processed(spans));
      last = next.catch(() => {});
      return next;
    },
    async [Symbol.asyncDispose]() {
      await thread?.[Symbol.asyncDispose]();
    },
  };
}

/** Rejects with the reason when the module cannot be loaded, or makes no processor of its options. */
export async function tryModule({ path, options, memory_mb: memoryMb, time_limit_ms: limitMs }: ModuleOptions): Promise<void> {
  await using thread = moduleThread({ path: resolve(path), options, memoryMb, onPrinted: () => {} });
  await thread.loaded(limitMs);
}
