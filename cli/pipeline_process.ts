import { createAdaptorServer } from "@hono/node-server";
import { rmSync } from "node:fs";
import type { Server } from "node:http";
import { join } from "node:path";
import { api } from "../analytics/api.ts";
import { parseConfig, type RawConfig } from "../config/parse.ts";
import type { Settings } from "../config/schema.ts";
import { segmentBytesWithin, usage } from "../journal/room.ts";
import { loadKeys, loadOrCreateKey } from "../journal/seal.ts";
import { crew, type Crew } from "../pipeline/crew.ts";
import { deadLetters } from "../pipeline/dead_letters.ts";
import { keepWithin } from "../pipeline/kept.ts";
import { pipeline, type Pipeline } from "../pipeline/pipeline.ts";
import { duckdbStore, publishWithin } from "../storage/duckdb_store.ts";
import type { SpanStore } from "../storage/store.ts";
import { intakeKeyFile } from "./data_folder.ts";
import type { FromPipeline, ToPipeline } from "./messages.ts";
import { lowerPriority } from "./priority.ts";
import { nowAndThen } from "./now_and_then.ts";
import { live, logger, tell } from "./process.ts";
import { sqlRunner } from "./sql_runner.ts";

const REPORT_EVERY_MS = 500;
const FAILURES_EVERY_MS = 60_000;
/** Enough that the clients of the gateway do not notice it. */
const NICER_BY = 10;

const log = logger({ process: "pipeline" });
let running: Pipeline | undefined;
let store: SpanStore | undefined;
let carrier: Crew | undefined;
/** In force. */
let processors: Settings["processors"] = [];
/** Came while this process was starting. */
let changed: RawConfig | undefined;
let server: Server | undefined;
let lanes: readonly string[] | undefined;

const send = (message: FromPipeline): void => tell(message);
const onError = (message: string, facts: object): void => log.error(facts, message);

live<ToPipeline>({
  onMessage(message) {
    if (message.type === "start") start(message).catch(failed);
    else if (message.type === "reload") reload(message.raw);
    else if (message.type === "lanes") {
      lanes = message.live;
      running?.setLive(message.live);
    } else if (message.type === "report") reportSafely(message.id);
  },
  async stop() {
    server?.close();
    await using closing = new AsyncDisposableStack();
    closing.use(carrier);
    closing.use(store);
    await running?.[Symbol.asyncDispose]();
    await report();
  },
});

async function start({ raw, dataDir, socket, live: liveLanes }: Extract<ToPipeline, { type: "start" }>): Promise<void> {
  yieldToOthers();
  const { settings } = parseConfig(raw, process.env);
  if (settings === undefined) throw new Error("the configuration that was checked a moment ago is not valid any more");
  const keyFile = intakeKeyFile(dataDir, process.env);
  const masters = (): ReturnType<typeof loadKeys> => loadKeys(keyFile); // a key may have been added since
  const letters = deadLetters({
    folder: join(dataDir, "dead-letters"),
    masters,
    onDamage: (damage) => onError("a dead letter cannot be read", damage),
    onError,
  });
  const room = await usage(join(dataDir, "journal"), settings.journal.quota_bytes);
  store = await duckdbStore({
    dataDir,
    ...publishWithin(room.quota),
    onRefused: (span, error) => letters.refused(span, error),
    onError: (error) => onError("rows could not be published; they stay in memory and in the journal", { error: String(error) }),
    onDamage: onError,
    onFatal: (error) => {
      onError("the engine of the store failed; starting again from the span journal", { error: String(error) });
      process.exit(1);
    },
  });
  processors = settings.processors;
  carrier = crew({
    userKey: loadOrCreateKey(join(dataDir, "keys", "user.key")),
    processors,
    onLost: (reason) => log.warn({ reason }, "a worker of the pipeline was lost and replaced"),
    onProblem: (problem) => log.error({ problem }, "spans are not processed as configured"),
    onPrinted: (processor, line) => log.info({ processor, line }, "a module printed a line"),
    priceOverrides: settings.prices.overrides,
  });
  if (changed !== undefined) reload(changed);
  const started = await pipeline({
    dataDir,
    segmentBytes: segmentBytesWithin(room, settings.journal.segment_bytes),
    keep: keepWithin(room.quota),
    masters,
    carrier,
    store,
    letters,
    onError,
    onFailure: nowAndThen(
      FAILURES_EVERY_MS,
      ({ processor }) => processor,
      ({ processor, reason }, times) => log.warn({ processor, reason, times }, "a processor failed; its batches go on without content"),
    ),
  });
  running = started;
  started.setLive(lanes ?? liveLanes);
  started.failed.catch((error: unknown) => {
    onError("the store failed; starting again from the span journal", { error: String(error) });
    process.exit(1);
  });
  const app = api({
    reader: store,
    sql: sqlRunner({ dataDir, store }),
    letters: { list: () => letters.list(), replay: (ids) => started.replay(ids) },
    catchUp: started.catchUp,
    onError: (error) => log.error({ err: error }, "a question could not be answered"),
  });
  rmSync(socket, { force: true });
  server = createAdaptorServer({ fetch: app.fetch }) as Server;
  await new Promise<void>((resolve, reject) => server?.once("error", reject).listen(socket, resolve));
  send({ type: "ready" });
  setInterval(reportSafely, REPORT_EVERY_MS).unref();
}

/** The other settings that this process has are in force with the next start only. */
function reload(raw: RawConfig): void {
  const { settings } = parseConfig(raw, process.env);
  if (carrier === undefined) changed = raw;
  if (settings === undefined || carrier === undefined) return;
  const again = settings.processors;
  if (JSON.stringify(again) === JSON.stringify(processors) && !again.some(({ use }) => use === "module")) return;
  processors = again;
  carrier.renew({ processors: again });
  log.info({ processors: again.map(({ use }) => use) }, "batches go through other processors from now on");
}

function reportSafely(id?: number): void {
  report(id).catch((error: unknown) => {
    log.warn({ err: error }, "could not report the counts");
    send({ type: "alive" });
  });
}

async function report(id?: number): Promise<void> {
  if (running === undefined) return;
  send({ type: "report", ...(id !== undefined && { id }), counts: await running.counts() });
}

function yieldToOthers(): void {
  try {
    lowerPriority(NICER_BY);
  } catch (error) {
    log.warn({ err: error }, "could not lower the priority of the pipeline; it competes with the gateway");
  }
}

function failed(error: NodeJS.ErrnoException): void {
  send({ type: "failed", message: error.message, ...(error.code !== undefined && { code: error.code }) });
  log.error({ err: error }, "the pipeline could not start");
  process.exitCode = 1;
  process.disconnect?.();
}
