import { createAdaptorServer } from "@hono/node-server";
import { rmSync } from "node:fs";
import type { Server } from "node:http";
import { join } from "node:path";
import { api } from "../analytics/api.ts";
import { parseConfig } from "../config/parse.ts";
import { segmentBytesWithin, usage } from "../journal/room.ts";
import { loadKeys, loadOrCreateKey } from "../journal/seal.ts";
import type { Carrier } from "../pipeline/carrier.ts";
import { crew } from "../pipeline/crew.ts";
import { deadLetters } from "../pipeline/dead_letters.ts";
import { keepWithin } from "../pipeline/kept.ts";
import { pipeline, type Pipeline } from "../pipeline/pipeline.ts";
import { duckdbStore, publishWithin } from "../storage/duckdb_store.ts";
import type { SpanStore } from "../storage/store.ts";
import { intakeKeyFile } from "./data_folder.ts";
import type { FromPipeline, ToPipeline } from "./messages.ts";
import { lowerPriority } from "./priority.ts";
import { live, logger, tell } from "./process.ts";
import { sqlRunner } from "./sql_runner.ts";

const REPORT_EVERY_MS = 500;
/** Enough that the clients of the gateway do not notice it. */
const NICER_BY = 10;

const log = logger({ process: "pipeline" });
let running: Pipeline | undefined;
let store: SpanStore | undefined;
let carrier: Carrier | undefined;
let server: Server | undefined;
let lanes: readonly string[] | undefined;

const send = (message: FromPipeline): void => tell(message);
const onError = (message: string, facts: object): void => log.error(facts, message);

live<ToPipeline>({
  onMessage(message) {
    if (message.type === "start") start(message).catch(failed);
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
  carrier = crew({
    userKey: loadOrCreateKey(join(dataDir, "keys", "user.key")),
    onLost: (reason) => log.warn({ reason }, "a worker of the pipeline was lost and replaced"),
    priceOverrides: settings.prices.overrides,
    onProblem: (problem) => log.error({ problem }, "spans are not processed as configured"),
  });
  const started = await pipeline({
    dataDir,
    segmentBytes: segmentBytesWithin(room, settings.journal.segment_bytes),
    keep: keepWithin(room.quota),
    masters,
    carrier,
    store,
    letters,
    onError,
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
