import { once } from "node:events";
import { request, type ClientRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";

export interface RawRequest {
  readonly url: string;
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly signal?: AbortSignal;
}

/** A reply as it crossed the wire: nothing decoded, only the framing taken off. */
export interface RawReply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  /** False when the connection broke off inside the body. */
  readonly whole: boolean;
}

/** Sends exactly this, on a connection of its own. */
export async function rawRequest(asked: RawRequest): Promise<RawReply> {
  const [response] = await openRequest(asked);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    // Broken off: `complete` tells.
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks), whole: response.complete };
}

/** The same, as soon as the head of the reply is there. */
export async function openRequest({
  url,
  method,
  headers,
  body,
  signal,
}: RawRequest): Promise<[response: IncomingMessage, sent: ClientRequest]> {
  const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
  const sent = request(url, { method, agent: false, headers: { ...headers, ...length }, ...(signal ? { signal } : {}) });
  // Leaving breaks the request, also after its reply began; who waits for the reply hears of it.
  sent.on("error", () => {});
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return [response, sent];
}

/** Writes bytes to a socket and gives all that comes back until the other side closes, or is silent for `silenceMs`. */
export async function rawSocket(url: string, bytes: string, silenceMs = 1500): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", () => socket.destroy());
  socket.setTimeout(silenceMs, () => socket.destroy());
  socket.write(bytes);
  await new Promise((resolve) => socket.once("close", resolve));
  return Buffer.concat(chunks).toString("latin1");
}
