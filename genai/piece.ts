import type { Chunk, Closed, Header, Opened } from "./recorded.ts";

/**
 * A piece of one exchange as it stands in a journal record. An exchange is one piece when it was short, else a first piece with
 * `opened`, any number in between, and a last one with `closed`.
 *
 * Layout, integers little-endian: `u32 length of head | head, JSON | u32 length of request | request bytes |
 * u32 number of chunks | per chunk f64 atUs, u32 length | response bytes`.
 */
export interface Piece {
  readonly exchangeId: string;
  readonly opened?: Opened;
  /** Head of the reply, in the first piece after it came. */
  readonly replied?: Replied;
  readonly closed?: Closed;
  readonly request: readonly Buffer[];
  readonly response: readonly Chunk[];
}

export interface Replied {
  readonly status: number;
  /** The allow-listed ones. */
  readonly headers: readonly Header[];
}

interface Head {
  readonly id: string;
  readonly opened?: Opened;
  readonly replied?: Replied;
  readonly closed?: Closed;
}

const CHUNK_ENTRY = 12;

/** The bytes of a piece, as buffers to be written one after another; the bodies are not copied. */
export function encodePiece(piece: Piece): Buffer[] {
  const head = JSON.stringify({ id: piece.exchangeId, opened: piece.opened, replied: piece.replied, closed: piece.closed });
  const headLength = Buffer.byteLength(head);
  let requestLength = 0;
  for (const bytes of piece.request) requestLength += bytes.length;

  const frame = Buffer.allocUnsafe(12 + headLength);
  frame.writeUInt32LE(headLength, 0);
  frame.write(head, 4, "utf8");
  frame.writeUInt32LE(requestLength, 4 + headLength);
  const chunkCount = piece.response.length;
  if (requestLength === 0 && chunkCount === 0) {
    frame.writeUInt32LE(0, 8 + headLength);
    return [frame];
  }
  const index = Buffer.allocUnsafe(4 + chunkCount * CHUNK_ENTRY);
  index.writeUInt32LE(chunkCount, 0);
  let at = 4;
  for (const chunk of piece.response) {
    index.writeDoubleLE(chunk.atUs, at);
    index.writeUInt32LE(chunk.bytes.length, at + 8);
    at += CHUNK_ENTRY;
  }
  const buffers = [frame.subarray(0, 8 + headLength), ...piece.request, index];
  for (const chunk of piece.response) buffers.push(chunk.bytes);
  return buffers;
}

/** Reads what `encodePiece` wrote. The buffers of the piece share memory with `payload`. Throws on anything else. */
export function decodePiece(payload: Buffer): Piece {
  const headLength = payload.readUInt32LE(0);
  const head = JSON.parse(payload.toString("utf8", 4, 4 + headLength)) as Head;
  let at = 4 + headLength;
  const requestLength = payload.readUInt32LE(at);
  at += 4;
  const request = requestLength === 0 ? [] : [payload.subarray(at, at + requestLength)];
  at += requestLength;
  const chunkCount = payload.readUInt32LE(at);
  at += 4;
  let bodyAt = at + chunkCount * CHUNK_ENTRY;
  const response: Chunk[] = [];
  for (let i = 0; i < chunkCount; i++) {
    const length = payload.readUInt32LE(at + 8);
    response.push({ atUs: payload.readDoubleLE(at), bytes: payload.subarray(bodyAt, bodyAt + length) });
    at += CHUNK_ENTRY;
    bodyAt += length;
  }
  if (bodyAt > payload.length) throw new RangeError(`piece of ${head.id} names ${bodyAt} bytes, has ${payload.length}`);
  return {
    exchangeId: head.id,
    ...(head.opened && { opened: head.opened }),
    ...(head.replied && { replied: head.replied }),
    ...(head.closed && { closed: head.closed }),
    request,
    response,
  };
}
