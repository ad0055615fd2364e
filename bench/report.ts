import { verdict, type Limit } from "./budget.ts";
import { FIGURES, type Figure } from "./figures.ts";
import type { Result, Row } from "./result.ts";
import type { Scenario } from "./scenarios.ts";
import { isWhole, type Stored } from "./stored.ts";
import type { Spread } from "./summary.ts";

/** What is compared with nginx and with Portkey, and with which figure of theirs: they are one process each. */
const COMPARED: { readonly [figure in Figure]?: Figure } = {
  gateway_us: "gateway_us",
  gateway_event_us: "gateway_event_us",
  all_us: "gateway_us",
  all_event_us: "gateway_event_us",
};

/** The run as a page of Markdown. */
export function report(result: Result, scenarios: readonly Scenario[]): string {
  const { machine } = result;
  return [
    "# Benchmarks",
    "",
    "Written by `npm run bench`; read the ratios, the absolute figures are this machine's.",
    "",
    `- ${result.started_at}, ${result.minutes.toFixed(1)} minutes, ${result.rounds} rounds each, order reversed from round to round: \`${result.command}\``,
    `- ${machine.cpu}, ${machine.cores} cores, ${machine.memory_gib} GiB, ${machine.system}, Linux ${machine.kernel}, ${machine.file_system}; Node ${machine.node}, Spangate ${machine.commit}`,
    `- The load and the upstream run on core 0, what is measured, with all its threads and children, on core 1${machine.preferred ? ", above other work on the machine" : ""}. Plain HTTP/1.1 on loopback, kept alive.`,
    "- CPU is the time on a core of every thread (`schedstat`). *All* is gateway, pipeline and supervisor until the rows are in Parquet files.",
    "- At a fixed rate latency counts from the moment a request was to begin. *Hop* is from the upstream's writing an event to the client's reading it.",
    "- A cell is the median, then the lowest and the highest round. Every reply is compared byte for byte with what the upstream sent, every row with its exchange.",
    "",
    "## Who took part",
    "",
    table(
      ["", "version, or what it says is in force", "memory idle"],
      result.participants.map(({ title, version, idle_mb, absent }) => [
        title,
        absent ?? version,
        idle_mb ? `${idle_mb.toFixed(0)} MB` : "",
      ]),
    ),
    "",
    "## Budget",
    "",
    budgetTable(result),
    "",
    ...scenarios.flatMap((scenario) => scenarioSection(scenario, result)),
  ].join("\n");
}

function budgetTable({ budget }: Result): string {
  return table(
    ["what", "hold", "reach", "measured", "verdict"],
    budget.map(({ what, limits, verdict: overall }) => [
      what,
      limits.map((limit) => `${sign(limit)} ${short(limit.hold)} ${limit.what}`).join(", "),
      limits
        .map((limit) => (limit.reach === undefined ? "" : `${sign(limit)} ${short(limit.reach)}`))
        .filter(Boolean)
        .join(", "),
      limits.map((limit) => (limit.value === undefined ? "-" : `${short(limit.value)} (${verdict(limit)})`)).join(", "),
      overall,
    ]),
  );
}

function scenarioSection(scenario: Scenario, { rows, participants }: Result): readonly string[] {
  const own = rows.filter((row) => row.scenario === scenario.name);
  if (own.length === 0) return [];
  const figures = scenario.shows.filter((figure) => own.some(({ spreads }) => spreads[figure]));
  const columns = figures.flatMap((figure): Column[] => [
    { title: FIGURES[figure].title, cell: ({ spreads }) => cell(spreads[figure], FIGURES[figure].digits) },
    ...comparisons(figure, own),
  ]);
  const title = (name: string): string => participants.find((each) => each.name === name)?.title ?? name;
  const body = own.map((row) => [title(row.proxy), ...columns.map((column) => column.cell(row)), endings(row), record(row)]);
  const tables = table(["", ...columns.map((column) => column.title), "exchanges", "stored = sent"], body);
  return [`## ${scenario.title}`, "", tables, ""];
}

interface Column {
  readonly title: string;
  cell(row: Row): string;
}

/** A figure over that of nginx, and over that of Portkey. */
function comparisons(figure: Figure, rows: readonly Row[]): readonly Column[] {
  const theirs = COMPARED[figure];
  if (theirs === undefined) return [];
  return [
    { proxy: "nginx", title: "× nginx" },
    { proxy: "portkey", title: "of Portkey" },
  ].flatMap(({ proxy, title }) => {
    const base = rows.find((row) => row.proxy === proxy)?.spreads[theirs]?.median;
    if (base === undefined) return [];
    return [{ title, cell: ({ spreads }: Row) => (spreads[figure] ? short(spreads[figure].median / base) : "") }];
  });
}

function endings({ rounds, failure }: Row): string {
  if (failure !== undefined) return oneLine(failure);
  const sum = (of: (round: Row["rounds"][number]) => number): number => rounds.reduce((total, round) => total + of(round), 0);
  return [
    String(sum(({ asked }) => asked)),
    ...[
      [sum(({ failed }) => failed), "failed"],
      [sum(({ changed_requests }) => changed_requests), "requests changed"],
      [sum(({ changed_replies }) => changed_replies), "replies changed"],
    ].flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`])),
  ].join(", ");
}

function record({ rounds }: Row): string {
  const all = rounds.flatMap(({ stored }) => stored ?? []);
  if (all.length === 0) return "";
  const broken = all.filter((stored) => !isWhole(stored));
  if (broken.length > 0) return broken.map(difference).join("; ");
  const compared = all.every(({ different }) => different !== undefined) ? ", texts equal" : "";
  return `${all.reduce((sum, { sent }) => sum + sent, 0)}${compared}`;
}

function difference({ sent, missing, duplicated, misjudged, different, dropped }: Stored): string {
  const reasons = Object.entries(dropped).map(([reason, count]) => `${count} dropped: ${reason}`);
  return [
    `of ${sent}: ${missing} missing`,
    `${duplicated} twice`,
    `${misjudged} with another ending`,
    ...(different === undefined ? [] : [`${different} with another text`]),
    ...reasons,
  ].join(", ");
}

function cell(each: Spread | undefined, digits: number): string {
  if (each === undefined) return "";
  const { median, min, max } = each;
  if (!Number.isFinite(median)) return "not seen";
  const alone = min === max ? "" : ` (${min.toFixed(digits)}–${max.toFixed(digits)})`;
  return `${median.toFixed(digits)}${alone}`;
}

function sign({ atLeast }: Limit): string {
  return atLeast ? "≥" : "≤";
}

function oneLine(text: string): string {
  return text.replaceAll(/[\s|]+/g, " ").slice(0, 200);
}

/** Three digits that count. */
function short(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** Markdown that also reads well unrendered. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? "").padEnd(width)).join(" | ")} |`;
  return [line(head), `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...rows.map(line)].join("\n");
}
