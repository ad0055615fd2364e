import { parentPort, workerData } from "node:worker_threads";
import type { Span } from "../genai/span.ts";
import type { Processor } from "../processors/processor.ts";
import type { IntakeCursor } from "./batch.ts";
import { carrier } from "./carrier.ts";
import { stageOf, type Stage } from "./letter.ts";
import { unpack, type Parcel } from "./parcel.ts";
import { userKeys } from "./user_key.ts";

/** What a worker is started with. */
export interface WorkerData {
  /** Key of the pseudonyms of end users. */
  readonly userKey: Uint8Array;
  /** Path of the operator's own prices. */
  readonly priceOverrides?: string | undefined;
}

/** A batch for a worker, which takes one after the other. */
export interface Task {
  readonly parcel: Parcel;
  readonly through: IntakeCursor;
}

/** What has become of the oldest task that is not answered yet; before all others, that it can take tasks; at any time, what an operator should know. */
export type Answer =
  | "ready"
  | { readonly problem: string }
  | { readonly spans: readonly Span[]; readonly record: Uint8Array<ArrayBuffer> }
  | { readonly stage: Stage; readonly reason: string };

/** The life of a worker thread. It ends when it is told to, never by itself. */
export function work(processors: readonly Processor[]): void {
  const port = parentPort;
  if (port === null) throw new Error("this module runs in a worker thread");
  const { userKey } = workerData as WorkerData;
  const straight = carrier(processors, { userKey: userKeys(userKey) });

  async function answer({ parcel, through }: Task): Promise<Exclude<Answer, "ready" | { readonly problem: string }>> {
    try {
      const { spans, record } = await straight.carry(unpack(parcel), through);
      return { spans, record: new Uint8Array(record) }; // memory of its own, since it leaves this thread
    } catch (error) {
      return { stage: stageOf(error), reason: error instanceof Error ? error.message : String(error) };
    }
  }

  port.postMessage("ready" satisfies Answer);
  let last: Promise<void> = Promise.resolve();
  port.on("message", (task: Task) => {
    last = last.then(async () => {
      const answered = await answer(task);
      port.postMessage(answered, "record" in answered ? [answered.record.buffer] : []);
    });
  });
}

/** Tells the thread that started this one. */
export function tellProblem(problem: string): void {
  parentPort?.postMessage({ problem } satisfies Answer);
}
