import pino from "pino";

/** How a process that the supervisor started lives: it ends when told to, or when nobody could tell it any more. */
export interface Life<Message> {
  readonly onMessage: (message: Message) => void;
  /** Called once, by a `stop` message or because the supervisor is gone. */
  readonly stop: () => Promise<void>;
}

export function live<Message extends { readonly type: string }>({ onMessage, stop }: Life<Message>): void {
  process.umask(0o077);
  // Ctrl-C and service managers signal the whole group: the supervisor alone decides in which order its processes end.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  let stopping = false;
  const end = (): void => {
    if (stopping) return;
    stopping = true;
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger().error({ err: error }, "could not stop in order");
        process.exit(1);
      },
    );
  };
  process.on("disconnect", end);
  process.on("message", (message: Message) => {
    if (message.type === "stop") end();
    else onMessage(message);
  });
}

/** To whoever started this process. Lost when that one is gone, and then nobody misses it. */
export function tell(message: object): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

/** Lines that standard error did not take wait for it in memory, up to this. */
const MAX_UNWRITTEN_BYTES = 1024 * 1024;

/**
 * One JSON line per event, on standard error, written before the call returns: a process that dies has said why. A line that cannot be
 * written, because the disk of the log is full, ends nothing: it is tried again with the next one.
 */
export function logger(facts: object = {}): pino.Logger {
  const destination = pino.destination({ fd: 2, sync: true, maxLength: MAX_UNWRITTEN_BYTES });
  destination.on("error", () => {});
  return pino({ base: { pid: process.pid, ...facts } }, destination);
}
