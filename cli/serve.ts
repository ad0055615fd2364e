import { chmodSync, readFileSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { tokens } from "../analytics/tokens.ts";
import { loadConfig, type Overrides } from "../config/load.ts";
import { withModules } from "../config/modules.ts";
import { describeProblem } from "../config/problem.ts";
import type { Settings } from "../config/schema.ts";
import { watchFile } from "../config/watch.ts";
import { demoUpstream, type DemoUpstream } from "../demo/upstream.ts";
import type { GatewayCounts } from "../gateway/counters.ts";
import { loadOrCreateKey } from "../journal/seal.ts";
import type { PipelineCounts } from "../pipeline/counts.ts";
import { banner, farewell } from "./banner.ts";
import { child, type Child } from "./child.ts";
import { control } from "./control.ts";
import { intakeKeyFile, openDataFolder, readServeFile, type DataFolder } from "./data_folder.ts";
import { diskOf } from "./disk.ts";
import { doctor, withLivesBefore, type Doctor } from "./doctor.ts";
import { leftBehind, type LeftBehind } from "./left_behind.ts";
import type { DemoAddress, FromGateway, InForce, ToGateway, ToPipeline } from "./messages.ts";
import { outage } from "./outage.ts";
import { checkPort, explain } from "./port.ts";
import { logger } from "./process.ts";
import { silence } from "./silence.ts";
import { StartError } from "./start_error.ts";

/** Beyond the drain time, a process gets this long to write what it holds. */
const STOP_MARGIN_MS = 10_000;
/** A second signal within this time is the same one, passed on by npm or a shell. */
const SAME_SIGNAL_MS = 2000;
/** How soon it is noticed that a process of a server before this one has ended. */
const LEFT_BEHIND_EVERY_MS = 500;
/** A server whose gateways relay, at once, is announced after this also when its pipeline is not ready; a busy machine takes seconds. */
const PIPELINE_WITHIN_MS = 15_000;
/** Until it is tried again to say where everything is, on a disk that is full. */
const ANNOUNCE_AGAIN_MS = 1000;

/** Runs the server until a signal. Resolves with the exit code; rejects with a `StartError` when it cannot start. */
export async function serve(overrides: Overrides): Promise<number> {
  process.umask(0o077);
  const log = logger({ process: "supervisor" });
  const loaded = await withModules(loadConfig({ env: process.env, overrides }));
  const { settings } = loaded;
  if (settings === undefined) throw new StartError(2, loaded.problems.map(describeProblem).join("\n"));

  using folder = openDataFolder(settings.data_dir);
  await checkPort(settings.gateway.host, settings.gateway.port, "gateway.port (--port)");
  await checkPort(settings.control.host, settings.control.port, "control.port (--control-port)");
  makeKeys(folder.path);
  const left = leftBehind(readServeFile(folder.path));
  await left.pipelineGone();

  await using running = await startUp(settings, loaded.raw, folder, left, log);
  let reloading = Promise.resolve();
  const reload = (): void => {
    reloading = reloading.then(reloadOnce).catch((error: unknown) => {
      log.error({ err: error }, "the configuration could not be read again; the one before stays in force");
    });
  };
  async function reloadOnce(): Promise<void> {
    if (loaded.file !== undefined && isEmpty(loaded.file)) {
      log.warn({ file: loaded.file }, "the configuration file is empty, as when an editor has only begun to save it; nothing changes");
      return;
    }
    const again = await withModules(loadConfig({ env: process.env, overrides }));
    if (again.settings === undefined) {
      log.error({ problems: again.problems.map(describeProblem) }, "the changed configuration has problems; the one before stays in force");
      return;
    }
    running.reload(again.settings, again.raw);
    log.info("the configuration was read again and is in force");
  }
  using watching = loaded.file === undefined ? undefined : watchFile(loaded.file, reload);
  void watching;
  process.on("SIGHUP", reload);

  console.log(banner({ settings, dataDir: folder.path, dataUrl: running.dataUrl, controlUrl: running.controlUrl }));
  await signalled(["SIGINT", "SIGTERM"], running.kill);
  console.log("\nStopping: open calls are finished first.");
  const state = await running.stop();
  console.log(farewell(state, folder.path));
  return 0;
}

interface Running extends AsyncDisposable {
  readonly dataUrl: string;
  readonly controlUrl: string;
  reload(settings: Settings, raw: ReturnType<typeof loadConfig>["raw"]): void;
  /** Drains, then stores what is on its way. Resolves with the last state. */
  stop(): Promise<Doctor>;
  /** Ends all processes but this one, whatever they are doing. */
  readonly kill: () => void;
}

async function startUp(
  initial: Settings,
  initialRaw: ReturnType<typeof loadConfig>["raw"],
  folder: DataFolder,
  left: LeftBehind,
  log: Logger,
): Promise<Running> {
  let settings = initial;
  let raw = initialRaw;
  let stopping = false;
  const incarnation = `${Date.now().toString(36)}-${process.pid.toString(36)}`;
  const demo = settings.demo ? await demoUpstream({ folder: join(folder.path, "demo"), logLength: 0 }) : undefined;
  const demoAddress: { demo?: DemoAddress } = demo ? { demo: { baseUrl: demo.url } } : {};

  // Lanes that a living gateway process writes. The pipeline takes every other one for closed.
  const lanes = new Map<number, string>();
  let incarnations = 0;
  const liveLanes = (): string[] => [...lanes.values(), ...left.lanes()];
  const tellLanes = (): void => pipeline.send({ type: "lanes", live: liveLanes() });

  let port = settings.gateway.port;
  const gateways: Child<ToGateway>[] = [];
  let controlUrl = "";
  let announcing: NodeJS.Timeout | undefined;
  let unannounced = false;
  let lastOfPipeline: PipelineCounts | undefined;
  /** Of its lives that are over. */
  let pipelineBefore: PipelineCounts | undefined;

  const disk = diskOf(folder.path, settings.journal.quota_bytes);
  const down = outage(join(folder.path, "journal", "intake"));
  const pipeline: Child<ToPipeline> = child<ToPipeline>({
    name: "pipeline",
    entry: "pipeline_process.ts",
    dispensable: true,
    start() {
      if (lastOfPipeline) pipelineBefore = withLivesBefore(pipelineBefore, lastOfPipeline);
      lastOfPipeline = undefined;
      announce(); // a server after this one must know whom to wait for, ready or not
      return { type: "start", raw, dataDir: folder.path, socket: folder.pipelineSocket, live: liveLanes() };
    },
    onMessage(message) {
      if (message.type === "report") {
        lastOfPipeline = (message as unknown as { counts: PipelineCounts }).counts;
        down.reported(lastOfPipeline);
      }
      if (message.type !== "ready") return;
      down.ended();
      announce();
    },
    onExit: () => down.began(),
    log,
  });
  down.began();
  const silent = silence(pipeline, {
    onSilent(silentMs) {
      log.error(
        { child: "pipeline", silent_ms: silentMs },
        "a process runs and says nothing; calls are relayed and recorded, and wait for it",
      );
      down.began();
    },
    onHeard() {
      log.warn({ child: "pipeline" }, "a process that said nothing speaks again");
      down.ended();
    },
  });
  const answering = (): boolean => pipeline.ready && !silent.silent;
  const pipelineStarted = inTime(pipeline.started, PIPELINE_WITHIN_MS);
  const countsOf = new Map<number, GatewayCounts>();
  const countsOfGone: GatewayCounts[] = [];
  /** The newest comes last. */
  const inForce = new Map<number, InForce>();

  const dataUrl = (): string => `http://${urlHost(settings.gateway.host)}:${port}`;

  /** Says where everything is, once calls are relayed, and again when a process was replaced. */
  function announce(): void {
    if (controlUrl === "" || stopping || !relaying()) return;
    clearTimeout(announcing);
    try {
      folder.writeServeFile({
        pid: process.pid,
        pids: { gateway: gateways.flatMap(({ pid }) => pid ?? []), pipeline: pipeline.pid },
        lanes: gateways.flatMap(({ pid }, index) => (pid === undefined ? [] : (lanes.get(index) ?? []))),
        data_url: dataUrl(),
        control_url: controlUrl,
      });
      unannounced = false;
    } catch (error) {
      if (!unannounced)
        log.warn({ err: error }, "could not write run/serve.json; the commands find the server as it was before until that succeeds");
      unannounced = true;
      announcing = setTimeout(announce, ANNOUNCE_AGAIN_MS).unref();
    }
  }
  const relaying = (): boolean => gateways.length > 0 && gateways.every((each) => each.ready);
  const ready = (): boolean => answering() && relaying();

  function startGateway(index: number): Child<ToGateway> {
    return child<ToGateway>({
      name: "gateway",
      entry: "gateway_process.ts",
      start() {
        const lane = `${incarnation}-${incarnations++}`;
        lanes.set(index, lane);
        tellLanes();
        return { type: "start", raw, dataDir: folder.path, lane, port, shared: settings.gateway.processes > 1, ...demoAddress };
      },
      onMessage(each) {
        const message = each as FromGateway;
        if (message.type === "report") reported(index, message);
        if (message.type !== "ready") return;
        port = message.port;
        announce();
      },
      onExit() {
        lanes.delete(index);
        const counts = countsOf.get(index);
        if (counts) countsOfGone.push({ ...counts, open: 0 });
        countsOf.delete(index);
        inForce.delete(index);
        tellLanes();
      },
      log,
    });
  }

  function reported(index: number, report: Extract<FromGateway, { type: "report" }>): void {
    countsOf.set(index, report.counts);
    inForce.delete(index);
    if (report.inForce) inForce.set(index, report.inForce);
  }

  async function state(): Promise<Doctor> {
    const [ofPipeline] = await Promise.all([
      pipeline.report<PipelineCounts>(),
      ...gateways.map(async (each, index) => {
        const counts = await each.report<GatewayCounts>();
        if (counts) countsOf.set(index, counts);
      }),
    ]);
    lastOfPipeline = ofPipeline ?? lastOfPipeline;
    const summed = lastOfPipeline ? withLivesBefore(pipelineBefore, lastOfPipeline) : pipelineBefore;
    return doctor([...countsOfGone, ...countsOf.values()], summed, {
      inForce: [...inForce.values()].at(-1),
      pipeline: pipeline.ready ? (silent.silent ? "silent" : "ready") : "down",
      disk: await disk(),
      behind: await down.state(),
    });
  }

  async function stopChildren(): Promise<void> {
    stopping = true;
    silent[Symbol.dispose]();
    const limit = settings.gateway.drain_timeout_ms + STOP_MARGIN_MS;
    await Promise.all(gateways.map((each) => each.stop(limit)));
    // All lanes are closed now: what is in them is carried to the end and published.
    await pipeline.stop(limit);
  }

  try {
    for (let index = 0; index < settings.gateway.processes; index++) {
      const each = startGateway(index);
      gateways.push(each);
      await each.started; // the first one finds the port that all share
    }
  } catch (error) {
    await stopChildren();
    await demo?.close();
    throw error;
  }

  const access = tokens(folder.state, adminToken(process.env));
  const onError = (error: unknown): void => log.error({ err: error }, "the control plane could not answer");
  const controlOptions = { tokens: access, doctor: state, ready, answering, pipelineSocket: folder.pipelineSocket, onError };
  const [tcp, socket] = [control(controlOptions, false), control(controlOptions, true)];
  const { host } = settings.control;
  try {
    const controlPort = await listenTcp(tcp, host, settings.control.port);
    rmSync(folder.controlSocket, { force: true });
    await new Promise<void>((resolve, reject) => socket.once("error", reject).listen(folder.controlSocket, resolve));
    chmodSync(folder.controlSocket, 0o600);
    controlUrl = `http://${urlHost(host)}:${controlPort}`;
  } catch (error) {
    await stopChildren();
    await demo?.close();
    throw error;
  }
  await pipelineStarted;
  if (!pipeline.ready) log.warn("the pipeline is not ready yet; calls are relayed and recorded, and can be asked for once it is");
  announce();
  closeLanesOf(left, tellLanes);

  return {
    dataUrl: dataUrl(),
    controlUrl,
    reload(newSettings, newRaw) {
      const fixed = (each: Settings): unknown => [
        each.data_dir,
        each.gateway.host,
        each.gateway.port,
        each.gateway.processes,
        each.gateway.max_buffered_bytes,
        each.gateway.max_capture_bytes,
        each.control,
        each.journal,
        each.prices,
        each.demo,
      ];
      if (JSON.stringify(fixed(newSettings)) !== JSON.stringify(fixed(settings))) {
        log.warn(
          "data_dir, demo, gateway.host, .port, .processes, .max_buffered_bytes, .max_capture_bytes, control, journal and prices change with the next start only",
        );
      }
      settings = newSettings;
      raw = newRaw;
      for (const each of gateways) each.send({ type: "reload", raw, ...demoAddress });
      pipeline.send({ type: "reload", raw });
    },
    async stop() {
      await stopChildren();
      return state();
    },
    kill() {
      for (const each of [...gateways, pipeline]) each.kill();
    },
    async [Symbol.asyncDispose]() {
      await stopChildren();
      await closeAll([tcp, socket], demo);
    },
  };
}

/** The gateways of a server before this one may still finish calls: their lanes are closed once they have ended. */
function closeLanesOf(left: LeftBehind, tellLanes: () => void): void {
  if (left.lanes().length === 0) return;
  const timer = setInterval(() => {
    tellLanes();
    if (left.lanes().length === 0) clearInterval(timer);
  }, LEFT_BEHIND_EVERY_MS).unref();
}

/** Resolves when it is settled, whichever way, or the time is over. */
async function inTime(settled: Promise<void>, withinMs: number): Promise<void> {
  const over = new AbortController();
  await Promise.race([settled.catch(() => {}), sleep(withinMs, undefined, { signal: over.signal }).catch(() => {})]);
  over.abort();
}

async function listenTcp(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) =>
    server
      .once("error", (error) => reject(new StartError(3, explain(error, host, port, "control.port (--control-port)"))))
      .listen(port, host, resolve),
  );
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

