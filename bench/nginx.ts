import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "../testing/eventually.ts";
import { childrenOf } from "../testing/process_tree.ts";
import { readMemory } from "./cpu.ts";
import { freePort, isOpen } from "./port.ts";
import { MEASURED_CORE, start } from "./process.ts";
import type { Proxy } from "./proxy.ts";
import { pathOf } from "./tools.ts";

/** The floor: nginx's `proxy_pass` with kept-alive connections, which is what a relay costs in C. */
export const nginx: Proxy = {
  name: "nginx",
  title: "nginx `proxy_pass`",
  async start({ upstream, folder }) {
    const command = pathOf("nginx");
    if (command === undefined) throw new Error("there is no nginx here; install it, on Debian: apt-get install nginx-light");
    const [port, streamPort] = [await freePort(), await freePort()];
    await mkdir(folder, { recursive: true });
    const file = join(folder, "nginx.conf");
    await writeFile(file, configuration({ port, streamPort, upstreamPort: upstream.port, folder }));
    await using starting = new AsyncDisposableStack();
    const running = starting.use(
      start({ command, args: ["-p", folder, "-c", file, "-e", join(folder, "error.log")], core: MEASURED_CORE }),
    );
    await eventually(async () => running.exited || ((await isOpen(port)) && childrenOf(running.pid).length > 0), Boolean);
    if (running.exited) throw new Error(`nginx does not start: ${running.output()}`);
    const pids = [running.pid, ...childrenOf(running.pid)];
    const owned = starting.move();
    return {
      version: execFileSync("sh", ["-c", `${command} -v 2>&1`], { encoding: "utf8" })
        .replace(/.*nginx\//s, "")
        .trim(),
      port,
      streamPort,
      headers: [],
      pids: { gateway: pids, pipeline: [], other: [] },
      idle: readMemory(pids),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  },
};

interface Configuration {
  readonly port: number;
  readonly streamPort: number;
  readonly upstreamPort: number;
  readonly folder: string;
}

function configuration({ port, streamPort, upstreamPort, folder }: Configuration): string {
  const user = process.getuid?.() === 0 ? "user root;" : "";
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `  ${kind}_temp_path ${folder}/${kind};`).join("\n");
  const server = (listen: number, buffering: "on" | "off"): string => `
  server {
    listen 127.0.0.1:${listen} backlog=4096;
    location / {
      proxy_pass http://upstream;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering ${buffering};
    }
  }`;
  return `${user}
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
${temporary}
  access_log off;
  keepalive_requests 1000000000;
  client_max_body_size 64m;
  client_body_buffer_size 1m;
  tcp_nodelay on;
  upstream upstream {
    server 127.0.0.1:${upstreamPort};
    keepalive 1024;
    keepalive_requests 1000000000;
  }${server(port, "on")}${server(streamPort, "off")}
}
`;
}
