import type { ServerResponse } from "node:http";

/**
 * Resets the connection of a client that takes nothing of what waits for it for so long; 0 lifts the limit. What it does take, however
 * slowly, begins the time anew: Node looks at how much is still to be written.
 */
export function limitStall(response: ServerResponse, limitMs: number): void {
  const { socket } = response;
  if (socket === null || socket.destroyed) return;
  if (limitMs > 0 && response.listenerCount("timeout") === 0) response.on("timeout", () => reset(response));
  socket.setTimeout(limitMs);
}

/** Ends a reply so that no client can take it for whole. */
export function reset(response: ServerResponse): void {
  const { socket } = response;
  if (socket === null || socket.destroyed) response.destroy();
  else if ("resetAndDestroy" in socket) socket.resetAndDestroy();
}
