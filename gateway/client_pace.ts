import { GatewayError } from "./error.ts";

/** The least a client must send of its body; one that sends less only holds a place. */
const LEAST_BYTES_PER_SECOND = 1024;
/** Time spent waiting for the client that is judged together; the first is also how long it may take to begin. */
const WINDOW_MS = 10_000;

/** How fast a body comes. Only the time between `wait` and `rest` counts: a gateway that waits for a slow upstream takes nothing. */
export interface ClientPace {
  wait(): void;
  came(bytes: number): void;
  rest(): void;
}

/** `onTooSlow` is called at most once between `wait` and `rest`. */
export function clientPace(onTooSlow: (error: GatewayError) => void): ClientPace {
  let bytes = 0;
  let waitedMs = 0;
  let sinceMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let judging: NodeJS.Immediate | undefined;

  function wait(): void {
    sinceMs = performance.now();
    timer = setTimeout(soon, Math.max(0, WINDOW_MS - waitedMs));
  }

  /** What came while this process was busy with other things is read first. */
  function soon(): void {
    judging = setImmediate(judge);
  }

  function judge(): void {
    if (bytes < (LEAST_BYTES_PER_SECOND * WINDOW_MS) / 1000) {
      onTooSlow(
        new GatewayError(
          "request_timeout",
          `${bytes} bytes of the body came in ${WINDOW_MS / 1000} s, fewer than ${LEAST_BYTES_PER_SECOND} a second; send the body without pauses`,
        ),
      );
      return;
    }
    bytes = 0;
    waitedMs = 0;
    wait();
  }

  return {
    wait,
    came: (count) => void (bytes += count),
    rest() {
      clearTimeout(timer);
      clearImmediate(judging);
      waitedMs += performance.now() - sinceMs;
    },
  };
}
