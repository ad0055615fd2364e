import { parentPort, workerData } from "node:worker_threads";
import type { ProcessorOptions } from "../processors/options.ts";
import type { Processor } from "../processors/processor.ts";
import type { ProcessorTools } from "../processors/tools.ts";
import type { IntakeCursor } from "./batch.ts";
import { carrier } from "./carrier.ts";
import { stageOf, type Stage } from "./letter.ts";
import { unpack, type Parcel } from "./parcel.ts";
import type { Processed } from "./process.ts";
import { userKeys } from "./user_key.ts";

/** What a worker is started with. */
export interface WorkerData {
  /** Key of the pseudonyms of end users. */
  readonly userKey: Uint8Array;
  /** In their order. */
  readonly processors: readonly ProcessorOptions[];
  /** Path of the operator's own prices. */
  readonly priceOverrides?: string | undefined;
}

/** A batch for a worker, which takes one after the other. */
export interface Task {
  readonly parcel: Parcel;
  readonly through: IntakeCursor;
}

/** What has become of the oldest task that is not answered yet. */
export type Answer = (Processed & { readonly record: Uint8Array<ArrayBuffer> }) | { readonly stage: Stage; readonly reason: string };

/** What a worker says: before all else that it can take tasks, then its answers, and at any time what somebody should know. */
export type Said = "ready" | Answer | Aside;
/** Something that an operator should know, or a line that a module of the user printed. */
export type Aside = { readonly problem: string } | { readonly printed: string; readonly processor: string };

/** The life of a worker thread. It ends when it is told to, never by itself. */
export function work(processors: (options: readonly ProcessorOptions[], tools: ProcessorTools) => readonly Processor[]): void {
  const port = parentPort;
  if (port === null) throw new Error("this module runs in a worker thread");
  const { userKey, processors: options, priceOverrides } = workerData as WorkerData;
  const tell = (aside: Aside): void => port.postMessage(aside);
  const steps = processors(options, {
    key: userKey,
    priceOverrides,
    onProblem: (problem) => tell({ problem }),
    onPrinted: (processor, printed) => tell({ printed, processor }),
  });
  const straight = carrier(steps, { userKey: userKeys(userKey) });

  async function answer({ parcel, through }: Task): Promise<Answer> {
    try {
      const { record, ...processed } = await straight.carry(unpack(parcel), through);
      return { ...processed, record: new Uint8Array(record) }; // memory of its own, since it leaves this thread
    } catch (error) {
      return { stage: stageOf(error), reason: error instanceof Error ? error.message : String(error) };
    }
  }

  port.postMessage("ready" satisfies Said);
  let last: Promise<void> = Promise.resolve();
  port.on("message", (task: Task) => {
    last = last.then(async () => {
      const answered = await answer(task);
      port.postMessage(answered, "record" in answered ? [answered.record.buffer] : []);
    });
  });
}
