import { resolve } from "node:path";
import { styleText } from "node:util";
import type { Settings } from "../config/schema.ts";
import type { Doctor } from "./doctor.ts";

interface Where {
  readonly settings: Settings;
  readonly dataDir: string;
  readonly dataUrl: string;
  readonly controlUrl: string;
}

/** What a person who has just started the server does next. */
export function banner({ settings, dataDir, dataUrl, controlUrl }: Where): string {
  const head = styleText("bold", `Spangate relays ${dataUrl} and records into ${dataDir}`);
  const { default_upstream: name } = settings;
  const key = settings.clients.length > 0 ? " -H 'x-spangate-key: <a client token>'" : "";
  const data = dataDir === resolve("data") ? "" : ` --data ${dataDir}`;
  const lines = [head, ""];
  if (settings.demo) {
    lines.push(
      "Try it, no account needed:",
      `  curl -s ${dataUrl}/demo/v1/chat/completions${key} -H 'content-type: application/json' -d '{"model":"demo","messages":[{"role":"user","content":"Hello!"}]}'`,
      "",
    );
  }
  lines.push(
    "See and ask what was recorded:",
    `  npx spangate spans${data}`,
    `  npx spangate sql${data} "SELECT model_served, count(*) AS calls, sum(tokens_out_text) AS tokens FROM spans WHERE operation IS NOT NULL GROUP BY ALL"`,
    "",
  );
  if (name === undefined) {
    lines.push(
      "Use a real provider: stop this, then start with its address, and change one variable in the application:",
      "  npx spangate serve --upstream https://api.openai.com/v1",
    );
  } else lines.push(`Applications reach ${settings.upstreams[name]?.base_url ?? `the upstream ${name}`} by one changed variable:`);
  lines.push(
    `  export OPENAI_BASE_URL=${dataUrl}/v1`,
    "",
    notes(settings),
    `Health, metrics and the HTTP API: ${controlUrl} (token: npx spangate token create${data} NAME). Ctrl-C stops.`,
  );
  return lines.join("\n");
}

function notes({ capture, durability, clients, upstreams, processors }: Settings): string {
  const tiers = new Set([capture, ...[...clients, ...Object.values(upstreams)].flatMap((each) => each.capture ?? [])]);
  const said: string[] = [];
  if (tiers.has("scrubbed") && processors.every(({ use }) => use !== "scrub"))
    said.push("Content is not kept: tier `scrubbed` needs `scrub` among the processors, and stores what `metadata` stores without it.");
  if (tiers.has("full")) said.push("Content is kept as it is (capture: full): whoever reads the data folder reads the conversations.");
  if (durability === "off") said.push("Nothing is recorded (durability: off): only counters are kept.");
  return said.map((line) => `Note: ${line}`).join("\n");
}

/** What was seen and what of it is stored, and where it lies. */
export function farewell(state: Doctor, dataDir: string): string {
  const { completed, cut, abandoned, rejected, incomplete, stored, dropped } = state;
  const parts = [
    `${completed} completed`,
    ...(cut ? [`${cut} cut`] : []),
    ...(abandoned ? [`${abandoned} abandoned`] : []),
    ...(incomplete ? [`${incomplete} incomplete`] : []),
    ...(rejected ? [`${rejected} rejected`] : []),
  ];
  const losses = Object.entries(dropped).map(([reason, count]) => `${count} ${reason}`);
  return [
    `${counted(completed + cut + abandoned + rejected + incomplete, "call")} (${parts.join(", ")}), stored as ${counted(stored, "span")}.`,
    ...(losses.length > 0 ? [`Not kept, by reason: ${losses.join(", ")}.`] : []),
    `They lie in ${dataDir}/parquet; open ${dataDir}/spans.duckdb with any DuckDB, or start again and ask.`,
  ].join("\n");
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
