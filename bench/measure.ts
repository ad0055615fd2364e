import { setTimeout } from "node:timers/promises";
import { cpuUs, forgetPeak, readCpu, readMemory } from "./cpu.ts";
import type { Figures } from "./figures.ts";
import { load, type LoadReport, type Upstream, type UpstreamStats } from "./load.ts";
import type { Running } from "./proxy.ts";
import type { Scenario } from "./scenarios.ts";
import { caughtUp, compareStored, readableAfter, type Stored } from "./stored.ts";
import { percentile } from "./summary.ts";

export interface Setting {
  readonly tool: string;
  readonly upstream: Upstream;
  /** The first id of the next load. */
  readonly ids: { next: number };
}

/** A stream that the upstream still writes after that counts as never closed. */
const ABORT_SEEN_WITHIN_MS = 1000;

/** One scenario through one proxy, once. */
export interface Round {
  readonly figures: Figures;
  readonly asked: number;
  readonly failed: number;
  readonly changed_requests: number;
  readonly changed_replies: number;
  readonly stored?: Stored;
}

/** Lets traffic flow until code is compiled and connections are there, and what was recorded of it is stored. */
export async function warmUp(running: Running, scenario: Scenario, seconds: number, setting: Setting): Promise<void> {
  await drive(running, scenario, seconds, setting);
  if (running.record && running.record.durability !== "off") await caughtUp(running.record);
}

export async function measure(running: Running, scenario: Scenario, seconds: number, setting: Setting): Promise<Round> {
  const { gateway, pipeline, other } = running.pids;
  const record = running.record?.durability === "off" ? undefined : running.record;
  const dropped = (await record?.state())?.dropped;
  await setting.upstream.stats();
  forgetPeak([...gateway, ...pipeline]);
  const since = new Date();
  const before = { gateway: readCpu(gateway), pipeline: readCpu(pipeline), other: readCpu(other) };
  if (scenario.backlog) signal(pipeline, "SIGSTOP");
  let report: LoadReport;
  try {
    report = await drive(running, scenario, seconds, setting);
  } finally {
    if (scenario.backlog) signal(pipeline, "SIGCONT");
  }
  const resumedMs = performance.now();
  const gatewayUs = cpuUs(before.gateway, readCpu(gateway));
  const gatewayPeak = readMemory(gateway).peak_mb;
  if (scenario.abortAfter !== undefined) await setTimeout(ABORT_SEEN_WITHIN_MS);
  const stats = await setting.upstream.stats();

  let readableMs: number | undefined;
  let drainMs: number | undefined;
  let stored: Stored | undefined;
  if (record) {
    if (scenario.readable) readableMs = await readableAfter(record, report);
    const state = await caughtUp(record);
    drainMs = performance.now() - resumedMs;
    stored = await compareStored(record, scenario, report, setting.upstream, since, increase(dropped ?? {}, state.dropped));
  }
  const pipelineUs = cpuUs(before.pipeline, readCpu(pipeline));
  const allUs = cpuUs(before.gateway, readCpu(gateway)) + pipelineUs + cpuUs(before.other, readCpu(other));
  const measured = gateway.length > 0;
  const carried = record !== undefined && !scenario.readable;
  return {
    figures: {
      ...clientFigures(scenario, report, stats),
      ...(measured && { gateway_us: gatewayUs / report.completed, gateway_peak_mb: gatewayPeak }),
      ...(measured && report.events > 0 && { gateway_event_us: gatewayUs / report.events }),
      ...(carried && { pipeline_us: pipelineUs / report.completed, all_us: allUs / report.completed }),
      ...(carried && report.events > 0 && { all_event_us: allUs / report.events }),
      ...(record && { pipeline_peak_mb: readMemory(pipeline).peak_mb }),
      ...(readableMs !== undefined && { readable_ms: readableMs }),
      ...(scenario.backlog && drainMs !== undefined && { drain_per_s: (report.completed / drainMs) * 1000 }),
    },
    asked: report.asked,
    failed: report.bad_status + report.broken + report.unfinished,
    changed_requests: stats.changed,
    changed_replies: report.changed,
    ...(stored && { stored }),
  };
}

async function drive(running: Running, scenario: Scenario, seconds: number, { tool, ids }: Setting): Promise<LoadReport> {
  const { script, connections, rate, abortAfter, rampMs, streamed } = scenario;
  const report = await load({
    tool,
    port: (streamed && running.streamPort) || running.port,
    headers: running.headers,
    script,
    seconds,
    connections,
    firstId: ids.next,
    ...(rate !== undefined && { rate }),
    ...(abortAfter !== undefined && { abortAfter }),
    ...(rampMs !== undefined && { rampMs }),
  });
  ids.next = report.next_id;
  if (report.completed === 0) throw new Error(`not one of ${report.asked} exchanges came to its end`);
  return report;
}

function clientFigures(scenario: Scenario, report: LoadReport, stats: UpstreamStats): Figures {
  const { latency_us: latency, first_byte_us: firstByte, hop_us: hop } = report;
  const paced = scenario.script === "paced"; // it lasts as long as the upstream takes
  return {
    ...(!paced && { rps: report.rps, latency_p50_us: latency?.p50, latency_p90_us: latency?.p90, latency_p99_us: latency?.p99 }),
    ...(scenario.streamed && { first_byte_p50_us: firstByte?.p50, first_byte_p99_us: firstByte?.p99 }),
    ...(hop && { events_per_s: report.events / report.seconds, hop_p50_us: hop.p50, hop_p99_us: hop.p99 }),
    ...(scenario.abortAfter !== undefined && abortFigures(report, stats)),
  };
}

/** How long after the client left the upstream saw its stream closed. */
function abortFigures(report: LoadReport, stats: UpstreamStats): Figures {
  const closed = new Map(stats.closed_early);
  const delays = report.aborted.map(([id, leftUs]) => ((closed.get(id) ?? Infinity) - leftUs) / 1000);
  return { abort_p50_ms: percentile(delays, 0.5), abort_p99_ms: percentile(delays, 0.99) };
}

function increase(before: { readonly [reason: string]: number }, after: { readonly [reason: string]: number }): Stored["dropped"] {
  const more = Object.entries(after).map(([reason, count]) => [reason, count - (before[reason] ?? 0)] as const);
  return Object.fromEntries(more.filter(([, count]) => count > 0));
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) process.kill(pid, name);
}
