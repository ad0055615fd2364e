import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { assertConserved, storedCalls } from "../conservation.ts";
import { eventually } from "../eventually.ts";
import { listen } from "../listen.ts";
import { rawRequest } from "../raw.ts";
import type { Fault } from "./fault.ts";
import { observedGateway, type ObservedGateway } from "./observed.ts";

const MOST_FILES = 512;
const BACK_WITHIN_MS = 2000;

/** What became of a client's call, and how one that did not reach the upstream may be stored. */
const ENDINGS = {
  /** With 503: there was no connection left for the upstream. */
  answered: ["cut"],
  refused: ["nothing"],
  /** It may have left before its call was read, or while its 503 was on the way. */
  left: ["abandoned", "cut", "nothing"],
} as const;
type ClientEnding = keyof typeof ENDINGS;

export const noFilesLeft: Fault = {
  id: "F38",
  title: "the gateway process runs out of open files: 512 at most, and more clients than that",
  holds:
    "clients beyond are answered 503 or refused, nothing crashes, and within 2 s of their leaving calls are served again; each call that reached the upstream is stored once, as `abandoned`, each that was answered 503 as `cut`",
  fast: 300,
  long: 3000,
  async run(round) {
    const reached = new Set<string>();
    await using up = await listen(
      createServer((request, response) => {
        void text(request).then(
          (body) => {
            reached.add(idIn(body));
            if (idIn(body).startsWith("after-")) response.end(REPLY);
          },
          () => {}, // it left while it asked
        );
      }),
    );
    await using running = await observedGateway(`http://127.0.0.1:${up.port}/v1`);
    const { url } = running;
    await promisify(execFile)("prlimit", [`--pid=${running.pid}`, `--nofile=${MOST_FILES}:${MOST_FILES}`]);

    const asked = new Map<string, ClientEnding>();
    let slowest = 0;
    const ended = (as: ClientEnding): number => [...asked.values()].filter((ending) => ending === as).length;
    while (ended("answered") + ended("refused") < round.count) {
      const clients = Array.from({ length: MOST_FILES }, (_, i) => hold(url, `f38-${asked.size + i}`));
      await setTimeout(1000);
      for (const { id, answer, closed } of clients) {
        const ending = answer().startsWith("HTTP/1.1 503") ? "answered" : closed() && answer() === "" ? "refused" : "left";
        if (ending === "left") assert.equal(answer(), "", "an answer that is no 503");
        asked.set(id, ending);
      }
      for (const { socket } of clients) socket.destroy();
      const since = performance.now();
      await eventually(
        () =>
          rawRequest({ url: `${url}/v1/chat/completions`, method: "POST", body: bodyOf(`after-${asked.size}`) }).then(
            ({ status }) => status,
            () => 0,
          ),
        (status) => status === 200,
        BACK_WITHIN_MS,
      );
      slowest = Math.max(slowest, performance.now() - since);
      process.kill(running.pid, 0); // throws when it is gone
    }
    round.injected(ended("answered") + ended("refused"));
    round.measured("answered 503", ended("answered"));
    round.measured("refused", ended("refused"));
    round.measured("reached the upstream", [...asked.keys()].filter((id) => reached.has(id)).length);
    round.measured("served again after, at most", slowest, "ms");
    await assertStored(running, asked, reached);
  },
};

/** Throws unless each call that reached the upstream is stored once, as one that its client left, and each other one as its client saw it end. */
async function assertStored(
  running: ObservedGateway,
  asked: ReadonlyMap<string, ClientEnding>,
  reached: ReadonlySet<string>,
): Promise<void> {
  await assertConserved(running);
  const stored = await storedCalls(running, "f38-");
  const rows = Map.groupBy(stored, ({ id }) => id);
  const wrong = [...asked].flatMap(([id, ending]) => {
    const endings = (rows.get(id) ?? []).map((row) => row.ending).join(" and ") || "nothing";
    const allowed: readonly string[] = reached.has(id) ? ["abandoned"] : ENDINGS[ending];
    return allowed.includes(endings)
      ? []
      : [`${id}, whose client was ${ending}, is stored as ${endings} and not as ${allowed.join(" or ")}`];
  });
  const uninvited = [...rows.keys()].filter((id) => !asked.has(id)).map((id) => `${id} is stored, and nobody asked for it`);
  assert.deepEqual([...wrong, ...uninvited].slice(0, 10), []);
}

interface Holding {
  readonly id: string;
  readonly socket: Socket;
  readonly answer: () => string;
  readonly closed: () => boolean;
}

/** A client whose call never ends. */
function hold(url: string, id: string): Holding {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  let answer = "";
  let closed = false;
  socket.once("close", () => (closed = true));
  socket.on("error", () => {}).on("data", (bytes) => (answer += String(bytes)));
  const body = bodyOf(id);
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nx-spangate-conversation: ${id}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  return { id, socket, answer: () => answer, closed: () => closed };
}

const REPLY = JSON.stringify({ choices: [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }] });
const bodyOf = (id: string): string => JSON.stringify({ model: id, messages: [] });
const idIn = (body: string): string => (JSON.parse(body) as { readonly model: string }).model;
