import { createServer, type Socket } from "node:net";

// An upstream of streams without an end, an event a second each, spread over the second. Says its port on standard output.

const TURNS = 20;
const event = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "tick" } }] })}\n\n`;
const chunk = `${event.length.toString(16)}\r\n${event}\r\n`;
const head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

const turns = Array.from({ length: TURNS }, () => new Set<Socket>());
let count = 0;
const server = createServer({ noDelay: true }, (socket) => {
  const turn = turns[count++ % TURNS] as Set<Socket>;
  socket.on("error", () => {}).on("close", () => turn.delete(socket));
  socket.once("data", () => {
    socket.write(head + chunk);
    turn.add(socket);
  });
});
server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => {
  const address = server.address();
  if (typeof address === "object") process.stdout.write(`${address?.port}\n`);
});
let now = 0;
setInterval(() => {
  for (const socket of turns[now++ % TURNS] as Set<Socket>) socket.write(chunk);
}, 1000 / TURNS);
