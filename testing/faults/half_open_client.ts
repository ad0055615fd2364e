import { connect } from "node:net";

// Clients on the other side of a link that will be dead: `half_open_client.ts <host> <port> <path>…`. Each asks for its path, and says
// on standard output when something has come.

const [host = "", port = "", ...paths] = process.argv.slice(2);
for (const path of paths) {
  const socket = connect(Number(port), host);
  socket.on("error", () => {});
  socket.write(`POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 2\r\n\r\n{}`);
  socket.once("data", () => process.stdout.write("has begun\n"));
}
