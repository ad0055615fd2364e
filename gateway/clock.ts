/** Beyond this the wall clock was set, rather than having drifted. */
const TOLERATED_MS = 50;

let originMs = performance.timeOrigin;

/** Microseconds since the epoch, as fine as the monotonic clock and as true as the wall clock. Never used for durations. */
export function nowUs(): number {
  const ms = originMs + performance.now();
  const driftMs = Date.now() - ms;
  if (Math.abs(driftMs) <= TOLERATED_MS) return Math.round(ms * 1000);
  originMs += driftMs;
  return Math.round((ms + driftMs) * 1000);
}
