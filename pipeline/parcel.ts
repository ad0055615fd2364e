import type { Closed, Opened, Recorded } from "../genai/recorded.ts";

/** Recorded exchanges on their way to another thread: their bodies change hands as one block of memory, the rest is cloned. */
export interface Parcel {
  readonly exchanges: readonly Packed[];
  /** Of all chunks of all exchanges, in order. */
  readonly times: Float64Array<ArrayBuffer>;
  readonly lengths: Uint32Array<ArrayBuffer>;
  /** Per exchange its request, then its chunks. */
  readonly bodies: Uint8Array<ArrayBuffer>;
}

interface Packed {
  readonly opened: Opened;
  readonly closed: Closed;
  readonly requestLength: number;
  readonly chunks: number;
}

/** The memory of a parcel that need not be copied. */
export const ownMemory = ({ times, lengths, bodies }: Parcel): ArrayBuffer[] => [times.buffer, lengths.buffer, bodies.buffer];

/** Copies the bodies: what they were read into stays where it is. */
export function pack(recorded: readonly Recorded[]): Parcel {
  const chunks = recorded.reduce((sum, { response }) => sum + response.length, 0);
  const times = new Float64Array(chunks);
  const lengths = new Uint32Array(chunks);
  const bodies = new Uint8Array(recorded.reduce((sum, each) => sum + bodyBytes(each), 0));
  let chunk = 0;
  let at = 0;
  const exchanges = recorded.map(({ opened, closed, request, response }): Packed => {
    bodies.set(request, at);
    at += request.length;
    for (const { atUs, bytes } of response) {
      times[chunk] = atUs;
      lengths[chunk++] = bytes.length;
      bodies.set(bytes, at);
      at += bytes.length;
    }
    return { opened, closed, requestLength: request.length, chunks: response.length };
  });
  return { exchanges, times, lengths, bodies };
}

/** The exchanges of a parcel; their bytes stay in it. */
export function unpack({ exchanges, times, lengths, bodies }: Parcel): readonly Recorded[] {
  const bytes = Buffer.from(bodies.buffer);
  let chunk = 0;
  let at = 0;
  return exchanges.map(({ opened, closed, requestLength, chunks }) => {
    const request = bytes.subarray(at, (at += requestLength));
    const response = Array.from({ length: chunks }, () => {
      const atUs = times[chunk] ?? 0;
      return { atUs, bytes: bytes.subarray(at, (at += lengths[chunk++] ?? 0)) };
    });
    return { opened, closed, request, response };
  });
}

/** Of both bodies. */
export function bodyBytes({ request, response }: Recorded): number {
  let sum = request.length;
  for (const { bytes } of response) sum += bytes.length;
  return sum;
}
