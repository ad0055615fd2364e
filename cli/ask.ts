import type { Command } from "commander";
import { loadConfig } from "../config/load.ts";
import { controlClient, type ControlClient } from "./client.ts";
import { diagnosis } from "./diagnosis.ts";
import type { Doctor } from "./doctor.ts";
import { csv, json, printable, table } from "./print.ts";
import { StartError } from "./start_error.ts";

type Row = { readonly [column: string]: unknown };

/** What a list of calls shows of each; `--json` has every column. */
const LISTED = [
  "start_time",
  "name",
  "outcome",
  "ending",
  "http_status",
  "duration",
  "ttft",
  "tokens_in",
  "tokens_out",
  "cost_usd",
  "user",
  "conversation",
  "exchange_id",
];

/** As many as the API gives at once; for more, ask by SQL. */
const MOST_SPANS = 10_000;

/** Adds the commands that ask a running server. */
export function addQuestions(program: Command): void {
  const question = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option("--data <folder>", "data folder of the server (default: data_dir of the configuration)");

  question("spans", "the newest calls of models")
    .option("--last <n>", "how many", "20")
    .option("--all", "HTTP spans too")
    .option("--json", "every column, as JSON")
    .action(async (options: { last: string; all?: boolean; json?: boolean; data?: string }) => {
      const limit = wholeNumber(options.last, "--last");
      const rows = (await client(options).call("GET", `/api/spans?limit=${limit}&all=${options.all === true}`)) as Row[];
      print(options.json ? json(rows) : rows.length === 0 ? "Nothing was recorded yet." : table(LISTED, rows.map(listed)));
    });

  for (const [name, description] of [
    ["span", "one span in full, or all spans of an exchange or response"],
    ["trace", "all spans of a trace, as a tree"],
  ] as const) {
    question(name, description)
      .argument("<id>", "id of a span, exchange, trace or response")
      .option("--json", "every column, as JSON")
      .action(async (id: string, options: { json?: boolean; data?: string }) => {
        const rows = (await client(options).call("GET", `/api/spans/${encodeURIComponent(id)}`)) as Row[];
        if (options.json) print(json(rows));
        else print(name === "trace" ? tree(rows).join("\n") : rows.map(inFull).join("\n\n"));
      });
  }

  question("sql", "rows of one SELECT over the view spans")
    .argument("<statement>")
    .option("--json", "rows as JSON objects; decimals and big integers are text")
    .option("--csv", "rows as CSV")
    .action(async (statement: string, options: { json?: boolean; csv?: boolean; data?: string }) => {
      const answer = (await client(options).call("POST", "/api/sql", { sql: statement })) as {
        columns: string[];
        rows: unknown[][];
        truncated: boolean;
      };
      const { columns, rows, truncated } = answer;
      if (options.json) print(json(rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i]])))));
      else if (options.csv) process.stdout.write(csv(columns, rows));
      else print(table(columns, rows));
      if (truncated) console.error(`only the first ${rows.length} rows are shown; add a LIMIT or aggregate`);
    });

  question("doctor", "what was seen since the start, where it went, and what is on its way")
    .option("--json", "as JSON")
    .action(async (options: { json?: boolean; data?: string }) => {
      const state = (await client(options).call("GET", "/api/doctor")) as Doctor;
      print(options.json ? json(state) : diagnosis(state));
    });

  const token = program.command("token").description("tokens of the control plane");
  const dataOption = ["--data <folder>", "data folder of the server"] as const;
  token
    .command("create")
    .argument("<name>", "whose it is")
    .option(...dataOption)
    .description("makes a token; it is shown this once")
    .action(async (name: string, options: { data?: string }) => {
      const made = (await client(options).call("POST", "/api/tokens", { name })) as { token: string };
      print(made.token);
    });
  token
    .command("list")
    .option(...dataOption)
    .option("--json", "as JSON")
    .action(async (options: { data?: string; json?: boolean }) => {
      const all = (await client(options).call("GET", "/api/tokens")) as Row[];
      print(
        options.json
          ? json(all)
          : table(
              ["id", "name", "created_at"],
              all.map((each) => [each["id"], each["name"], each["created_at"]]),
            ),
      );
    });
  token
    .command("revoke")
    .argument("<id>")
    .option(...dataOption)
    .action(async (id: string, options: { data?: string }) => {
      await client(options).call("DELETE", `/api/tokens/${encodeURIComponent(id)}`);
      print(`revoked ${printable(id)}`);
    });
}

