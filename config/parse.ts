import type { z } from "zod";
import { controlOptions } from "../analytics/options.ts";
import { clientOptions, gatewayOptions, upstreamOptions } from "../gateway/options.ts";
import { processorOptions } from "../processors/options.ts";
import { crossCheck } from "./cross_check.ts";
import type { Problem } from "./problem.ts";
import { problemsOf } from "./problem.ts";
import { resolve } from "./resolve.ts";
import type { Environment } from "./resolve.ts";
import { configSchema } from "./schema.ts";
import type { Settings } from "./schema.ts";

/** The merged input of file, environment and flags: JSON-safe, credentials by reference, so it may be handed to another process. */
export type RawConfig = { readonly [key: string]: unknown };

/** Either settings, or every reason why there are none. */
export type Parsed =
  | { readonly settings: Settings; readonly problems: readonly [] }
  | { readonly settings?: undefined; readonly problems: readonly Problem[] };

/** Checks an input and reads the secrets it refers to. `env` is only asked for the variables named there. */
export function parseConfig(raw: RawConfig, env: Environment): Parsed {
  const parsed = configSchema.safeParse(raw, { reportInput: false });
  const mistakes = parsed.error?.issues.flatMap((issue) => problemsOf(issue, raw)) ?? [];
  const { value, problems: unreadable } = resolve(parsed.data ?? salvage(raw), env);
  const problems = [...mistakes, ...unreadable, ...crossCheck(value)];
  return problems.length ? { problems } : { settings: value as Settings, problems: [] };
}

/** What still makes sense of an input with mistakes, so that one run reports the others as well. */
function salvage(raw: RawConfig) {
  const upstreams = Object.entries(isObject(raw["upstreams"]) ? raw["upstreams"] : {});
  const clients: readonly unknown[] = Array.isArray(raw["clients"]) ? raw["clients"] : [];
  const processors: readonly unknown[] = Array.isArray(raw["processors"]) ? raw["processors"] : [];
  return {
    demo: raw["demo"] === true,
    default_upstream: typeof raw["default_upstream"] === "string" ? raw["default_upstream"] : undefined,
    upstreams: Object.fromEntries(upstreams.map(([name, options]) => [name, sound(upstreamOptions, options)])),
    clients: clients.map((options) => sound(clientOptions, options)),
    processors: processors.map((options) => processorOptions.safeParse(options).data),
    gateway: sound(gatewayOptions, raw["gateway"]),
    control: sound(controlOptions, raw["control"]),
  };
}

/** The settings of a section that pass on their own. */
function sound<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>, input: unknown): Partial<z.output<z.ZodObject<Shape>>> {
  const values = isObject(input) ? input : {};
  const entries = Object.entries(schema.shape).map(([key, each]) => [key, (each as z.ZodType).safeParse(values[key]).data] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as Partial<z.output<z.ZodObject<Shape>>>;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
