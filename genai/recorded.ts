/** How a call ended, as the gateway saw it. A closed union, so that a new ending makes the compiler list every place that must care. */
export type Ending = "completed" | "cut" | "abandoned" | "incomplete" | "rejected";

/** How much of a call's content may be kept, from most to least. */
export const TIERS = ["full", "scrubbed", "metadata", "none"] as const;
export type Tier = (typeof TIERS)[number];

/** A header as it came, name in lower case. */
export type Header = readonly [name: string, value: string];

/** What is known of a call before its first byte goes upstream. JSON-safe. */
export interface Opened {
  /** UUID version 7, so that ids sort by time. */
  readonly exchangeId: string;
  readonly tenant: string;
  /** `clients[].name` of who called; absent for the anonymous loopback caller. */
  readonly caller?: string;
  readonly tier: Tier;
  /** 32 hex digits: the client's own trace where it sent one and is trusted to, else a new one. */
  readonly traceId: string;
  /** 16 hex digits: the id of the SERVER span. */
  readonly spanId: string;
  /** 16 hex digits: the client's span, when its trace is continued. */
  readonly parentSpanId?: string;
  /** The client's span, when its trace is only linked to. */
  readonly link?: { readonly traceId: string; readonly spanId: string };
  /** Microseconds since the epoch; every other time of the exchange is an offset to it on the monotonic clock. */
  readonly startedAtUs: number;
  readonly method: string;
  /** Path as the client sent it, without the query. */
  readonly path: string;
  /** Query without its `?`, values of key-like parameters replaced by `[redacted]`; empty when there is none. */
  readonly query: string;
  /** The allow-listed request headers. */
  readonly headers: readonly Header[];
  readonly clientAddress?: string;
  /** Where the call goes; absent when it was refused before a route was found. */
  readonly upstream?: {
    readonly name: string;
    /** Value of `upstreams.<name>.dialect`, or undefined: the path decides. */
    readonly dialect?: string;
    readonly address: string;
    readonly port: number;
    readonly scheme: "http" | "https";
    /** Path below the upstream's base URL: `/chat/completions`, whatever prefix the client used. */
    readonly path: string;
    /** Path of the base URL itself, such as `/v1`; without it the spans cannot tell the full URL. */
    readonly basePath?: string;
  };
}

/** One try to reach the upstream; offsets in microseconds since `startedAtUs`. */
export interface Attempt {
  readonly startedUs: number;
  readonly endedUs: number;
  readonly status?: number;
  /** Socket or gateway code, such as `ECONNRESET` or `timeout`. */
  readonly error?: string;
}

/** What is known when a call is over. JSON-safe; offsets in microseconds since `startedAtUs`. */
export interface Closed {
  readonly ending: Ending;
  readonly endedUs: number;
  readonly status?: number;
  /** The allow-listed response headers. */
  readonly headers: readonly Header[];
  /** Why it is not `completed`: a socket code, `timeout`, `recorder_lost`. Low cardinality. */
  readonly error?: string;
  /** Error code of the gateway itself, with `ending: "rejected"`. */
  readonly rejection?: string;
  /** When the request left for the upstream (the last attempt). */
  readonly sentUs?: number;
  /** When the first byte of the reply's head came. */
  readonly firstByteUs?: number;
  /** Body bytes that passed, whether or not they were kept. */
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Whether a recording limit cut what was kept. */
  readonly requestTruncated?: boolean;
  readonly responseTruncated?: boolean;
  readonly attempts: readonly Attempt[];
  /** Microseconds from the request's last held byte to its sending; the waiting for the record at the end comes after it is written. */
  readonly overheadUs: number;
  /** The gateway asked for the usage that the reply brings, and took its event out of what the client got. */
  readonly usageAsked?: true;
}

/** Bytes of the reply and when they came. */
export interface Chunk {
  /** Microseconds since `startedAtUs`. */
  readonly atUs: number;
  readonly bytes: Buffer;
}

/** The bytes of one exchange, and when they came. Bodies are as they crossed the wire, possibly compressed, possibly cut. */
export interface Recorded {
  readonly opened: Opened;
  readonly closed: Closed;
  readonly request: Buffer;
  readonly response: readonly Chunk[];
  /** Content codings that could not be undone; the body they belong to is then empty. */
  readonly unreadable?: { readonly request?: string; readonly response?: string };
}
