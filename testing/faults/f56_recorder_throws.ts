import assert from "node:assert/strict";
import { createServer, type ServerResponse } from "node:http";
import { setTimeout } from "node:timers/promises";
import type { Recorder } from "../../gateway/recorder.ts";
import type { Journal } from "../../journal/append.ts";
import { startDataPlane, type DataPlaneOptions } from "../data_plane.ts";
import { eventually } from "../eventually.ts";
import { listen } from "../listen.ts";
import { rawRequest } from "../raw.ts";
import { events } from "../recorded.ts";
import type { Fault } from "./fault.ts";

const BODY = events(...["Hel", "lo", "!"].map((content) => ({ choices: [{ index: 0, delta: { content } }] })));
const planted = (hook: string): Error => new Error(`planted in ${hook}`);

/** Fails once it is armed; tells when it did. */
type Plant = (tell: () => void) => Pick<DataPlaneOptions, "recorder" | "disk">;

const RECORDING = ["request", "head", "chunk", "end"] as const;
const JOURNAL = ["append", "written", "durable"] as const;

const HOOKS: { readonly [hook: string]: Plant } = {
  open: (tell) => ({
    recorder: (own) => ({
      ...own,
      open() {
        tell();
        throw planted("open");
      },
      [Symbol.asyncDispose]: async () => own[Symbol.asyncDispose](),
    }),
  }),
  ...Object.fromEntries(RECORDING.map((hook): [string, Plant] => [hook, (tell) => ({ recorder: throwingRecorder(hook, tell, "throws") })])),
  "end, later": (tell) => ({ recorder: throwingRecorder("end", tell, "rejects") }),
  ...Object.fromEntries(JOURNAL.map((hook): [string, Plant] => [`journal ${hook}`, (tell) => ({ disk: throwingJournal(hook, tell) })])),
};

export const recorderThrows: Fault = {
  id: "F56",
  title: "the recorder throws, at each of its hooks in turn",
  holds: "the stream is whole and as it was, and the record is incomplete or dropped, and counted as such",
  fast: Object.keys(HOOKS).length,
  long: 10 * Object.keys(HOOKS).length,
  async run(round) {
    const hooks = Object.entries(HOOKS);
    for (let index = 0; index < round.count; index++) {
      const [hook, plant] = hooks[index % hooks.length] as [string, Plant];
      if (await throwOnce(hook, plant)) round.injected();
    }
    round.measured("hooks", Math.min(hooks.length, round.count));
  },
};

async function throwOnce(hook: string, plant: Plant): Promise<boolean> {
  let thrown = 0;
  await using up = await listen(
    createServer((request, response) => {
      request.resume();
      void play(response);
    }),
  );
  await using plane = await startDataPlane({ upstreams: { up: `http://127.0.0.1:${up.port}/v1` }, ...plant(() => thrown++) });
  const reply = await rawRequest({ url: `${plane.url}/v1/chat/completions`, method: "POST", body: "{}" });
  assert.equal(`${reply.status} ${reply.whole}`, "200 true", hook);
  assert.equal(String(reply.body), BODY, hook);
  assert.ok(thrown > 0, `${hook} was never called`);
  await eventually(
    () => plane.errors.length,
    (count) => count > 0,
  );
  const { begun, completed, incomplete, dropped } = plane.counts;
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  if (hook.startsWith("journal")) {
    assert.equal(begun, 1, hook);
    if (hook === "journal append") assert.ok(lost > 0, "what could not be appended is not counted");
  } else {
    // Nobody can say of a record that cannot be ended whether it began.
    assert.equal(incomplete + lost, 1, `${hook}: ${JSON.stringify(plane.counts)}`);
    assert.equal(completed, 0, hook);
  }
  return true;
}

async function play(response: ServerResponse): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const event of BODY.split(/(?<=\n\n)/)) {
    response.write(event);
    await setTimeout(120); // longer than a tick of the recorder, so that parts are written on the way
  }
  response.end();
}

function throwingRecorder(hook: (typeof RECORDING)[number], tell: () => void, how: "throws" | "rejects") {
  const fail = (): Promise<void> => {
    tell();
    if (how === "throws") throw planted(hook);
    return Promise.reject(planted(hook));
  };
  return (own: Recorder): Recorder => ({
    able: true,
    open(...exchange) {
      const recording = own.open(...exchange);
      return {
        request: (bytes) => recording.request(bytes),
        head: (...head) => recording.head(...head),
        chunk: (bytes) => recording.chunk(bytes),
        end: (ended) => recording.end(ended),
        [hook]: fail,
      };
    },
    [Symbol.asyncDispose]: async () => own[Symbol.asyncDispose](),
  });
}

/** The journal of which one operation fails: `append` by throwing, the others as files do. */
function throwingJournal(hook: (typeof JOURNAL)[number], tell: () => void) {
  return (own: Journal): Journal =>
    new Proxy(own, {
      get(target, name) {
        if (name !== hook) {
          const value: unknown = Reflect.get(target, name);
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        }
        return () => {
          tell();
          if (hook === "append") throw planted(hook);
          return Promise.reject(planted(hook));
        };
      },
    });
}
