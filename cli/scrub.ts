import type { Command } from "commander";
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { detector } from "../processors/scrub/detector.ts";
import type { Finding } from "../processors/scrub/finding.ts";
import { findAll } from "../processors/scrub/long_text.ts";
import { ofDetector, scrubOptions, type ScrubOptions } from "../processors/scrub/options.ts";
import { scrubText } from "../processors/scrub/scrub_text.ts";
import { json, printable, table } from "./print.ts";
import { settingsOf } from "./settings.ts";
import { StartError } from "./start_error.ts";

/** A finding as somebody reads it: where in the file, and what. */
interface Shown extends Finding {
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

interface ScrubFlags {
  readonly json?: boolean;
  readonly text?: boolean;
  readonly check?: boolean;
  readonly config?: string;
}

/** Adds the command that shows what the scrubber would take out of a text. */
export function addScrub(program: Command): void {
  program
    .command("scrub")
    .description("what the scrubber finds in a file, with the options of the configuration; nothing is sent or stored")
    .argument("<file>", "any text; - reads standard input")
    .option("--json", "findings with their offsets, as JSON")
    .option("--text", "the text as it would be stored, instead of a list")
    .option("--check", "ends with 1 when something was found")
    .option("--config <file>", "configuration file (SPANGATE_CONFIG, ./spangate.yaml)")
    .action(async (file: string, flags: ScrubFlags) => {
      const options = optionsOf(flags);
      const text = await contentsOf(file);
      if (flags.text) {
        const { text: stored, found } = scrubText(text, options);
        process.stdout.write(stored);
        if (flags.check && found > 0) process.exitCode = 1;
        return;
      }
      const findings = shown(
        text,
        findAll(detector(ofDetector(options)), text, () => false),
      );
      process.stdout.write(
        `${flags.json ? json({ file, characters: text.length, counts: countsOf(findings), findings }) : list(findings)}\n`,
      );
      if (flags.check && findings.length > 0) process.exitCode = 1;
    });
}

async function contentsOf(file: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(await (file === "-" ? buffer(process.stdin) : readFile(file)));
  } catch (error) {
    throw new StartError(2, `cannot read ${file}: ${(error as Error).message}`);
  }
}

function optionsOf({ config }: ScrubFlags): ScrubOptions {
  return settingsOf(config).processors.find((each) => each.use === "scrub") ?? scrubOptions.parse({ use: "scrub" });
}

function shown(text: string, findings: readonly Finding[]): readonly Shown[] {
  let line = 1;
  let lineStart = 0;
  let lineEnd = endOfLine(text, 0);
  return findings.map((finding) => {
    for (; lineEnd < finding.start; line++) {
      lineStart = lineEnd + 1;
      lineEnd = endOfLine(text, lineStart);
    }
    return { ...finding, line, column: finding.start - lineStart + 1, text: text.slice(finding.start, finding.end) };
  });
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

function countsOf(findings: readonly Finding[]): { readonly [type: string]: number } {
  const counts = new Map<string, number>();
  for (const { type } of findings) counts.set(type, (counts.get(type) ?? 0) + 1);
  return Object.fromEntries([...counts].toSorted(([, one], [, other]) => other - one));
}

function list(findings: readonly Shown[]): string {
  if (findings.length === 0) return "Nothing was found.";
  const rows = findings.map(({ type, line, column, text }) => [`${line}:${column}`, type, printable(text)]);
  const counts = Object.entries(countsOf(findings)).map(([type, count]) => `${count} ${type}`);
  return `${table(["where", "type", "text"], rows)}\n\n${findings.length} found: ${counts.join(", ")}`;
}
