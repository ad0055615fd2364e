import type { Spread } from "./summary.ts";

/** What is measured of a round. Microseconds of CPU time are those of every thread. */
export const FIGURES = {
  rps: { title: "exchanges/s", digits: 0 },
  events_per_s: { title: "events/s", digits: 0 },
  gateway_us: { title: "gateway CPU µs/exchange", digits: 1 },
  gateway_event_us: { title: "gateway CPU µs/event", digits: 2 },
  pipeline_us: { title: "pipeline CPU µs/exchange", digits: 1 },
  all_us: { title: "all CPU µs/exchange", digits: 1 },
  all_event_us: { title: "all CPU µs/event", digits: 2 },
  latency_p50_us: { title: "p50 µs", digits: 0 },
  latency_p90_us: { title: "p90 µs", digits: 0 },
  latency_p99_us: { title: "p99 µs", digits: 0 },
  first_byte_p50_us: { title: "first byte p50 µs", digits: 0 },
  first_byte_p99_us: { title: "first byte p99 µs", digits: 0 },
  hop_p50_us: { title: "hop p50 µs", digits: 0 },
  hop_p99_us: { title: "hop p99 µs", digits: 0 },
  abort_p50_ms: { title: "abort seen upstream p50 ms", digits: 2 },
  abort_p99_ms: { title: "abort seen upstream p99 ms", digits: 2 },
  readable_ms: { title: "last reply to readable row ms", digits: 0 },
  drain_per_s: { title: "pipeline exchanges/s", digits: 0 },
  gateway_peak_mb: { title: "gateway peak MB", digits: 0 },
  pipeline_peak_mb: { title: "pipeline peak MB", digits: 0 },
} as const;
export type Figure = keyof typeof FIGURES;
export type Figures = { readonly [figure in Figure]?: number | undefined };

/** Over all rounds of one proxy in one scenario. */
export type Spreads = { readonly [figure in Figure]?: Spread };
