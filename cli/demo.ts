import type { Command } from "commander";
import { StartError } from "./start_error.ts";

/** Adds the commands around the embedded upstream: running it alone, and replaying recorded conversations. */
export function addDemo(program: Command): void {
  program
    .command("demo")
    .description("runs the embedded upstream alone, for trying things without an account")
    .option("--port <port>", "port to listen on, 0 for any free one", "0")
    .action(async ({ port }: { port: string }) => {
      const { runDemo } = await import("../demo/run.ts");
      await runDemo({ port: number(port, "--port", 0, 65_535) }, console.log, interrupted());
      process.exit(0);
    });

  program
    .command("replay")
    .description("sends recorded conversations through a gateway with the real openai client, and compares the answers")
    .argument("<path>", "a .jsonl file of conversations, or the folder with conversations.jsonl")
    .option("--url <url>", "base URL to call", "http://127.0.0.1:4000/demo/v1")
    .option("--concurrency <n>", "conversations at once", "16")
    .option("--ledger <file>", "writes one JSON line for each call")
    .action(async (path: string, options: { url: string; concurrency: string; ledger?: string }) => {
      const { replay } = await import("../demo/replay.ts");
      const { exitCode } = await replay({
        path,
        url: options.url,
        concurrency: number(options.concurrency, "--concurrency", 1, 1000),
        ...(options.ledger !== undefined && { ledger: options.ledger }),
        print: console.log,
        signal: interrupted(),
      });
      process.exit(exitCode);
    });
}

function interrupted(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}

function number(text: string, option: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new StartError(2, `${option} takes a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`);
  }
  return value;
}
