import { nginx } from "./nginx.ts";
import { portkey } from "./portkey.ts";
import type { Proxy } from "./proxy.ts";
import { spangate } from "./spangate.ts";

/** The client beside the upstream, nothing in between. */
const direct: Proxy = {
  name: "direct",
  title: "direct, no proxy",
  start: ({ upstream }) =>
    Promise.resolve({
      version: "",
      port: upstream.port,
      headers: [],
      pids: { gateway: [], pipeline: [], other: [] },
      idle: { rss_mb: 0, peak_mb: 0 },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
};

/** All that one run compares. */
export const PROXIES: readonly Proxy[] = [
  direct,
  nginx,
  spangate("off", "Spangate, recording off", "off", "full"),
  spangate("balanced", "Spangate, balanced, full", "balanced", "full"),
  spangate("strict", "Spangate, strict, full", "strict", "full"),
  spangate("metadata", "Spangate, balanced, metadata", "balanced", "metadata"),
  spangate("scrubbed", "Spangate, balanced, scrubbed", "balanced", "scrubbed"),
  portkey,
];
