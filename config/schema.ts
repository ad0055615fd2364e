import { z } from "zod";
import { controlOptions } from "../analytics/options.ts";
import { clientOptions, gatewayOptions, upstreamName, upstreamOptions } from "../gateway/options.ts";
import { TIERS } from "../genai/recorded.ts";
import { AUDITS, DURABILITIES, journalOptions } from "../journal/options.ts";
import { DEFAULT_PROCESSORS, processorOptions } from "../processors/options.ts";
import { pricesOptions } from "../processors/price/options.ts";
import type { Resolved } from "./secret.ts";

/** Everything an operator may set. */
export const configSchema = z.strictObject({
  data_dir: z.string().min(1).default("./data").meta({ description: "Folder that holds all data; relative to where Spangate starts." }),
  durability: z
    .enum(DURABILITIES)
    .default("balanced")
    .meta({
      description:
        "What the end of a reply waits for: `balanced` until its record is with the operating system, `strict` until it is on disk, " +
        "`off` for nothing: only counters are kept.",
    }),
  audit: z
    .enum(AUDITS)
    .default("best_effort")
    .meta({
      description:
        "Whether calls go on that cannot be recorded, because the disk is full or fails: `best_effort` relays and counts them, `required` refuses " +
        "them with 503 `audit_unavailable`.",
    }),
  capture: z
    .enum(TIERS)
    .default("scrubbed")
    .meta({
      description:
        "What may be kept of a call: `full` is everything, `scrubbed` everything but personal data and secrets, `metadata` no content, " +
        "`none` nothing but counters.",
    }),
  demo: z
    .boolean()
    .default(false)
    .meta({ description: "Whether `/demo/v1` answers like a model. Without a configuration file it does unless told otherwise." }),
  default_upstream: z.string().optional().meta({ description: "Upstream of paths that name none: `/v1/…`." }),
  upstreams: z.record(upstreamName, upstreamOptions).default({}).meta({ description: "Where calls go: `/<name>/v1/…`." }),
  clients: z
    .array(clientOptions)
    .default([])
    .meta({ description: "Who may call. With none, whoever reaches the loopback listener is served, as tenant `default`." }),
  processors: z
    .array(processorOptions)
    .prefault([...DEFAULT_PROCESSORS])
    .meta({
      description:
        "What every span goes through before it is stored or sent, in this order. A list of your own replaces the default one whole: without " +
        "`scrub` in it, the tier `scrubbed` keeps what `metadata` keeps. `docs/processors.md` explains each.",
    }),
  gateway: gatewayOptions.prefault({}).meta({ description: "The data plane: what clients call in place of the model's API." }),
  control: controlOptions.prefault({}).meta({ description: "The control plane: health, metrics and questions about what was recorded." }),
  journal: journalOptions.prefault({}).meta({ description: "The files that records wait in until they are stored." }),
  prices: pricesOptions.prefault({}).meta({ description: "What calls cost; `docs/cost.md` tells how." }),
});

/** Checked, credentials still by reference. */
export type Config = z.output<typeof configSchema>;
/** Checked and complete, as components receive it. */
export type Settings = Resolved<Config>;
