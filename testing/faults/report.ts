import { cpus, release, type } from "node:os";
import { figuresText, type Outcome } from "./outcome.ts";

export interface ReportOptions {
  readonly seed: number;
  /** The command that runs the same again. */
  readonly command: string;
  readonly at: Date;
  /** Of Spangate. */
  readonly version: string;
}

/** The page `docs/faults.md`. */
export function report(outcomes: readonly Outcome[], { seed, command, at, version }: ReportOptions): string {
  const seconds = outcomes.reduce((sum, each) => sum + each.seconds, 0);
  const failed = outcomes.filter(({ failure }) => failure).length;
  return `# Faults

What Spangate was put through, what must hold then, and what came of it. This page is written by the run itself: \`${command}\`
makes the same faults again (with \`--resume\` without the rows that held already), \`npm run test:faults -- --seed N --only F01\` those of one row. A row whose faults did not
really happen fails, as does one with a call that is lost, twice, or stored otherwise than the client had it.

- ${at.toISOString().slice(0, 10)}, Spangate ${version}, Node ${process.version}, ${type()} ${release()}, ${cpus().length} × ${cpus()[0]?.model ?? "unknown processor"}
- seed ${seed}; ${outcomes.length} rows in ${Math.round(seconds)} s; ${failed === 0 ? "all hold" : `**${failed} do not hold**`}

| row | what goes wrong | what must hold | happened | measured | seconds | result |
| --- | --- | --- | ---: | --- | ---: | --- |
${outcomes.map(line).join("\n")}
`;
}

function line({ fault, injected, figures, seconds, failure }: Outcome): string {
  const result = failure === undefined ? "holds" : `**does not hold**: ${failure.message.split("\n")[0]}`;
  const cells = [fault.id, fault.title, fault.holds, String(injected), figuresText(figures), seconds.toFixed(1), result];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}
