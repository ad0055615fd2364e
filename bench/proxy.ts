import type { Memory } from "./cpu.ts";
import type { Tools } from "./tools.ts";
import type { Upstream } from "./load.ts";

/** Something between clients and the upstream, or nothing. */
export interface Proxy {
  readonly name: string;
  readonly title: string;
  /** Throws when it cannot be had here, with what to install. */
  start(options: ProxyOptions): Promise<Running>;
}

export interface ProxyOptions {
  readonly upstream: Upstream;
  readonly tools: Tools;
  /** Empty, and this proxy's own. */
  readonly folder: string;
}

export interface Running extends AsyncDisposable {
  readonly version: string;
  readonly port: number;
  /** Where streams are asked, when that is not where all else is. */
  readonly streamPort?: number;
  readonly headers: readonly string[];
  /** The processes by what they do; all of them together are measured. */
  readonly pids: { readonly gateway: readonly number[]; readonly pipeline: readonly number[]; readonly other: readonly number[] };
  /** Of the gateway before the first request. */
  readonly idle: Memory;
  readonly record?: SpanRecord;
}

/** What a proxy that records says of its record. */
export interface SpanRecord {
  /** As the running server states them. */
  readonly durability: string;
  readonly capture: string;
  state(): Promise<RecordState>;
  /** Whether a span of this response can be read. */
  isReadable(responseId: string): Promise<boolean>;
  rows(statement: string): Promise<readonly { readonly [column: string]: unknown }[]>;
}

export interface RecordState {
  readonly open: number;
  readonly backlog: number;
  readonly appended: number;
  readonly stored: number;
  readonly dead_lettered: number;
  readonly dropped: { readonly [reason: string]: number };
}
