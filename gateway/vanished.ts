import { readFile } from "node:fs/promises";
import type { Server, Socket } from "node:net";

/** How often it is looked at. */
const LOOK_EVERY_MS = 15_000;
/** Times the same bytes were sent again without an answer: about half a minute, as the kernel doubles its wait each time. */
const MOST_RESENT = 7;

/**
 * Resets the connections of clients that vanished without a word while something was on its way to them. The kernel finds those with
 * nothing on its way by probes; otherwise it would go on for a quarter of an hour. Only Linux tells.
 */
export function dropVanished(server: Server, onError: (error: unknown) => void): Disposable {
  const clients = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    clients.add(socket);
    socket.once("close", () => clients.delete(socket));
  });
  let looking = false;
  async function look(): Promise<void> {
    looking = true;
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const tables = await Promise.all(["/proc/net/tcp", "/proc/net/tcp6"].map((path) => readFile(path, "latin1").catch(() => "")));
    const gone = new Set(tables.flatMap((table) => unanswered(table, port ?? 0)));
    looking = false;
    if (gone.size === 0) return;
    for (const socket of clients) if (gone.has(peer(socket.remoteAddress ?? "", socket.remotePort ?? 0))) socket.resetAndDestroy();
  }
  const timer = setInterval(() => {
    if (clients.size > 0 && !looking) look().catch(onError);
  }, LOOK_EVERY_MS).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/**
 * Peers, of connections to this port, that have not answered for too long.
 * Source: https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
 */
export function unanswered(table: string, port: number): string[] {
  const local = port.toString(16).toUpperCase().padStart(4, "0");
  // sl, local, remote, state, queues, timer, retransmits, user, zero window probes
  const line = new RegExp(`^ *\\d+: [0-9A-F]+:${local} ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]{2} \\S+ \\S+ ([0-9A-F]{8}) +\\d+ +(\\d+)`, "gm");
  return [...table.matchAll(line)].flatMap(([, address = "", remotePort = "", resent = "", probes = ""]) =>
    Number.parseInt(resent, 16) >= MOST_RESENT || Number(probes) >= MOST_RESENT
      ? [peer(addressOf(address), Number.parseInt(remotePort, 16))]
      : [],
  );
}

/** The same text for the same peer, however its address is written. */
function peer(address: string, port: number): string {
  return `${address.includes(":") ? URL.parse(`http://[${address}]`)?.hostname : address} ${port}`;
}

/** The kernel writes an address as 32-bit words, each with its last byte first. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, "hex")].reverse());
  if (bytes.length === 4) return bytes.join(".");
  return (Buffer.from(bytes).toString("hex").match(/.{4}/g) ?? []).join(":");
}
