import { z } from "zod";
import { SecretReference } from "../config/secret.ts";
import type { Resolved } from "../config/secret.ts";
import { TIERS } from "../genai/recorded.ts";
import { AUDITS, DURABILITIES } from "../journal/options.ts";
import { baseUrl } from "./base_url.ts";
import { caFile } from "./ca_file.ts";

const MIB = 1024 * 1024;
const LONGEST_TIMEOUT_MS = 24 * 60 * 60 * 1000;

/** First segments of paths that are our own. */
const RESERVED = ["otlp", "spangate", "demo", "v1"];

const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, "not a name: a to z, 0 to 9, - and _ only, up to 63, a letter or digit first");
const milliseconds = z.int().min(1).max(LONGEST_TIMEOUT_MS);

const secretReference = z
  .union([z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })], {
    error: ({ input }) =>
      typeof input === "string"
        ? "a credential is not written out here; put it into an environment variable or a file, and name that"
        : "does not say where the credential is",
  })
  .transform((reference) => new SecretReference(reference));

const origin = z.string().refine((text) => URL.parse(text)?.origin === text, {
  error: "not an origin",
  params: { fix: "Give scheme, host and port only, as a browser sends them: https://chat.example.com." },
});

export const upstreamName = name.refine((text) => !RESERVED.includes(text), {
  error: ({ input }) => `${String(input)} is reserved`,
  params: { fix: `Choose another name than ${RESERVED.join(", ")}.` },
});

export const upstreamOptions = z.strictObject({
  base_url: baseUrl.meta({ description: "Where calls go, up to and including `/v1` or what stands in its place." }),
  dialect: z
    .string()
    .regex(/^[a-z][a-z0-9_]*$/, "not the name of a dialect")
    .optional()
    .meta({ description: "How its bodies read, such as `openai_chat`. Left out, the path of each call decides." }),
  credential: secretReference.optional().meta({
    description: "Key sent in place of the caller's own; such an upstream serves only `clients`. Left out, the caller's passes through.",
  }),
  capture: z.enum(TIERS).optional().meta({
    description:
      "Overrides the top-level `capture` for calls to this upstream; where a client has its own too, the one that keeps less holds.",
  }),
  add_usage: z.boolean().optional().meta({
    description:
      "Whether usage is asked for where a streamed completion would end without it, and taken out of the reply again. Left out: true for an upstream named `openai` or at `openai.com`, else false.",
  }),
  ca_file: caFile.optional().meta({ description: "Certificates, in PEM, of a private authority that signs this upstream." }),
});
export type UpstreamOptions = Resolved<z.output<typeof upstreamOptions>>;

export const clientOptions = z.strictObject({
  name: name.meta({ description: "Who calls; appears on each span, so it is no secret." }),
  tenant: name.default("default").meta({ description: "Whose data the calls are; tenants never see each other's." }),
  token: secretReference.meta({ description: "What the client sends as `x-spangate-key`." }),
  durability: z.enum(DURABILITIES).optional().meta({ description: "Overrides the top-level `durability` for this client's calls." }),
  audit: z.enum(AUDITS).optional().meta({ description: "Overrides the top-level `audit` for this client's calls." }),
  capture: z.enum(TIERS).optional().meta({ description: "Overrides the top-level `capture` for this client's calls." }),
});
export type ClientOptions = Resolved<z.output<typeof clientOptions>>;

export const gatewayOptions = z.strictObject({
  host: z
    .union([z.hostname(), z.ipv6()], { error: "not an address or host name to listen on" })
    .default("127.0.0.1")
    .meta({ description: "Address the data plane listens on. Beyond loopback it serves only `clients`." }),
  port: z.int().min(0).max(65_535).default(4000).meta({ description: "Port of the data plane; 0 takes any free one." }),
  processes: z.int().min(1).max(64).default(1).meta({ description: "Gateway processes that share the port." }),
  origins: z
    .array(origin)
    .default([])
    .meta({ description: "Origins of web pages that may call, and whose host names this listener answers to." }),
  max_body_bytes: z
    .int()
    .min(1024)
    .default(64 * MIB)
    .meta({ description: "Largest request body; beyond it a call is refused." }),
  max_buffered_bytes: z
    .int()
    .min(1024)
    .default(256 * MIB)
    .meta({ description: "Most bytes one process holds over all calls; beyond it new calls are refused as overloaded." }),
  max_capture_bytes: z
    .int()
    .min(1024)
    .default(8 * MIB)
    .meta({ description: "Most bytes recorded of one body. Cuts the record, never the call." }),
  connect_timeout_ms: milliseconds.default(5_000).meta({ description: "Longest wait for a connection to the upstream." }),
  first_byte_timeout_ms: milliseconds.default(600_000).meta({ description: "Longest wait for the first byte of the reply." }),
  idle_timeout_ms: milliseconds.default(120_000).meta({ description: "Longest silence within a reply." }),
  stall_timeout_ms: milliseconds
    .default(300_000)
    .meta({ description: "Longest time that a client may take nothing of a reply that waits for it." }),
  drain_timeout_ms: milliseconds.default(30_000).meta({ description: "Time that running calls have to finish after a stop." }),
  trace_context: z
    .enum(["continue", "link", "ignore"])
    .default("continue")
    .meta({ description: "What becomes of a caller's `traceparent`: the trace goes on, is only linked to, or is ignored." }),
});
export type GatewayOptions = Resolved<z.output<typeof gatewayOptions>>;
