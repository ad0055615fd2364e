import type { IncomingMessage } from "node:http";
import { tooLarge, type Call } from "./accept.ts";
import { clientPace } from "./client_pace.ts";
import { GatewayError } from "./error.ts";
import { jsonScan, type JsonScan } from "./scan.ts";

/** A body up to this size is read whole before it goes on, so that it can be sent again on another connection. */
const HOLD_BYTES = 1024 * 1024;

export interface BodyOptions {
  readonly maxBodyBytes: number;
  readonly buffers: BufferBudget;
}

/** One JSON value; `application/x-ndjson` has many. */
const JSON_TYPE = /^\s*application\/([\w.-]+\+)?json\s*(;|$)/i;

/** Bytes that all calls of this process hold together. */
export interface BufferBudget {
  /** Throws a `GatewayError` when there is no room for so many more. */
  take(bytes: number): void;
  give(bytes: number): void;
}

export function bufferBudget(limit: number): BufferBudget {
  let used = 0;
  return {
    take(bytes) {
      if (used + bytes > limit) {
        throw new GatewayError(
          "overloaded",
          `this process holds ${used} bytes of bodies already (gateway.max_buffered_bytes ${limit}); try again shortly`,
        );
      }
      used += bytes;
    },
    give: (bytes) => void (used -= bytes),
  };
}

/** The body of a call: whole, or its beginning and the rest as it comes. */
export interface Body {
  readonly beginning: Buffer;
  /** Undefined when `beginning` is all there is. Throws a `GatewayError` when what follows must not go on. */
  readonly rest: AsyncIterable<Buffer> | undefined;
  /** The caller asked in the body for no record. */
  readonly noLog: boolean;
  /** Where the names of its control keys end; undefined for what is no JSON object, or not read to its end. */
  readonly controls?: ReadonlyMap<string, number>;
  /** Counts so many more bytes to this call; false when there is no room for them. */
  readonly hold: (bytes: number) => boolean;
  /** Gives the memory back. */
  release(): void;
}

const EMPTY: Body = { beginning: Buffer.alloc(0), rest: undefined, noLog: false, hold: () => true, release() {} };

/** Reads a body, or the beginning of a large one. JSON is scanned as it comes. Throws a `GatewayError` for what is refused. */
export async function readBody(call: Call, { maxBodyBytes, buffers }: BodyOptions): Promise<Body> {
  if (call.contentLength === 0) return EMPTY;
  const json = call.read.get("content-encoding") === undefined && JSON_TYPE.test(call.read.get("content-type") ?? "");
  const scan = json ? jsonScan() : undefined;
  let taken = 0;
  try {
    const { chunks, bytes, ended } = await hold(call.request, (chunk, sum) => {
      buffers.take(chunk.length);
      taken += chunk.length;
      check(scan, chunk, sum, maxBodyBytes);
    });
    const { noLog = false, controls } = scan?.result() ?? {};
    return {
      beginning: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks),
      rest: ended ? undefined : following(call.request, scan, bytes, maxBodyBytes),
      noLog,
      ...(ended && controls && { controls }),
      hold(bytes) {
        try {
          buffers.take(bytes);
        } catch {
          return false;
        }
        taken += bytes;
        return true;
      },
      release: () => buffers.give(taken),
    };
  } catch (error) {
    buffers.give(taken);
    throw error;
  }
}

/** Reads until the end or `HOLD_BYTES`, whichever comes first. Events, because an async iterator costs several times as much. */
function hold(
  request: IncomingMessage,
  each: (chunk: Buffer, sum: number) => void,
): Promise<{ chunks: Buffer[]; bytes: number; ended: boolean }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const stop = (): void => {
      pace.rest();
      request.off("data", onData).off("end", onEnd).off("error", onError).off("close", onClose);
    };
    const fail = (error: Error): void => {
      stop();
      request.pause();
      reject(error);
    };
    const pace = clientPace(fail);
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      pace.came(chunk.length);
      chunks.push(chunk);
      try {
        each(chunk, bytes);
      } catch (error) {
        return fail(error as Error);
      }
      if (bytes < HOLD_BYTES) return;
      stop();
      request.pause();
      resolve({ chunks, bytes, ended: false });
    };
    const onEnd = (): void => {
      stop();
      resolve({ chunks, bytes, ended: true });
    };
    const onError = (error: Error): void => {
      stop();
      reject(new ClientLeft(error));
    };
    const onClose = (): void => onError(new Error("the connection closed before the body was whole"));
    request.on("data", onData).on("end", onEnd).on("error", onError).on("close", onClose);
    pace.wait();
  });
}

async function* following(
  request: IncomingMessage,
  scan: JsonScan | undefined,
  held: number,
  maxBodyBytes: number,
): AsyncGenerator<Buffer> {
  let sum = held;
  for await (const chunk of paced(request)) {
    sum += chunk.length;
    check(scan, chunk, sum, maxBodyBytes);
    yield chunk;
  }
}

/** What comes, as long as it comes fast enough. Whoever stops reading here may still answer: the connection stays. */
async function* paced(request: IncomingMessage): AsyncGenerator<Buffer> {
  const coming = request.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  let giveUp: (error: GatewayError) => void;
  const pace = clientPace((error) => giveUp(error));
  try {
    for (;;) {
      pace.wait();
      const next = await new Promise<IteratorResult<Buffer>>((resolve, reject) => {
        giveUp = reject;
        coming.next().then(resolve, reject);
      }).finally(() => pace.rest());
      if (next.done) return;
      pace.came(next.value.length);
      yield next.value;
    }
  } finally {
    // Not awaited: behind a read that waits for the client it would wait as long.
    void coming.return?.();
  }
}

function check(scan: JsonScan | undefined, chunk: Buffer, sum: number, maxBodyBytes: number): void {
  if (sum > maxBodyBytes) throw tooLarge(sum, maxBodyBytes);
  if (scan === undefined || scan.push(chunk)) return;
  const problem = scan.result().problem;
  if (problem) throw new GatewayError(problem.code, problem.message);
}

/** The client went away while its request was still coming. */
export class ClientLeft extends Error {
  override readonly name = "ClientLeft";

  constructor(cause: unknown) {
    super("the client left before its request was whole", { cause });
  }
}
