import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { StartError } from "./start_error.ts";

/** Throws a `StartError` that names the holder when the port cannot be listened on. Port 0 always can. */
export async function checkPort(host: string, port: number, setting: string): Promise<void> {
  if (port === 0) return;
  await new Promise<void>((resolve, reject) => {
    const probe = createServer()
      .once("error", (error: NodeJS.ErrnoException) => reject(new StartError(3, explain(error, host, port, setting))))
      .listen({ host, port, exclusive: true }, () => probe.close(() => resolve()));
  });
}

export function explain(error: NodeJS.ErrnoException, host: string, port: number, setting: string): string {
  if (error.code !== "EADDRINUSE") return `cannot listen on ${host}:${port}: ${error.message}; change ${setting}`;
  const holder = holderOf(port);
  const who = holder === undefined ? "another process" : `process ${holder.pid} (${holder.command})`;
  return `${host}:${port} is in use by ${who}; stop it, or choose another ${setting}`;
}

/** The process that listens on a TCP port, where the system tells (Linux, own processes). */
function holderOf(port: number): { readonly pid: string; readonly command: string } | undefined {
  const inode = ["/proc/net/tcp", "/proc/net/tcp6"]
    .flatMap(read)
    .map((line) => line.trim().split(/\s+/))
    .find((fields) => {
      const [, local = "", , state] = fields;
      return state === "0A" && Number.parseInt(local.slice(local.lastIndexOf(":") + 1), 16) === port;
    })?.[9];
  if (inode === undefined) return undefined;
  for (const pid of list("/proc").filter((name) => /^\d+$/.test(name))) {
    if (!list(`/proc/${pid}/fd`).some((fd) => link(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`)) continue;
    const command = read(`/proc/${pid}/cmdline`).join("\n").replaceAll("\0", " ").trim();
    return { pid, command: command.length > 80 ? `${command.slice(0, 79)}…` : command };
  }
  return undefined;
}

function read(file: string): string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    return [];
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
