import type { Counters } from "./counters.ts";
import type { Recorder } from "./recorder.ts";
import { NOT_RECORDED, type Ended, type Recording } from "./recording.ts";

/** How an exchange reads whose recording failed on the way: what came until then is kept, and nothing is said of the rest. */
const INCOMPLETE: Ended = { ending: "incomplete", error: "recorder_failed", attempts: [], overheadUs: 0 };

/** A recorder that keeps its promise also when a fault in it throws: no call notices. A record that cannot even be ended is counted. */
export function guarded(recorder: Recorder, counters: Counters, onError: (error: unknown) => void): Recorder {
  function dropped(error: unknown): void {
    counters.drop("recorder_failed");
    onError(error);
  }

  class Guarded implements Recording {
    #inner: Recording;

    constructor(inner: Recording) {
      this.#inner = inner;
    }

    request(bytes: Buffer): void {
      try {
        this.#inner.request(bytes);
      } catch (error) {
        this.#giveUp(error);
      }
    }

    head(...head: Parameters<Recording["head"]>): void {
      try {
        this.#inner.head(...head);
      } catch (error) {
        this.#giveUp(error);
      }
    }

    chunk(bytes: Buffer): void {
      try {
        this.#inner.chunk(bytes);
      } catch (error) {
        this.#giveUp(error);
      }
    }

    end(ended: Ended): Promise<void> {
      const inner = this.#inner;
      this.#inner = NOT_RECORDED;
      try {
        return inner.end(ended).catch(dropped);
      } catch (error) {
        dropped(error);
        return Promise.resolve();
      }
    }

    #giveUp(error: unknown): void {
      onError(error);
      void this.end(INCOMPLETE);
    }
  }

  return {
    get able() {
      return recorder.able;
    },
    open(...exchange) {
      try {
        return new Guarded(recorder.open(...exchange));
      } catch (error) {
        dropped(error);
        return NOT_RECORDED;
      }
    },
    [Symbol.asyncDispose]: async () => recorder[Symbol.asyncDispose](),
  };
}
