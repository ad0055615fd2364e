import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

/** The connection that a request was written to. */
export interface Written {
  readonly socket: Socket;
  /** Whether it had served a request before. */
  readonly reused: boolean;
  /** Bytes it had brought until then. */
  readonly bytesRead: number;
}

/** Who wants to know where its request goes. */
interface Writer {
  written: Written | undefined;
}

const SERVED = new WeakSet<object>();
let writing: Writer | undefined;
let watching = false;

/**
 * To be called from `onRequestStart`: sets `writer.written` in the same turn. What undici publishes just before it writes is the one way
 * to learn which connection a request took, and whether it served others before.
 */
export function noteConnection(writer: Writer): void {
  writing = writer;
}

/** Begins to watch, once for the process. */
export function watchConnections(): void {
  if (watching) return;
  watching = true;
  subscribe("undici:client:sendHeaders", (message) => {
    const { socket } = message as { socket: Socket };
    if (writing) writing.written = { socket, reused: SERVED.has(socket), bytesRead: socket.bytesRead };
    writing = undefined;
    SERVED.add(socket);
  });
}
