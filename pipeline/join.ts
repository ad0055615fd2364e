import { decodePiece } from "../genai/piece.ts";
import type { Piece, Replied } from "../genai/piece.ts";
import type { Chunk, Closed, Opened, Recorded } from "../genai/recorded.ts";
import { KIND, type JournalRecord, type Sequence } from "../journal/record.ts";

/** An exchange whose end has not come. */
interface Unfinished {
  readonly opened: Opened;
  /** Segment its first piece came from: this and all later ones are still needed. */
  readonly segment: Sequence;
  replied?: Replied;
  readonly request: Buffer[];
  readonly response: Chunk[];
}

/** Pieces of an exchange whose first one was damaged or is gone: nothing can be said of it. */
export interface Headless {
  readonly exchangeId: string;
  readonly pieces: readonly Buffer[];
  /** Of its last piece. */
  readonly sequence: Sequence;
}

/** Puts the pieces of one lane's exchanges together again. */
export interface Joiner {
  /** The exchange that this record finishes, if it does. Throws when its payload is not a piece. */
  add(record: JournalRecord, segment: Sequence): Recorded | Headless | undefined;
  /** What never ended, as it had arrived when its recorder was lost. */
  abandon(): { readonly recorded: readonly Recorded[]; readonly headless: readonly Headless[] };
  /** Oldest segment that an open exchange needs; undefined when none is open. */
  oldestNeeded(): Sequence | undefined;
}

export function joiner(): Joiner {
  const unfinished = new Map<string, Unfinished>();
  const headless = new Map<string, { readonly pieces: Buffer[]; readonly segment: Sequence; sequence: Sequence }>();

  function addHeadless(exchangeId: string, { payload, sequence }: JournalRecord, segment: Sequence, over: boolean): Headless | undefined {
    const known = headless.get(exchangeId) ?? { pieces: [], segment, sequence };
    known.pieces.push(over ? payload : Buffer.from(payload));
    known.sequence = sequence;
    if (!over) {
      headless.set(exchangeId, known);
      return undefined;
    }
    headless.delete(exchangeId);
    return { exchangeId, pieces: known.pieces, sequence };
  }

  return {
    add(record, segment) {
      if (record.kind !== KIND.begin && record.kind !== KIND.part && record.kind !== KIND.end) return undefined;
      const piece = decodePiece(record.payload);
      const { exchangeId, opened, closed } = piece;
      const known = unfinished.get(exchangeId) ?? (opened && { opened, segment, request: [], response: [] });
      if (known === undefined) return addHeadless(exchangeId, record, segment, closed !== undefined);
      if (closed === undefined) {
        take(known, ownBytes(piece));
        unfinished.set(exchangeId, known);
        return undefined;
      }
      take(known, piece);
      unfinished.delete(exchangeId);
      return finish(known, closed);
    },
    abandon() {
      const recorded = [...unfinished.values()].map((each) => finish(each, lostClosing(each)));
      const rest = [...headless].map(([exchangeId, { pieces, sequence }]) => ({ exchangeId, pieces, sequence }));
      unfinished.clear();
      headless.clear();
      return { recorded, headless: rest };
    },
    oldestNeeded() {
      let oldest: Sequence | undefined;
      for (const each of [unfinished, headless])
        for (const { segment } of each.values()) if (oldest === undefined || segment < oldest) oldest = segment;
      return oldest;
    },
  };
}

function take(known: Unfinished, { replied, request, response }: Piece): void {
  if (replied) known.replied = replied;
  known.request.push(...request);
  known.response.push(...response);
}

/** Bytes of an exchange that stays open for long must not keep all in memory that was read along with them. */
function ownBytes(piece: Piece): Piece {
  const response = piece.response.map(({ atUs, bytes }) => ({ atUs, bytes: Buffer.from(bytes) }));
  return { ...piece, request: piece.request.map((bytes) => Buffer.from(bytes)), response };
}

function finish({ opened, request, response }: Unfinished, closed: Closed): Recorded {
  return { opened, closed, request: request.length === 1 ? (request[0] as Buffer) : Buffer.concat(request), response };
}

/** How an exchange ended that nobody saw end. */
function lostClosing({ replied, request, response }: Unfinished): Closed {
  const firstByteUs = response[0]?.atUs;
  return {
    ending: "incomplete",
    error: "recorder_lost",
    endedUs: response.at(-1)?.atUs ?? 0,
    ...(replied && { status: replied.status }),
    headers: replied?.headers ?? [],
    ...(firstByteUs !== undefined && { firstByteUs }),
    requestBytes: request.reduce((sum, { length }) => sum + length, 0),
    responseBytes: response.reduce((sum, { bytes }) => sum + bytes.length, 0),
    attempts: [],
    overheadUs: 0,
  };
}
