import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { faults } from "./index.ts";
import { keptOutcomes } from "./kept_outcomes.ts";
import { figuresText, runFault, type Outcome } from "./outcome.ts";
import { report } from "./report.ts";

// Runs the rows of the fault matrix, and writes docs/faults.md once all rows of the long tier have run.

const USAGE = `usage: npm run test:faults -- [options]
  --seed N           the same faults again; a random one is chosen without it
  --only F01,F24     these rows
  --tier fast|long   as many faults as in \`npm test\`, or the long run (the default)
  --count N          so many faults in each row
  --resume           rows that held with this seed, in a run that was broken off, are not run again`;
const PAGE = new URL("../../docs/faults.md", import.meta.url);
const PACKAGE = new URL("../../package.json", import.meta.url);

const { seed, only, tier, count, resume } = readOptions();
const kept = keptOutcomes(new URL(`../../.cache/faults/${tier}-${seed}.json`, import.meta.url));
const rows = faults.filter(({ id }) => only === undefined || only.includes(id));
const again = (id = only?.join(",")): string =>
  `npm run test:faults -- --seed ${seed}${id === undefined ? "" : ` --only ${id}`}${tier === "long" ? "" : ` --tier ${tier}`}${count === undefined ? "" : ` --count ${count}`}`;

console.log(`${rows.length} rows, ${tier} tier, seed ${seed}: ${again()}`);
const outcomes: Outcome[] = [];
for (const fault of rows) {
  const asked = count ?? fault[tier];
  if (asked === 0) {
    console.log(`${fault.id}  left to the ${tier === "fast" ? "long" : "fast"} tier`);
    continue;
  }
  const before = resume ? kept.find(fault, asked) : undefined;
  const outcome = before ?? (await runFault(fault, { seed, count: asked }));
  outcomes.push(outcome);
  kept.keep(outcome, asked);
  const { injected, figures, seconds, failure } = outcome;
  console.log(
    `${fault.id}  ${failure ? "FAILS" : "holds"}  ${injected} × ${fault.title}; ${figuresText(figures)} (${seconds.toFixed(1)} s)`,
  );
  if (failure) console.error(`${failure.stack ?? failure.message}\n  seed ${seed}; to repeat: ${again(fault.id)}`);
}

if (tier === "long" && only === undefined && count === undefined) {
  const { version } = JSON.parse(await readFile(PACKAGE, "utf8")) as { version: string };
  await writeFile(PAGE, report(outcomes, { seed, command: again(), at: new Date(), version }));
  console.log("wrote docs/faults.md");
}
process.exitCode = outcomes.some(({ failure }) => failure) ? 1 : 0;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
        only: { type: "string" },
        tier: { type: "string", default: "long" },
        count: { type: "string" },
        resume: { type: "boolean", default: false },
      },
    });
    const only = values.only?.split(",").map((id) => id.trim().toUpperCase());
    const unknown = only?.filter((id) => !faults.some((fault) => fault.id === id)) ?? [];
    if (unknown.length > 0) throw new Error(`there is no row ${unknown.join(", ")}; there are ${faults.map(({ id }) => id).join(", ")}`);
    const { tier } = values;
    if (tier !== "fast" && tier !== "long") throw new Error(`--tier is fast or long, not ${tier}`);
    const count = values.count === undefined ? undefined : numberOf("--count", values.count, 1);
    return { seed: numberOf("--seed", values.seed, 0), only, tier, count, resume: values.resume } as const;
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

function numberOf(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) throw new Error(`${name} is a whole number from ${least} on, not ${text}`);
  return value;
}
