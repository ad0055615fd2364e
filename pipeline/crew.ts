import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Recorded } from "../genai/recorded.ts";
import type { MasterKey } from "../journal/seal.ts";
import type { ProcessorOptions } from "../processors/options.ts";
import type { IntakeCursor } from "./batch.ts";
import type { Carried, Carrier } from "./carrier.ts";
import { StageError } from "./letter.ts";
import { ownMemory, pack } from "./parcel.ts";
import type { Answer, Aside, Said, Task, WorkerData } from "./worker.ts";

export interface CrewOptions {
  /** Key of the pseudonyms of end users. */
  readonly userKey: MasterKey;
  /** What every span goes through, in this order; by default nothing, which keeps content of tier `full` alone. */
  readonly processors?: readonly ProcessorOptions[];
  /** By default one or two, so that a processor stays free for others where there are several. */
  readonly workers?: number;
  /** Module that the workers run. */
  readonly entry?: URL;
  /** JavaScript memory of each worker. */
  readonly heapMb?: number;
  /** Seconds a batch may take before its worker counts as hung. Those before it is ready, and in which this process stood still, do not count. */
  readonly patienceSeconds?: number;
  /** A worker was replaced. */
  readonly onLost: (reason: string) => void;
  /** Path of the operator's own prices. */
  readonly priceOverrides?: string | undefined;
  /** Something is wrong that an operator should know; told once, though each worker finds it. */
  readonly onProblem?: (problem: string) => void;
  /** A module of the user printed a line. */
  readonly onPrinted?: (processor: string, line: string) => void;
}

export interface Crew extends Carrier {
  /** Batches that no worker has yet go through these processors; those at work end as they began. Modules are loaded anew. */
  renew(settings: Pick<CrewOptions, "processors" | "priceOverrides">): void;
}

/** One batch at work and one that waits beside it: the worker need not wait for this thread in between. */
const HELD = 2;
/** An exchange whose worker dies is tried once more, for it need not be to blame; one that hangs it, or throws, would do so again. */
const TRIES = 2;
/** Until a worker that could not even start is replaced. */
const HIRE_AGAIN_MS = 1000;

interface Job {
  readonly recorded: readonly Recorded[];
  readonly through: IntakeCursor;
  readonly done: (carried: Carried) => void;
  readonly failed: (error: unknown) => void;
  tries: number;
}

interface Hand {
  readonly worker: Worker;
  ready: boolean;
  /** Oldest first: the first is at work. */
  readonly held: Job[];
  /** Seconds the first has been at work. */
  seconds: number;
  /** It gets no more work: others have taken its place. */
  retired: boolean;
}

/**
 * Carries in worker threads, so that the thread that asks stays free. A batch crosses over as one block of memory; its spans come back as
 * a structured clone, which costs less than JSON. What a worker was holding when it died is given to its successor.
 */
export function crew(options: CrewOptions): Crew {
  const { heapMb = 1024, patienceSeconds = 30, entry = new URL("./carry_worker.ts", import.meta.url) } = options;
  const { workers = Math.max(1, Math.min(2, availableParallelism() - 1)) } = options;
  const { processors = [], priceOverrides } = options;
  let workerData: WorkerData = { userKey: options.userKey.bytes, processors, priceOverrides };
  let lastProblem: string | undefined;
  const waiting: Job[] = [];
  let ended = false;
  let drained: () => void = () => {};
  const hands = new Set<Hand>();
  for (let i = 0; i < workers; i++) hire();

  const watch = setInterval(() => {
    for (const hand of hands) {
      if (hand.ready && hand.held.length > 0 && ++hand.seconds > patienceSeconds)
        lose(hand, `it took longer than ${patienceSeconds} s`, true);
    }
  }, 1000);
  watch.unref();

  function hire(): void {
    if (ended || [...hands].filter(({ retired }) => !retired).length >= workers) return;
    const worker = new Worker(entry, { workerData, resourceLimits: { maxOldGenerationSizeMb: heapMb } });
    const hand: Hand = { worker, ready: false, held: [], seconds: 0, retired: false };
    worker.on("message", (said: Said) => {
      if (typeof said === "object" && ("printed" in said || "problem" in said)) return heard(said);
      hand.seconds = 0;
      if (said === "ready") hand.ready = true;
      else settle(hand, said);
    });
    worker.on("error", (error) => lose(hand, String(error)));
    worker.on("messageerror", (error) => lose(hand, String(error)));
    worker.on("exit", (code) => lose(hand, `it ended with ${code}`));
    worker.unref();
    hands.add(hand);
    assign();
  }

  function heard(said: Aside): void {
    if ("printed" in said) options.onPrinted?.(said.processor, said.printed);
    else if (said.problem !== lastProblem) options.onProblem?.((lastProblem = said.problem));
  }

  function settle(hand: Hand, answer: Answer): void {
    const job = hand.held.shift();
    if (hand.held.length === 0) hand.worker.unref();
    if (hand.retired) dismiss(hand);
    if ("reason" in answer) job?.failed(new StageError(answer.stage, answer.reason));
    else job?.done({ ...answer, record: Buffer.from(answer.record.buffer) });
    assign();
  }

  /** Ends a worker that is not needed any more, unless it is still at work. */
  function dismiss(hand: Hand): void {
    if (hand.held.length > 0) return;
    hands.delete(hand);
    void hand.worker.terminate();
  }

  /** Puts another worker in its place. Of what it held, only the first can be to blame, and not even that when it never started. */
  function lose(hand: Hand, reason: string, hung = false): void {
    if (ended || !hands.delete(hand)) return;
    options.onLost(reason);
    void hand.worker.terminate();
    const [first, ...others] = hand.held.splice(0); // a late answer settles nothing
    waiting.unshift(...others);
    if (first !== undefined) {
      if (hand.ready) first.tries += hung ? TRIES : 1;
      if (first.tries >= TRIES) first.failed(new Error(`the worker was lost: ${reason}`));
      else waiting.unshift(first);
    }
    if (hand.retired) assign();
    else if (hand.ready) hire();
    else setTimeout(hire, HIRE_AGAIN_MS);
  }

  /** Gives work to whoever has least, as long as there is somebody with a place free. */
  function assign(): void {
    while (waiting.length > 0) {
      const [hand] = [...hands].filter(({ retired }) => !retired).sort((one, other) => one.held.length - other.held.length);
      if (hand === undefined || hand.held.length >= HELD) return;
      give(hand, waiting.shift() as Job);
    }
    if ([...hands].every(({ held }) => held.length === 0)) drained();
  }

  function give(hand: Hand, job: Job): void {
    if (hand.held.length === 0) {
      hand.seconds = 0;
      hand.worker.ref(); // an answer is awaited: until it comes, the process has something to live for
    }
    hand.held.push(job);
    const parcel = pack(job.recorded);
    hand.worker.postMessage({ parcel, through: job.through } satisfies Task, ownMemory(parcel));
  }

  return {
    capacity: workers * HELD,
    carry: (recorded, through) =>
      new Promise((done, failed) => {
        waiting.push({ recorded, through, done, failed, tries: 0 });
        assign();
      }),
    renew(settings) {
      workerData = { ...workerData, ...settings };
      const before = [...hands];
      for (const hand of before) hand.retired = true;
      for (const hand of before) dismiss(hand);
      for (let i = 0; i < workers; i++) hire();
    },
    /** Waits for what is at work. */
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => {
        drained = resolve;
        assign();
      });
      ended = true;
      clearInterval(watch);
      await Promise.all([...hands].map(({ worker }) => worker.terminate()));
    },
  };
}
