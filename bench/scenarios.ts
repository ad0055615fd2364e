import type { Figure } from "./figures.ts";

/** One kind of traffic. The scripts are in `script.h`. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly script: "json" | "burst" | "paced" | "prompt" | "prose" | "text" | "long";
  readonly connections: number;
  readonly seconds: number;
  /** What the page says of it; the JSON file has all figures. */
  readonly shows: readonly Figure[];
  readonly streamed?: true;
  readonly rate?: number;
  readonly abortAfter?: number;
  readonly rampMs?: number;
  /** How soon a row can be read is asked for so often that it costs CPU time, which is then not counted. */
  readonly readable?: true;
  /** The pipeline stands still meanwhile: what is measured is the gateway alone, and then the pipeline's own speed when it goes on. */
  readonly backlog?: true;
  /** Those that say something here; all without it. */
  readonly proxies?: readonly string[];
}

const OF_WHOLE_REPLIES: readonly Figure[] = [
  "rps",
  "gateway_us",
  "all_us",
  "latency_p50_us",
  "latency_p99_us",
  "gateway_peak_mb",
  "pipeline_peak_mb",
];
const OF_FIXED_RATE: readonly Figure[] = ["latency_p50_us", "latency_p90_us", "latency_p99_us", "gateway_us", "readable_ms"];
const OF_STREAMS: readonly Figure[] = [
  "events_per_s",
  "gateway_event_us",
  "all_event_us",
  "first_byte_p50_us",
  "first_byte_p99_us",
  "hop_p50_us",
  "hop_p99_us",
  "gateway_peak_mb",
];
const OF_ABORTS: readonly Figure[] = ["rps", "gateway_us", "all_us", "abort_p50_ms", "abort_p99_ms"];
const OF_BACKLOG: readonly Figure[] = ["drain_per_s", "pipeline_us", "pipeline_peak_mb"];

export const SCENARIOS: readonly Scenario[] = [
  {
    name: "json_gateway",
    title: "Small JSON, 64 connections, full load; what was recorded is carried on afterwards",
    script: "json",
    connections: 64,
    seconds: 3,
    shows: OF_WHOLE_REPLIES,
    backlog: true,
    proxies: ["direct", "nginx", "off", "balanced", "strict", "portkey"],
  },
  {
    name: "json",
    title: "Small JSON, 64 connections, full load",
    script: "json",
    connections: 64,
    seconds: 3,
    shows: OF_WHOLE_REPLIES,
    proxies: ["direct", "nginx", "off", "balanced", "strict", "metadata", "portkey"],
  },
  {
    name: "prose",
    title: "3 KB of new text, 64 connections, full load",
    script: "prose",
    connections: 64,
    seconds: 3,
    shows: OF_WHOLE_REPLIES,
    proxies: ["direct", "nginx", "metadata", "scrubbed", "portkey"],
  },
  {
    name: "json_800",
    title: "Small JSON, 800 requests/s",
    script: "json",
    connections: 128,
    seconds: 5,
    shows: OF_FIXED_RATE,
    rate: 800,
    readable: true,
    proxies: ["direct", "nginx", "off", "balanced", "strict", "metadata", "portkey"],
  },
  {
    name: "burst",
    title: "SSE, 50 events in a burst, 64 connections",
    script: "burst",
    connections: 64,
    seconds: 3,
    shows: OF_STREAMS,
    streamed: true,
    proxies: ["direct", "nginx", "off", "balanced", "strict", "portkey"],
  },
  {
    name: "paced_200",
    title: "SSE, 100 events 20 ms apart, 200 streams",
    script: "paced",
    connections: 200,
    seconds: 3,
    shows: OF_STREAMS,
    streamed: true,
    rampMs: 1000,
    proxies: ["direct", "nginx", "off", "balanced", "strict", "portkey"],
  },
  {
    name: "paced_500",
    title: "SSE, 100 events 20 ms apart, 500 streams",
    script: "paced",
    connections: 500,
    seconds: 3,
    shows: OF_STREAMS,
    streamed: true,
    rampMs: 1000,
    proxies: ["direct", "nginx", "off", "balanced", "portkey"],
  },
  {
    name: "prompt",
    title: "A prompt of 200 KB, 16 connections",
    script: "prompt",
    connections: 16,
    seconds: 3,
    shows: OF_WHOLE_REPLIES,
    proxies: ["direct", "nginx", "off", "balanced", "portkey"],
  },
  {
    name: "aborts",
    title: "Streams left after 5 events, 50 connections",
    script: "paced",
    connections: 50,
    seconds: 3,
    shows: OF_ABORTS,
    streamed: true,
    abortAfter: 5,
    proxies: ["direct", "nginx", "off", "balanced", "portkey"],
  },
  {
    name: "backlog_text",
    title: "The pipeline alone: exchanges of 2 × 2 KB text",
    script: "text",
    connections: 64,
    seconds: 4,
    shows: OF_BACKLOG,
    rate: 4000,
    backlog: true,
    proxies: ["balanced", "metadata", "scrubbed"],
  },
  {
    name: "backlog_stream",
    title: "The pipeline alone: streams of 330 events",
    script: "long",
    connections: 64,
    seconds: 4,
    shows: OF_BACKLOG,
    streamed: true,
    rate: 300,
    backlog: true,
    proxies: ["balanced", "metadata"],
  },
];