export function client({ data }: { readonly data?: string | undefined }): ControlClient {
  const { env } = process;
  if (data === undefined && env["SPANGATE_CONTROL_URL"]) {
    return controlClient({ dataDir: ".", url: env["SPANGATE_CONTROL_URL"], token: env["SPANGATE_TOKEN"] });
  }
  return controlClient({ dataDir: dataDirOf({ data }) });
}

/** Only the folder is wanted: a configuration with problems must not keep anyone from asking what goes on. */
export function dataDirOf({ data }: { readonly data?: string | undefined }): string {
  const { raw } = loadConfig({ env: process.env, overrides: data === undefined ? {} : { data } });
  return typeof raw["data_dir"] === "string" ? raw["data_dir"] : "./data";
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function wholeNumber(text: string, option: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > MOST_SPANS)
    throw new StartError(2, `${option} takes a whole number from 1 to ${MOST_SPANS}, not ${JSON.stringify(text)}`);
  return value;
}

function listed(row: Row): unknown[] {
  return [
    String(row["start_time"]).slice(0, 23),
    row["name"],
    row["outcome"],
    row["ending"],
    row["http_status"],
    milliseconds(row["duration_ns"]),
    milliseconds(row["ttft_ns"]),
    total(row, ["tokens_in_uncached", "tokens_cache_read", "tokens_cache_write_5m", "tokens_cache_write_1h", "tokens_in_audio"]),
    total(row, ["tokens_out_text", "tokens_reasoning", "tokens_out_audio", "tokens_out_image"]),
    typeof row["cost_usd"] === "string" ? row["cost_usd"].replace(/\.?0+$/, "") : null,
    typeof row["user_key"] === "string" ? row["user_key"].slice(0, 8) : null,
    row["conversation_id"],
    row["exchange_id"],
  ];
}

function milliseconds(ns: unknown): string | null {
  return ns === null || ns === undefined ? null : `${(Number(ns) / 1e6).toFixed(1)} ms`;
}

/** Null, not 0, when none of them is known. */
function total(row: Row, columns: readonly string[]): number | null {
  const known = columns.map((column) => row[column]).filter((value) => value !== null && value !== undefined);
  return known.length === 0 ? null : known.reduce((sum: number, value) => sum + Number(value), 0);
}

/** Every column that says something, a line each. */
function inFull(row: Row): string {
  const entries = Object.entries(row).filter(([, value]) => value !== null);
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries
    .map(
      ([name, value]) =>
        `${name.padEnd(width)}  ${printable(typeof value === "object" ? JSON.stringify(value) : String(value as string | number | boolean))}`,
    )
    .join("\n");
}

function text(value: unknown): string {
  return typeof value === "string" ? printable(value) : "";
}

/** Children under their parents; a span whose parent is elsewhere stands at the root. */
function tree(rows: readonly Row[], parent?: unknown, depth = 0): string[] {
  const ids = new Set(rows.map((row) => row["span_id"]));
  return rows
    .filter((row) => (depth === 0 ? !ids.has(row["parent_span_id"]) : row["parent_span_id"] === parent))
    .flatMap((row) => [
      `${"  ".repeat(depth)}${text(row["name"])}  ${text(row["kind"])}  ${text(row["outcome"])}  ${milliseconds(row["duration_ns"]) ?? ""}  ${text(row["span_id"])}`,
      ...tree(rows, row["span_id"], depth + 1),
    ]);
}
