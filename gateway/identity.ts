import * as crypto from "node:crypto";

const POOL = Buffer.allocUnsafe(4096);
let used = POOL.length;

/** Random hex digits, from a pool: asking the system for each id costs ten times as much. `bytes` is at most 16. */
function randomHex(bytes: number): string {
  if (used + bytes > POOL.length) {
    crypto.randomFillSync(POOL);
    used = 0;
  }
  const hex = POOL.toString("hex", used, used + bytes);
  used += bytes;
  return hex;
}

/** All zeros would read as "none". */
function nonZero(make: () => string): string {
  for (;;) {
    const id = make();
    if (!/^0+$/.test(id)) return id;
  }
}

export const newTraceId = (): string => nonZero(() => randomHex(16));
export const newSpanId = (): string => nonZero(() => randomHex(8));

/** A UUID of version 7: ids sort by the time they were made. */
export const newExchangeId: () => string =
  "randomUUIDv7" in crypto
    ? () => crypto.randomUUIDv7()
    : () => {
        const time = Date.now().toString(16).padStart(12, "0");
        const random = randomHex(10);
        const variant = ((Number.parseInt(random.charAt(3), 16) & 0x3) | 0x8).toString(16);
        return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`;
      };
