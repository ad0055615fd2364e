import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { startDataPlane } from "../data_plane.ts";
import { eventually } from "../eventually.ts";
import { listen } from "../listen.ts";
import { events } from "../recorded.ts";
import type { Fault } from "./fault.ts";

const FREED_WITHIN_MS = 90_000;
const CLIENT = fileURLToPath(new URL("half_open_client.ts", import.meta.url));
/** Nobody's: what is sent there reaches the other side, and is dropped by it without a word. */
const NOBODY = "02:00:00:00:00:99";
const event = events({ choices: [{ index: 0, delta: { content: "Hel" } }] }).replace("data: [DONE]\n\n", "");

export const clientHalfOpen: Fault = {
  id: "F31",
  title: "clients vanish without a word: the link to a network namespace goes dead",
  holds: "calls that wait, streams with events on their way and idle connections are all freed within 90 s",
  fast: 0,
  long: 30,
  async run(round) {
    await using up = await listen(
      createServer((request, response) => {
        request.resume();
        if (request.url?.endsWith("/waits")) return;
        response.writeHead(200, { "content-type": "text/event-stream" });
        if (request.url?.endsWith("/idle")) return void response.end(`${event}data: [DONE]\n\n`);
        const timer = setInterval(() => response.write(event), 1000);
        response.write(event);
        response.once("close", () => clearInterval(timer));
      }),
    );
    await using link = await deadlyLink();
    await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${up.port}/v1` }, host: link.here });
    const port = new URL(plane.url).port;
    const paths = Array.from({ length: round.count }, (_, index) => ["/v1/waits", "/v1/streams", "/v1/idle"][index % 3] ?? "");
    const clients = spawn("ip", ["netns", "exec", link.namespace, process.execPath, CLIENT, link.here, port, ...paths], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let begun = "";
    clients.stdout.on("data", (text) => (begun += String(text)));
    try {
      await eventually(
        () => begun.split("\n").length - 1 + paths.filter((path) => path === "/v1/waits").length,
        (count) => count === round.count && plane.counts.open > 0,
        20_000,
      );
      assert.equal(await connected(port), round.count);
      await link.die();
      round.injected(round.count);
      const since = performance.now();
      await eventually(
        () => connected(port),
        (count) => count === 0,
        FREED_WITHIN_MS,
      );
      round.measured("all freed after", (performance.now() - since) / 1000, "s");
      assert.equal(plane.counts.open, 0);
      const endings = (await plane.ended()).map(({ opened, closed }) => `${opened.path} ${closed?.ending}`);
      assert.deepEqual(
        new Set(endings),
        new Set(["/v1/waits abandoned", "/v1/streams abandoned", "/v1/idle completed"].slice(0, round.count)),
      );
    } finally {
      const ended = once(clients, "exit");
      clients.kill("SIGKILL");
      await ended;
    }
  },
};

/** Connections to this port that the gateway holds. */
async function connected(port: string): Promise<number> {
  await setTimeout(200);
  const { stdout } = await run("ss", ["-Htn", "state", "established", "state", "close-wait", `( sport = :${port} )`]);
  return stdout.split("\n").filter((line) => line !== "").length;
}

const run = promisify(execFile);

interface Link extends AsyncDisposable {
  readonly namespace: string;
  /** Our address on it. */
  readonly here: string;
  /** From now on all that is sent on it, either way, vanishes. */
  die(): Promise<void>;
}

/** A link to a network namespace of its own. Wants root and `ip`. */
async function deadlyLink(): Promise<Link> {
  const namespace = `spangate-${process.pid}`;
  const [ours, theirs] = [`sg${process.pid}a`, `sg${process.pid}b`];
  const [here, there] = ["10.213.31.1", "10.213.31.2"];
  const ip = (text: string): Promise<unknown> => run("ip", text.split(" "));
  const remove = async (): Promise<void> => void (await ip(`netns del ${namespace}`));
  await ip(`netns add ${namespace}`);
  try {
    await ip(`link add ${ours} type veth peer name ${theirs} netns ${namespace}`);
    await ip(`addr add ${here}/30 dev ${ours}`);
    await ip(`link set ${ours} up`);
    await ip(`-n ${namespace} addr add ${there}/30 dev ${theirs}`);
    await ip(`-n ${namespace} link set ${theirs} up`);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    namespace,
    here,
    async die() {
      await ip(`neigh replace ${there} lladdr ${NOBODY} dev ${ours} nud permanent`);
      await ip(`-n ${namespace} neigh replace ${here} lladdr ${NOBODY} dev ${theirs} nud permanent`);
    },
    [Symbol.asyncDispose]: remove,
  };
}
