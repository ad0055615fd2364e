import { createHash } from "node:crypto";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setImmediate, setTimeout } from "node:timers/promises";
import type { Reply } from "./ask.ts";
import { encoder, type Encoding } from "./encode.ts";
import type { Random } from "./random.ts";

export interface Manner {
  /** Before each event of a stream, and before a whole reply. */
  readonly delayMs: number;
  readonly encoding: Encoding | undefined;
  /** Cuts the bytes anywhere; without it, each event is one write. */
  readonly cut: Random | undefined;
}

/** What went out, after encoding. */
export interface Sent {
  readonly bytes: number;
  readonly sha256: string;
}

/** Sends a reply; stops in the middle, without an error, when the client leaves. */
export async function send(
  reply: Reply,
  headers: Readonly<Record<string, string>>,
  response: ServerResponse,
  manner: Manner,
): Promise<Sent> {
  const left = new AbortController();
  const leave = (): void => left.abort();
  response.once("close", leave);
  const digest = createHash("sha256");
  let bytes = 0;
  const write = async (chunk: Buffer): Promise<void> => {
    for (const piece of manner.cut ? pieces(chunk, manner.cut) : [chunk]) {
      if (piece.length === 0 || left.signal.aborted) continue;
      digest.update(piece);
      bytes += piece.length;
      if (!response.write(piece)) await once(response, "drain", { signal: left.signal });
      if (manner.cut) await setImmediate();
    }
  };
  const pause = async (): Promise<void> => {
    if (manner.delayMs > 0) await setTimeout(manner.delayMs, undefined, { signal: left.signal });
  };
  const encode = encoder(manner.encoding);
  const encoded = manner.encoding ? { "content-encoding": manner.encoding, vary: "accept-encoding" } : {};
  const head = { ...reply.headers, ...headers, ...encoded };
  try {
    if ("events" in reply) {
      response.writeHead(reply.status, head).flushHeaders();
      for (const event of reply.events) {
        await pause();
        await write(await encode.add(event));
        if (left.signal.aborted) break;
      }
      await write(await encode.end());
    } else {
      await pause();
      const whole = Buffer.concat([await encode.add(reply.body), await encode.end()]);
      response.writeHead(reply.status, { ...head, "content-length": String(whole.length) });
      await write(whole);
    }
    response.end();
  } catch (error) {
    if (!left.signal.aborted) throw error;
  } finally {
    response.off("close", leave);
  }
  return { bytes, sha256: digest.digest("hex") };
}

/** Mostly short pieces, so that cuts fall inside characters and inside the framing of events. */
function* pieces(chunk: Buffer, random: Random): Iterable<Buffer> {
  for (let from = 0; from < chunk.length;) {
    const length = 1 + random.below(random.below(4) === 0 ? 8 : 240);
    yield chunk.subarray(from, from + length);
    from += length;
  }
}
