import type { Command } from "commander";
import { client, print } from "./ask.ts";
import { json, table } from "./print.ts";
import { settingsOf } from "./settings.ts";
import { StartError } from "./start_error.ts";

/** Reasons that are about the price and not about the call. */
const UNPRICED = "('unknown_model', 'unknown_service_tier', 'unpriced_bucket', 'out_of_range', 'incomplete_usage', 'no_usage')";

/** A call that consumed nothing has no cost to know. */
const WITHOUT_PRICE = `
  SELECT provider, coalesce(model_served, model_requested) AS model, cost_reason AS reason, count(*) AS calls,
    min(start_time) AS first_seen, max(start_time) AS last_seen
  FROM spans WHERE cost_usd IS NULL AND cost_reason IN ${UNPRICED}
  GROUP BY ALL ORDER BY calls DESC, provider, model, reason`;

/** Adds the commands about prices. */
export function addPrices(program: Command): void {
  const prices = program.command("prices").description("what calls cost, and which nobody knows the cost of");

  prices
    .command("unpriced")
    .description("models whose calls have no cost: how many, why, and when they were seen")
    .option("--data <folder>", "data folder of the server (default: data_dir of the configuration)")
    .option("--json", "as JSON")
    .action(async (options: { data?: string; json?: boolean }) => {
      const answer = (await client(options).call("POST", "/api/sql", { sql: WITHOUT_PRICE })) as { columns: string[]; rows: unknown[][] };
      const { columns, rows } = answer;
      if (options.json) print(json(rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i]])))));
      else print(rows.length === 0 ? "Every call that consumed something has a cost." : table(columns, rows));
    });

  prices
    .command("show")
    .argument("<model>")
    .description("the price of a model now, and where it comes from")
    .option("--provider <name>", "who serves it: openai, anthropic, the name of an upstream …; by default who makes it")
    .option("--service-tier <tier>", "batch, flex, priority …")
    .option("--overrides <file>", "file of your own prices (prices.overrides)")
    .option("--config <file>", "configuration file (SPANGATE_CONFIG, ./spangate.yaml)")
    .action(async (model: string, options: ShowOptions) => {
      print(await shown(model, options));
    });
}

/** What is wrong with the operator's file of prices; undefined when nothing is, or there is none. */
export async function priceFileProblem(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const { readPriceFile } = await priceLists();
  try {
    readPriceFile(path);
    return undefined;
  } catch (error) {
    return `prices.overrides: ${path} cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  }
}

interface ShowOptions {
  readonly provider?: string;
  readonly serviceTier?: string;
  readonly overrides?: string;
  readonly config?: string;
}

/** The catalog is large, and most commands do not need it. */
const priceLists = () => import("../processors/price/price_lists.ts");

async function shown(
  model: string,
  { provider, serviceTier, config, overrides = settingsOf(config).prices.overrides }: ShowOptions,
): Promise<string> {
  const fail = (problem: string): never => {
    throw new StartError(2, problem);
  };
  const found = (await priceLists()).priceLists({ overrides, onProblem: fail }).find({
    provider,
    models: [model],
    serviceTier,
    region: undefined,
    address: undefined,
    upstream: provider,
    tenant: "default",
    atMs: Date.now(),
  });
  if (typeof found === "string")
    throw new StartError(1, `${model}${provider === undefined ? "" : ` at ${provider}`} has no price: ${found}`);
  const rows = found.tiers.flatMap(({ above, rates }) =>
    Object.entries(rates).map(([bucket, rate]) => {
      const [units, unit] = UNITS[bucket] ?? MILLION;
      return [bucket, above > 0 ? `above ${above}` : "", decimal(rate, units), unit];
    }),
  );
  return `${found.id} (${found.source}, ${found.version})\n\n${table(["bucket", "input tokens", "USD", "for"], rows)}`;
}

type Units = readonly [count: bigint, named: string];

/** For how many a price is told, as price files do. */
const UNITS: { readonly [bucket: string]: Units } = {
  audio_seconds: [3600n, "an hour"],
  web_searches: [1000n, "a thousand"],
  requests: [1000n, "a thousand"],
};
const MILLION: Units = [1_000_000n, "a million"];

/** Nine digits behind the point at most, zeros at the end left out. */
function decimal({ nanos, scale }: { readonly nanos: bigint; readonly scale: bigint }, units: bigint): string {
  const billionths = (nanos * units) / scale;
  return `${billionths / 1_000_000_000n}.${String(billionths % 1_000_000_000n).padStart(9, "0")}`.replace(/\.?0+$/, "");
}
