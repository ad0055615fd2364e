import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Agent, request } from "undici";
import { controlSocket } from "./data_folder.ts";
import { StartError } from "./start_error.ts";

export interface ClientOptions {
  /** Data folder of a server on this machine. */
  readonly dataDir: string;
  /** Control plane of a server elsewhere; with a token. */
  readonly url?: string | undefined;
  readonly token?: string | undefined;
}

/** Talks to the control plane of a running server. */
export interface ControlClient {
  /** The body of the answer; undefined without one. Throws a `StartError` that says what to do when there is no good answer. */
  call(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<unknown>;
}

export function controlClient({ dataDir, url, token }: ClientOptions): ControlClient {
  const socketPath = controlSocket(resolve(dataDir));
  if (url === undefined && !existsSync(socketPath)) {
    throw new StartError(
      1,
      `no server runs on the data folder ${resolve(dataDir)}; start one with \`npm start\`, name its folder with --data, or set SPANGATE_CONTROL_URL`,
    );
  }
  const dispatcher = url === undefined ? new Agent({ connect: { socketPath } }) : new Agent();
  const origin = url === undefined ? "http://spangate" : url.replace(/\/+$/, "");
  const where = url ?? socketPath;

  return {
    async call(method, path, body) {
      const reply = await request(`${origin}${path}`, {
        method,
        dispatcher,
        headers: {
          ...(body !== undefined && { "content-type": "application/json" }),
          ...(url !== undefined && token && { authorization: `Bearer ${token}` }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      }).catch((error: unknown) => {
        throw new StartError(1, `cannot reach the server at ${where} (${(error as Error).message}); check that it runs`);
      });
      const text = await reply.body.text();
      const value: unknown = text === "" ? undefined : parse(text);
      if (reply.statusCode < 400) return value;
      const message =
        (value as { error?: { message?: string } } | undefined)?.error?.message ?? `${reply.statusCode} ${text.slice(0, 200)}`;
      throw new StartError(1, message);
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
