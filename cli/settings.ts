import { loadConfig } from "../config/load.ts";
import type { Settings } from "../config/schema.ts";
import { StartError } from "./start_error.ts";

/** The settings that a server would start with here; throws an error for whoever asked when there are none. */
export function settingsOf(config: string | undefined): Settings {
  const { settings, problems } = loadConfig({ env: process.env, overrides: { ...(config !== undefined && { config }) } });
  if (settings !== undefined) return settings;
  throw new StartError(2, `the configuration is not valid (${problems[0]?.message ?? ""}); \`spangate check\` says what is wrong`);
}
