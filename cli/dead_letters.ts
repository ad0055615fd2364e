import type { Command } from "commander";
import { client, print } from "./ask.ts";
import { json, table } from "./print.ts";
import { StartError } from "./start_error.ts";

interface Letter {
  readonly id: number;
  readonly at: string;
  readonly stage: string;
  readonly reason: string;
  readonly exchangeId?: string;
  readonly bytes: number;
}

interface Replayed {
  readonly replayed: number;
  readonly already_stored: number;
  readonly failed: number;
  readonly unknown: number;
}

/** As many as one request tries again. */
const AT_ONCE = 100;

/** Adds the commands about what could not go on. */
export function addDeadLetters(program: Command): void {
  const letters = program.command("dead-letters").description("records that could not go on, and trying them again");
  const data = ["--data <folder>", "data folder of the server (default: data_dir of the configuration)"] as const;

  letters
    .command("list")
    .description("when, where and why each could not go on; never what is in it")
    .option(...data)
    .option("--json", "as JSON")
    .action(async (options: { data?: string; json?: boolean }) => {
      const all = await list(options);
      if (options.json) return print(json(all));
      if (all.length === 0) return print("There are no dead letters.");
      const rows = all.map(({ id, at, stage, reason, exchangeId, bytes }) => [String(id), at, stage, exchangeId, bytes, reason]);
      print(table(["id", "at", "stage", "exchange_id", "bytes", "reason"], rows));
    });

  letters
    .command("replay")
    .argument("[ids...]", "as the list shows them")
    .description("tries letters again: what succeeds is stored once and its letter is gone")
    .option("--all", "all there are")
    .option(...data)
    .option("--json", "the counts as JSON")
    .action(async (ids: readonly string[], options: { all?: boolean; data?: string; json?: boolean }) => {
      if (ids.length === 0 && !options.all) throw new StartError(2, "say which: ids as `spangate dead-letters list` shows them, or --all");
      const wanted = options.all ? (await list(options)).map(({ id }) => id) : ids.map(wholeNumber);
      const sums = { replayed: 0, already_stored: 0, failed: 0, unknown: 0 };
      for (let at = 0; at < wanted.length; at += AT_ONCE) {
        const body = { ids: wanted.slice(at, at + AT_ONCE) };
        const done = (await client(options).call("POST", "/api/dead-letters/replay", body)) as Replayed;
        for (const name of ["replayed", "already_stored", "failed", "unknown"] as const) sums[name] += done[name];
      }
      print(options.json ? json(sums) : inWords(sums));
      if (sums.failed + sums.unknown > 0) process.exitCode = 1;
    });
}

async function list(options: { data?: string }): Promise<readonly Letter[]> {
  return (await client(options).call("GET", "/api/dead-letters")) as Letter[];
}

function inWords({ replayed, already_stored, failed, unknown }: Replayed): string {
  return [
    `${replayed} replayed`,
    ...(already_stored > 0 ? [`${already_stored} were stored before`] : []),
    `${failed} failed again${failed > 0 ? ": `spangate dead-letters list` says why" : ""}`,
    ...(unknown > 0 ? [`${unknown} unknown`] : []),
  ].join(", ");
}

function wholeNumber(text: string): number {
  const id = Number(text);
  if (!Number.isSafeInteger(id)) throw new StartError(2, `${JSON.stringify(text)} is no id; \`spangate dead-letters list\` shows them`);
  return id;
}
