import { hash } from "node:crypto";
import { join } from "node:path";
import { encodePiece, type Piece } from "../genai/piece.ts";
import type { Closed, Opened } from "../genai/recorded.ts";
import { journal } from "../journal/append.ts";
import { KIND } from "../journal/record.ts";
import type { MasterKey } from "../journal/seal.ts";
import { aRecorded } from "./recorded.ts";

export interface LaneOptions {
  /** `journal/intake`. */
  readonly folder: string;
  readonly name: string;
  readonly segmentBytes?: number;
  readonly master?: MasterKey;
}

/** A lane as a gateway process writes it: one exchange is one record when it is short, else several. */
export interface Lane extends AsyncDisposable {
  readonly name: string;
  begin(exchangeId: string, more?: Partial<Piece>): void;
  part(exchangeId: string, more?: Partial<Piece>): void;
  /** With `opened`, the whole exchange in this one record. */
  end(exchangeId: string, more?: Partial<Piece>): void;
  written(): Promise<void>;
}

/** Each exchange has a span of its own, as they have in earnest. */
export const openedAs = (exchangeId: string, more: Partial<Opened> = {}): Opened => ({
  ...aRecorded().opened,
  exchangeId,
  spanId: hash("sha256", exchangeId).slice(0, 16),
  ...more,
});
export const closedAs = (more: Partial<Closed> = {}): Closed => ({ ...aRecorded().closed, ...more });

export async function lane({ folder, name, segmentBytes = 1024 * 1024, master }: LaneOptions): Promise<Lane> {
  const written = await journal({ folder: join(folder, name), first: 1, segmentBytes, ...(master && { master }) });
  const append = (kind: typeof KIND.begin | typeof KIND.part | typeof KIND.end, piece: Piece): void => {
    written.append(kind, encodePiece(piece));
  };
  return {
    name,
    begin: (exchangeId, more) => append(KIND.begin, { exchangeId, opened: openedAs(exchangeId), request: [], response: [], ...more }),
    part: (exchangeId, more) => append(KIND.part, { exchangeId, request: [], response: [], ...more }),
    end: (exchangeId, more) => append(KIND.end, { exchangeId, closed: closedAs(), request: [], response: [], ...more }),
    written: () => written.written(),
    [Symbol.asyncDispose]: async () => written[Symbol.asyncDispose](),
  };
}
