import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { outboundProxy } from "../config/outbound_proxy.ts";
import { parseConfig } from "../config/parse.ts";
import type { RawConfig } from "../config/parse.ts";
import { pathText } from "../config/keys.ts";
import { counters } from "../gateway/counters.ts";
import { recorder } from "../gateway/recorder.ts";
import { gateway, type Gateway, type GatewaySettings } from "../gateway/server.ts";
import { journal, type Journal } from "../journal/append.ts";
import { roomOf, segmentBytesWithin, usage, type Usage } from "../journal/room.ts";
import { loadKeys, loadOrCreateKey, type MasterKey } from "../journal/seal.ts";
import { intakeKeyFile } from "./data_folder.ts";
import type { DemoAddress, FromGateway, InForce, ToGateway } from "./messages.ts";
import { live, logger, tell } from "./process.ts";
import { watchdog } from "./watchdog.ts";

// Bodies count with the heap when V8 works out when to collect. By default each 32 MiB of them start a collection, however little there is to
// collect: under prompts of 200 KB that was eighteen a second, and a third of the processor time.
setFlagsFromString("--external-memory-accounted-in-global-limit");

/** A segment of the intake is closed after this, so that raw bytes do not stay on an idle machine. */
const SEGMENT_AGE_MS = 60_000;
const REPORT_EVERY_MS = 500;
/** How soon a disk that fills up, or has space again, is noticed. */
const ROOM_EVERY_MS = 500;
const ERROR_LOG_EVERY_MS = 1000;

const log = logger({ process: "gateway" });
const counts = counters();
let running: Gateway | undefined;
let inForce: InForce | undefined;
/** Came while this process was starting. */
let changed: Extract<ToGateway, { type: "reload" }> | undefined;
let lane: Journal | undefined;
let closeRecorder: (() => Promise<void>) | undefined;
let drainTimeoutMs = 0;
let lastLogged = -Infinity;

const send = (message: FromGateway): void => tell(message);

live<ToGateway>({
  onMessage(message) {
    if (message.type === "start") start(message).catch(failed);
    else if (message.type === "reload") reload(message);
    else if (message.type === "report") report(message.id);
  },
  async stop() {
    await running?.drain(drainTimeoutMs);
    await closeRecorder?.();
    await Promise.resolve(lane?.[Symbol.asyncDispose]()).catch(onError); // what it could not write is counted
    report();
  },
});

async function start({ raw, dataDir, lane: name, port, shared, demo }: Extract<ToGateway, { type: "start" }>): Promise<void> {
  const settings = settingsOf(raw, demo);
  const journals = join(dataDir, "journal");
  let journalUsage: Usage = { used: 0, quota: 0 };
  const look = async (): Promise<void> => usage(journals, settings.quotaBytes).then((now) => void (journalUsage = now), onError);
  await look();
  setInterval(() => void look(), ROOM_EVERY_MS).unref();
  lane = await journal({
    folder: join(dataDir, "journal", "intake", name),
    first: 1,
    segmentBytes: segmentBytesWithin(journalUsage, settings.segmentBytes),
    maxAgeMs: SEGMENT_AGE_MS,
    onError,
    onLost: (records) => counts.drop("journal_write", records),
    master: newestKey(intakeKeyFile(dataDir, process.env)),
  });
  const recording = recorder({
    journal: lane,
    maxCaptureBytes: settings.gateway.max_capture_bytes,
    counters: counts,
    room: () => roomOf(journalUsage),
    onError,
  });
  closeRecorder = async () => recording[Symbol.asyncDispose]();
  running = gateway(settings, {
    recorder: recording,
    counters: counts,
    proxy: outboundProxy(process.env),
    onError,
  });
  inForce = settings;
  if (changed) reload(changed);
  send({ type: "ready", port: await running.listen(settings.gateway.host, port, shared) });
  watchdog({ process: "gateway" }, () => counts.count("blocked"));
  setInterval(report, REPORT_EVERY_MS).unref();
}

function report(id?: number): void {
  send({
    type: "report",
    ...(id !== undefined && { id }),
    counts: counts.counts,
    ...(inForce && { inForce: { durability: inForce.durability, audit: inForce.audit, capture: inForce.capture } }),
  });
}

/** What the supervisor could read a moment ago may be gone by now. */
function reload(message: Extract<ToGateway, { type: "reload" }>): void {
  if (running === undefined) {
    changed = message;
    return;
  }
  try {
    const settings = settingsOf(message.raw, message.demo);
    running.apply(settings);
    inForce = settings;
  } catch (error) {
    log.error({ err: error }, "the changed configuration cannot be applied; the one before stays in force");
  }
}

/** The supervisor has checked this input; only a secret that vanished since can make it fail. */
function settingsOf(
  raw: RawConfig,
  demo: DemoAddress | undefined,
): GatewaySettings & { readonly segmentBytes: number; readonly quotaBytes?: number } {
  const { settings, problems } = parseConfig(raw, process.env);
  if (settings === undefined) throw new Error(problems.map(({ path, message }) => `${pathText(path)}: ${message}`).join("; "));
  drainTimeoutMs = settings.gateway.drain_timeout_ms;
  return {
    ...settings,
    upstreams: { ...settings.upstreams, ...(demo && { demo: { base_url: demo.baseUrl } }) },
    segmentBytes: settings.journal.segment_bytes,
    ...(settings.journal.quota_bytes !== undefined && { quotaBytes: settings.journal.quota_bytes }),
  };
}

/** The key of each new segment is the newest then. While the file cannot be read, the one before stays in use. */
function newestKey(file: string): () => MasterKey {
  let newest = loadOrCreateKey(file);
  return () => {
    try {
      newest = loadKeys(file)[0];
    } catch (error) {
      onError(error);
    }
    return newest;
  };
}

/** What goes wrong goes wrong for every call at once: one line a second says it, the counters say how often. */
function onError(error: unknown): void {
  const now = performance.now();
  if (now - lastLogged < ERROR_LOG_EVERY_MS) return;
  lastLogged = now;
  log.error({ err: error }, "something failed beside the calls");
}

function failed(error: NodeJS.ErrnoException): void {
  send({ type: "failed", message: error.message, ...(error.code !== undefined && { code: error.code }) });
  log.error({ err: error }, "the gateway could not start");
  process.exitCode = 1;
  process.disconnect?.();
}
