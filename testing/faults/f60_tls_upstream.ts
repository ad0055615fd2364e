import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { createServer as createSecureServer, type TlsOptions } from "node:tls";
import { Secret } from "../../config/secret.ts";
import { startDataPlane } from "../data_plane.ts";
import { listen } from "../listen.ts";
import { rawRequest } from "../raw.ts";
import type { Fault } from "./fault.ts";

const KEY = "sk-of-the-caller-f60";
const OWN_KEY = "sk-of-the-upstream-f60";
const TOKEN = "token-of-the-client-f60";
const file = (name: string): string => new URL(`../tls/${name}`, import.meta.url).pathname;
const server = { key: readFileSync(file("server.key")), cert: readFileSync(file("server.pem")) };
const expired = { key: readFileSync(file("expired.key")), cert: readFileSync(file("expired.pem")) };

interface Case {
  readonly title: string;
  readonly host: "localhost" | "127.0.0.1";
  /** Undefined: it speaks no TLS. */
  readonly tls?: TlsOptions;
  /** What the gateway is told to trust, beside what the world trusts. */
  readonly authority?: string;
  /** What becomes of a request that the upstream did get. */
  readonly answers?: (socket: Socket, closeBelow: () => void) => void;
  /** Bytes of a reply reach the client before it breaks off. */
  readonly cut?: true;
}

const half = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n6\r\ndata: \r\n";

const CASES: readonly Case[] = [
  { title: "expired", host: "localhost", tls: expired, authority: "expired.pem" },
  { title: "for another host", host: "127.0.0.1", tls: server, authority: "ca.pem" },
  { title: "signed by itself", host: "localhost", tls: expired },
  { title: "of an authority nobody knows", host: "localhost", tls: server },
  { title: "of another authority", host: "localhost", tls: server, authority: "other_ca.pem" },
  {
    title: "offering TLS 1.1 at most",
    host: "localhost",
    tls: { ...server, minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL@SECLEVEL=0" },
    authority: "ca.pem",
  },
  { title: "speaking no TLS", host: "localhost" },
  {
    title: "closing without notice before its reply",
    host: "localhost",
    tls: server,
    authority: "ca.pem",
    answers: (_socket, closeBelow) => closeBelow(),
  },
  {
    title: "closing without notice within its reply",
    host: "localhost",
    tls: server,
    authority: "ca.pem",
    answers: (socket, closeBelow) => void socket.write(half, () => setTimeout(closeBelow, 50)),
    cut: true,
  },
];

export const tlsUpstream: Fault = {
  id: "F60",
  title: "an upstream's TLS cannot be trusted, or breaks off",
  holds:
    "502 or a broken reply; an upstream that is not the one that was meant sees no key and no request, and nothing is sent in the clear",
  fast: 2 * CASES.length,
  long: 20 * CASES.length,
  async run(round) {
    for (let index = 0; index < round.count; index++) {
      const each = CASES[index % CASES.length] as Case;
      await untrusted(each, Math.floor(index / CASES.length) % 2 === 0, round.injected);
    }
    round.measured("ways", Math.min(CASES.length, round.count));
  },
};

async function untrusted({ title, host, tls, authority, answers, cut }: Case, ownKey: boolean, injected: () => void): Promise<void> {
  /** In the clear, as it crossed the wire. */
  let wire = Buffer.alloc(0);
  /** What was decrypted. */
  let read = "";
  let connections = 0;
  let closeBelow = (): void => {};
  await using secure = await listen(
    createSecureServer(tls ?? server, (socket) => {
      socket
        .on("error", () => {})
        .on("data", (bytes) => {
          read += String(bytes);
          answers?.(socket, closeBelow);
        });
    }),
  );
  // Before the TLS server stands one that sees what it gets, and can close the connection below TLS: no end is announced then.
  await using up = await listen(
    createServer((socket) => {
      connections++;
      socket.on("data", (bytes: Buffer) => (wire = Buffer.concat([wire, bytes])));
      if (tls === undefined) {
        socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"));
        return;
      }
      const behind = connect(secure.port, "127.0.0.1").on("error", () => {});
      socket.pipe(behind).pipe(socket);
      closeBelow = () => {
        behind.unpipe(socket);
        socket.end();
      };
    }),
  );
  await using plane = await startDataPlane({
    upstreams: {
      up: {
        base_url: `https://${host}:${up.port}/v1`,
        ...(authority !== undefined && { ca_file: file(authority) }),
        ...(ownKey && { credential: new Secret(OWN_KEY) }),
      },
    },
    clients: [{ name: "app", token: TOKEN }],
  });
  const reply = await rawRequest({
    url: `${plane.url}/v1/chat/completions`,
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${KEY}`, "x-spangate-key": TOKEN },
    body: JSON.stringify({ model: "any", messages: [{ role: "user", content: "canary of f60" }] }),
  });
  assert.equal(connections, 1, `${title}: tried again`);
  assert.ok(wire.length > 0);
  assert.equal(read !== "", answers !== undefined, `${title}: what the upstream read is ${JSON.stringify(read)}`);
  injected();
  if (cut) assert.deepEqual([reply.status, reply.whole], [200, false], title);
  else {
    assert.equal(reply.status, 502, title);
    assert.equal((JSON.parse(String(reply.body)) as { error: { code: string } }).error.code, "upstream_unreachable", title);
  }
  const seen = answers ? "" : read;
  for (const secret of [KEY, OWN_KEY, "canary of f60"]) {
    assert.ok(!wire.includes(secret), `${title}: sent in the clear`);
    assert.ok(!seen.includes(secret), `${title}: sent to who is not trusted`);
    assert.ok(!reply.body.includes(secret), `${title}: told to the client`);
  }
  const [entry] = await plane.ended();
  assert.equal(entry?.closed?.ending, "cut", title);
  assert.equal(entry.closed.attempts.length, 1, title);
}
