import { spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { budget, rowVerdict } from "./budget.ts";
import { startUpstream } from "./load.ts";
import { checkMachine, describeMachine } from "./machine.ts";
import { measure, warmUp, type Round, type Setting } from "./measure.ts";
import { keepToLoadCore } from "./process.ts";
import { PROXIES } from "./proxies.ts";
import type { Proxy, ProxyOptions, Running } from "./proxy.ts";
import { report } from "./report.ts";
import { complaints, mediansOf, spreadsOf, type Participant, type Result, type Row } from "./result.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";
import { CACHE, compileTools } from "./tools.ts";

const USAGE = `npm run bench -- [options]
  --json F            writes all figures to F as JSON
  --only a,b          scenarios: ${SCENARIOS.map(({ name }) => name).join(", ")}
  --proxies a,b       of ${PROXIES.map(({ name }) => name).join(", ")}
  --rounds N          rounds of each (3)
  --quick             one round, short: whether all of it works, not how fast it is
  --report F          where the page goes; a whole run writes docs/benchmarks.md without being told
  --micro             the steps alone instead, by vitest bench`;

const PAGE = fileURLToPath(new URL("../docs/benchmarks.md", import.meta.url));
const FIRST_ID = 100_000_000;
/** Code is compiled and caches are full after that. */
const WARM_UP_SECONDS = 2.5;
const AGAIN_SECONDS = 0.5;
const QUICK_SECONDS = 1;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      json: { type: "string" },
      only: { type: "string" },
      proxies: { type: "string" },
      rounds: { type: "string" },
      quick: { type: "boolean", default: false },
      report: { type: "string" },
      micro: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (values.micro) return await microBenchmarks();
  const scenarios = chosen(SCENARIOS, values.only, "--only");
  const proxies = chosen(PROXIES, values.proxies, "--proxies");
  const whole = scenarios.length === SCENARIOS.length && proxies.length === PROXIES.length && !values.quick;
  const page = values.report ?? (whole ? PAGE : undefined);

  const result = await run(proxies, scenarios, values.quick ? 1 : Number(values.rounds ?? 3), values.quick);
  const text = report(result, scenarios);
  console.log(`\n${text}`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, undefined, 2)}\n`);
  if (page !== undefined) writeFileSync(page, text);
  const wrong = complaints(result);
  for (const each of wrong) console.error(each);
  return wrong.length > 0 ? 1 : 0;
}

async function run(proxies: readonly Proxy[], scenarios: readonly Scenario[], rounds: number, quick: boolean): Promise<Result> {
  checkMachine();
  const startedAt = new Date();
  const tools = compileTools();
  const folder = join(CACHE, `run-${process.pid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });

  const resources = new AsyncDisposableStack();
  let ending: Promise<void> | undefined;
  const end = (): Promise<void> => (ending ??= resources.disposeAsync());
  resources.defer(() => rmSync(folder, { recursive: true, force: true }));
  const stopping = new AbortController();
  const stopped = (): void => {
    stopping.abort(new Error("stopped"));
    console.error("stopped; ending what was started");
    void end().finally(() => process.exit(130));
  };
  process.once("SIGINT", stopped).once("SIGTERM", stopped);

  try {
    const upstream = resources.use(await startUpstream(tools.upstream));
    const setting: Setting = { tool: tools.load, upstream, ids: { next: FIRST_ID } };
    const { participants, running } = await startAll(proxies, { upstream, tools, folder }, resources);
    keepToLoadCore();
    const rows: Row[] = [];
    for (const scenario of scenarios) rows.push(...(await compare(scenario, running, { rounds, quick, setting, signal: stopping.signal })));
    const medians = mediansOf(rows, participants);
    return {
      started_at: startedAt.toISOString(),
      minutes: (Date.now() - startedAt.getTime()) / 60_000,
      command: ["npm run bench --", ...process.argv.slice(2)].join(" "),
      rounds,
      machine: describeMachine(folder),
      participants,
      rows,
      budget: budget(medians).map((row) => ({ ...row, verdict: rowVerdict(row) })),
    };
  } finally {
    await end();
  }
}

/** Starts all that can be had here, and says why the others are missing. */
async function startAll(
  proxies: readonly Proxy[],
  options: ProxyOptions,
  resources: AsyncDisposableStack,
): Promise<{ readonly participants: readonly Participant[]; readonly running: ReadonlyMap<string, Running> }> {
  const participants: Participant[] = [];
  const running = new Map<string, Running>();
  for (const proxy of proxies) {
    const { name, title } = proxy;
    console.error(`starting ${name}`);
    try {
      const each = resources.use(await proxy.start({ ...options, folder: join(options.folder, name) }));
      running.set(name, each);
      participants.push({ name, title, version: each.version, ...(each.idle.rss_mb > 0 && { idle_mb: each.idle.rss_mb }) });
    } catch (error) {
      participants.push({ name, title, version: "", absent: (error as Error).message });
      console.error(`${title} does not take part: ${(error as Error).message}`);
    }
  }
  return { participants, running };
}

interface CompareOptions {
  readonly rounds: number;
  readonly quick: boolean;
  readonly setting: Setting;
  readonly signal: AbortSignal;
}

/** One scenario through every proxy, round after round, the order reversed each time. */
async function compare(scenario: Scenario, all: ReadonlyMap<string, Running>, options: CompareOptions): Promise<readonly Row[]> {
  const names = [...all.keys()].filter((name) => scenario.proxies?.includes(name) ?? true);
  const rounds = new Map<string, Round[]>(names.map((name) => [name, []]));
  const failures = new Map<string, string>();
  const { setting, quick } = options;
  for (let round = 0; round < options.rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      options.signal.throwIfAborted();
      const running = all.get(name);
      if (running === undefined || failures.has(name)) continue;
      try {
        if (!quick) await warmUp(running, scenario, round > 0 ? AGAIN_SECONDS : WARM_UP_SECONDS, setting);
        const measured = await measure(running, scenario, quick ? QUICK_SECONDS : scenario.seconds, setting);
        rounds.get(name)?.push(measured);
        console.error(progress(scenario, name, round, measured));
      } catch (error) {
        failures.set(name, (error as Error).message);
        console.error(`${scenario.name}, ${name}: ${(error as Error).message}`);
      }
    }
  }
  return names.map((name) => {
    const own = rounds.get(name) ?? [];
    const failure = failures.get(name);
    return { scenario: scenario.name, proxy: name, rounds: own, ...(failure !== undefined && { failure }), spreads: spreadsOf(own) };
  });
}

function progress(scenario: Scenario, name: string, round: number, { figures, asked, failed }: Round): string {
  const cpu = figures.gateway_event_us ?? figures.gateway_us;
  const said =
    cpu === undefined ? "" : `, gateway CPU ${cpu.toFixed(1)} µs/${figures.gateway_event_us === undefined ? "exchange" : "event"}`;
  return `${scenario.name}, round ${round + 1}, ${name}: ${asked} exchanges, ${failed} failed${said}`;
}

function chosen<Item extends { readonly name: string }>(all: readonly Item[], names: string | undefined, option: string): readonly Item[] {
  if (names === undefined) return all;
  return names.split(",").map((name) => {
    const item = all.find((each) => each.name === name);
    if (item === undefined) throw new Error(`${option}: there is no ${name}; there are ${all.map((each) => each.name).join(", ")}`);
    return item;
  });
}

function microBenchmarks(): Promise<number> {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const vitest = join(root, "node_modules/.bin/vitest");
  const child = spawn(vitest, ["bench", "--run", "--config", "bench/vitest.config.ts"], { cwd: root, stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
}
