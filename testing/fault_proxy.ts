import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout } from "node:timers/promises";
import { listen } from "./listen.ts";

/** What happens to the bytes that pass in one direction of a connection. Places are counted from its first byte. */
export interface Way {
  /** Milliseconds each chunk is kept before it passes. */
  readonly delayMs?: number;
  /** Passes this many bytes at a time. */
  readonly trickle?: { readonly bytes: number; readonly everyMs: number };
  /** The bytes at these places pass with one bit flipped. */
  readonly corrupt?: readonly number[];
  /** Once this many bytes have passed, both connections end by FIN. */
  readonly cutAt?: number;
  /** The same, but by RST. */
  readonly resetAt?: number;
  /** Once this many bytes have passed, all others vanish, and that the connection ended does too. */
  readonly blackholeAt?: number;
}

/** What happens to one connection; nothing, where it does not say. */
export interface Script {
  /** The client is reset before the server hears of it. */
  readonly refuse?: boolean;
  readonly toServer?: Way;
  readonly toClient?: Way;
}

export const DONE = ["refuse", "delay", "trickle", "corrupt", "cut", "reset", "blackhole"] as const;
export type Done = (typeof DONE)[number];

/** A connection that came through, and what was done to it. */
export interface Proxied {
  readonly toServerBytes: number;
  readonly toClientBytes: number;
  /** In order, each once for each direction it was done to. */
  readonly done: readonly Done[];
  /** Whether both sides are gone. */
  readonly closed: boolean;
}

/** Stands between a client and a server and breaks what it is told to break. */
export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  readonly connections: readonly Proxied[];
  /** How often each fault really happened, over all connections. */
  readonly done: () => Readonly<Record<Done, number>>;
}

/** A reset overtakes bytes that are still on the way. */
const ARRIVED_MS = 50;

/** `script` is asked for each connection, the first one being 0. */
export async function faultProxy(port: number, script: (index: number) => Script, host = "127.0.0.1"): Promise<FaultProxy> {
  const connections: Proxied[] = [];
  const toServers = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const { refuse, toServer = {}, toClient = {} } = script(connections.length);
    const done: Done[] = [];
    const state = { toServerBytes: 0, toClientBytes: 0, done, closed: false };
    connections.push(state);
    client.on("error", () => {});
    if (refuse) {
      done.push("refuse");
      state.closed = true;
      client.resetAndDestroy();
      return;
    }
    const up = connect({ port, host, allowHalfOpen: true, noDelay: true });
    toServers.add(up.on("error", () => {}));
    let open = 2;
    for (const socket of [client, up]) {
      socket.once("close", () => {
        if (socket === up) toServers.delete(up);
        if (--open === 0) state.closed = true;
      });
    }
    void pass(client, up, toServer, done, (bytes) => (state.toServerBytes += bytes));
    void pass(up, client, toClient, done, (bytes) => (state.toClientBytes += bytes));
  });
  const listening = await listen(server);
  return {
    port: listening.port,
    connections,
    done() {
      const all = connections.flatMap(({ done }) => done);
      return Object.fromEntries(DONE.map((name) => [name, all.filter((each) => each === name).length])) as Record<Done, number>;
    },
    async [Symbol.asyncDispose]() {
      await listening[Symbol.asyncDispose]();
      for (const socket of toServers) socket.destroy();
    },
  };
}

/** Carries one direction until its end, or until a fault ends it. */
async function pass(from: Socket, to: Socket, way: Way, done: Done[], count: (bytes: number) => void): Promise<void> {
  const told = new Set<Done>();
  const tell = (name: Done): void => {
    if (told.has(name)) return;
    told.add(name);
    done.push(name);
  };
  const write = async (bytes: Buffer): Promise<void> => {
    if (bytes.length === 0 || to.destroyed) return;
    count(bytes.length);
    if (!to.write(bytes)) await Promise.race([once(to, "drain"), once(to, "close")]);
  };
  const { at: endsAt, by } = endOf(way);
  let passed = 0;
  try {
    for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (passed === endsAt && by === "blackhole") continue;
      if (way.delayMs !== undefined) {
        tell("delay");
        await setTimeout(way.delayMs);
      }
      const bytes = corrupted(chunk.subarray(0, endsAt - passed), way.corrupt ?? [], passed, () => tell("corrupt"));
      for (const piece of piecesOf(bytes, way.trickle?.bytes ?? Infinity)) {
        await write(piece);
        if (way.trickle === undefined) continue;
        tell("trickle");
        await setTimeout(way.trickle.everyMs);
      }
      const beyond = passed + chunk.length > endsAt || passed + bytes.length === endsAt;
      passed += bytes.length;
      if (!beyond || by === undefined) continue;
      tell(by);
      if (by === "blackhole") continue;
      await setTimeout(ARRIVED_MS);
      for (const socket of [to, from]) {
        if (by === "reset") socket.resetAndDestroy();
        else socket.destroySoon();
      }
      return;
    }
    if (!told.has("blackhole")) to.end();
  } catch {
    // It was reset, by its own side or by the other direction: so is the other one.
    if (!told.has("blackhole") && !to.destroyed) to.resetAndDestroy();
  }
}

/** The first of the faults that end a direction. */
function endOf({ cutAt = Infinity, resetAt = Infinity, blackholeAt = Infinity }: Way): { at: number; by?: "cut" | "reset" | "blackhole" } {
  const at = Math.min(cutAt, resetAt, blackholeAt);
  if (at === Infinity) return { at };
  return { at, by: at === resetAt ? "reset" : at === cutAt ? "cut" : "blackhole" };
}

function corrupted(bytes: Buffer, places: readonly number[], offset: number, tell: () => void): Buffer {
  const here = places.map((place) => place - offset).filter((place) => place >= 0 && place < bytes.length);
  if (here.length === 0) return bytes;
  const copy = Buffer.from(bytes);
  for (const place of here) copy.writeUInt8(copy.readUInt8(place) ^ 1, place);
  tell();
  return copy;
}

function* piecesOf(bytes: Buffer, length: number): Iterable<Buffer> {
  for (let from = 0; from < bytes.length; from += length) yield bytes.subarray(from, from + length);
}
