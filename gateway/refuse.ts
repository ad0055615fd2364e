import { STATUS_CODES, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { envelope, GatewayError } from "./error.ts";

/** How long a client may go on sending a body that nobody wants, before its connection is closed. */
export const DISCARD_MS = 500;

/** Connections whose last answer is a refusal. */
const ENDING = new WeakSet<Socket>();

/** Whether nothing more will be answered on this connection: what still comes on it must not be acted upon. */
export const isEnding = (socket: Socket): boolean => ENDING.has(socket);

/** Answers with an error of our own, before a reply has begun. */
export function sendError(response: ServerResponse, error: unknown, ids?: { readonly traceId: string; readonly exchangeId: string }): void {
  const status = error instanceof GatewayError ? error.status : 500;
  const body = JSON.stringify(envelope(error));
  response.writeHead(status, STATUS_CODES[status], {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...(ids && { "x-spangate-trace-id": ids.traceId, "x-spangate-exchange-id": ids.exchangeId }),
    ...(status === 503 && { "retry-after": "1" }),
    // What is left of the request's body must not be read as the next request.
    connection: "close",
  });
  const { req: request } = response;
  ENDING.add(request.socket);
  if (request.complete || request.destroyed) {
    response.end(body);
    return;
  }
  // Closing on a client that is still sending would throw away the answer it has not read yet.
  response.write(body);
  const timer = setTimeout(() => response.end(), DISCARD_MS);
  request.once("end", () => {
    clearTimeout(timer);
    response.end();
  });
  request.once("error", () => clearTimeout(timer));
  request.resume();
}
