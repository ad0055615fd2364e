import { Command, CommanderError } from "commander";
import { readFileSync } from "node:fs";
import { explain } from "../config/check.ts";
import { loadConfig, type Overrides } from "../config/load.ts";
import { withModules } from "../config/modules.ts";
import { addQuestions } from "./ask.ts";
import { addDeadLetters } from "./dead_letters.ts";
import { addDemo } from "./demo.ts";
import { addKeys } from "./keys.ts";
import { addPrices, priceFileProblem } from "./prices.ts";
import { printableLines } from "./print.ts";
import { addScrub } from "./scrub.ts";
import { StartError } from "./start_error.ts";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

const program = new Command("spangate")
  .description("An OpenTelemetry gateway for AI traffic.")
  .version(version)
  .exitOverride()
  .configureHelp({ showGlobalOptions: true })
  .showHelpAfterError("(spangate --help lists the commands)");

program
  .command("serve")
  .description("relays and records until Ctrl-C")
  .option("--config <file>", "configuration file (SPANGATE_CONFIG, ./spangate.yaml)")
  .option("--data <folder>", "data folder (data_dir)")
  .option("--host <address>", "where the data plane listens (gateway.host)")
  .option("--port <port>", "port of the data plane, 0 for any free one (gateway.port)")
  .option("--control-port <port>", "port of the control plane (control.port)")
  .option("--upstream <url>", "where /v1 leads: https://api.openai.com/v1")
  .option("--durability <mode>", "balanced, strict or off (durability)")
  .action(async (overrides: Overrides) => {
    const { serve } = await import("./serve.ts"); // what only the server needs is loaded by the server
    process.exit(await serve(overrides));
  });

program
  .command("check")
  .description("says everything that is wrong with the configuration, or what is in effect")
  .option("--config <file>", "configuration file (SPANGATE_CONFIG, ./spangate.yaml)")
  .action(async (overrides: Overrides) => {
    const loaded = await withModules(loadConfig({ env: process.env, overrides }));
    const problem = await priceFileProblem(loaded.settings?.prices.overrides);
    process.stdout.write(`${problem ?? explain(loaded)}\n`);
    if (loaded.settings === undefined || problem !== undefined) process.exitCode = 2;
  });

// Who reads our answer may have seen enough, as `head` has: that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

addQuestions(program);
addDeadLetters(program);
addKeys(program);
addPrices(program);
addDemo(program);
addScrub(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2; // it has printed what is wrong
  else if (error instanceof StartError) {
    process.stderr.write(`${printableLines(error.message)}\n`);
    process.exitCode = error.exitCode;
  } else {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  }
}
