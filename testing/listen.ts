import { once } from "node:events";
import type { Server, Socket } from "node:net";

/** A server of any kind on loopback, that takes its connections along when it goes. */
export interface Listening extends AsyncDisposable {
  readonly port: number;
  /** Connections it was ever given. */
  readonly connections: readonly Socket[];
}

export async function listen(server: Server): Promise<Listening> {
  const connections: Socket[] = [];
  server.on("connection", (socket: Socket) => {
    connections.push(socket);
    // Whoever breaks connections on purpose breaks its own, too.
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server listens on no TCP port");
  return {
    port: address.port,
    connections,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of connections) socket.destroy();
    },
  };
}