async function closeAll(servers: readonly Server[], demo: DemoUpstream | undefined): Promise<void> {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  await demo?.close();
}

function isEmpty(file: string): boolean {
  try {
    return readFileSync(file, "utf8").trim() === "";
  } catch {
    return false; // reading it again says why
  }
}

/** Made here, before there are several processes that might each make one. */
function makeKeys(dataDir: string): void {
  for (const file of [intakeKeyFile(dataDir, process.env), join(dataDir, "keys", "user.key")]) {
    try {
      loadOrCreateKey(file);
    } catch (error) {
      throw new StartError(2, `cannot use the key file ${file}: ${(error as Error).message}; put the right one back`);
    }
  }
}

function adminToken(env: NodeJS.ProcessEnv): string | undefined {
  const file = env["SPANGATE_ADMIN_TOKEN_FILE"];
  return env["SPANGATE_ADMIN_TOKEN"] || (file ? readFileSync(file, "utf8").trim() : undefined) || undefined;
}

/** As a URL says it; an address that means "all of them" is reached by loopback. */
function urlHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

/** The first of these signals; another one, later, ends everything at once. */
async function signalled(signals: readonly NodeJS.Signals[], kill: () => void): Promise<void> {
  await new Promise<void>((resolve) => {
    let first: number | undefined;
    for (const signal of signals) {
      process.on(signal, () => {
        first ??= performance.now();
        resolve();
        if (performance.now() - first <= SAME_SIGNAL_MS) return;
        kill();
        process.exit(1);
      });
    }
  });
}
