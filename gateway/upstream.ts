import { readFileSync } from "node:fs";
import { lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { Pool } from "undici";
import type { Tier } from "../genai/recorded.ts";
import { isLoopback, isMetadata } from "./address.ts";
import { sendsUsageWhenAsked } from "../genai/dialects/providers.ts";
import type { UpstreamOptions } from "./options.ts";
import { proxied, type Connections, type OutboundProxy } from "./outbound_proxy.ts";

/** Where calls go. */
export interface Upstream {
  readonly name: string;
  /** `upstreams.<name>.dialect`; undefined: the path of each call decides. */
  readonly dialect: string | undefined;
  /** `upstreams.<name>.capture`. */
  readonly capture: Tier | undefined;
  readonly origin: string;
  readonly scheme: "http" | "https";
  readonly address: string;
  readonly port: number;
  /** Path of `base_url`, without a slash at its end. */
  readonly basePath: string;
  /** `Authorization` that takes the place of the caller's own. */
  readonly authorization: string | undefined;
  /** Streams that would end without usage are asked for it. */
  readonly addUsage: boolean;
  readonly dispatcher: Connections;
}

export interface UpstreamTimeouts {
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly idleMs: number;
}

export function upstream(name: string, options: UpstreamOptions, timeouts: UpstreamTimeouts, proxy: OutboundProxy): Upstream {
  const url = new URL(options.base_url);
  const address = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const scheme = url.protocol === "https:" ? "https" : "http";
  const connect = {
    timeout: timeouts.connectMs,
    lookup: checkedLookup,
    ...(options.ca_file !== undefined && { ca: readFileSync(options.ca_file, "utf8") }),
  };
  const connections = { connect, headersTimeout: timeouts.firstByteMs, bodyTimeout: timeouts.idleMs, allowH2: false } as const;
  // An outbound proxy's 127.0.0.1 is not this machine's.
  const isHere = isIP(address) !== 0 && isLoopback(url.hostname);
  const leavesThrough = isHere ? undefined : scheme === "https" ? proxy.httpsProxy : proxy.httpProxy;
  return {
    name,
    dialect: options.dialect,
    capture: options.capture,
    origin: url.origin,
    scheme,
    address,
    port: url.port === "" ? (scheme === "https" ? 443 : 80) : Number(url.port),
    basePath: url.pathname.replace(/\/+$/, ""),
    authorization: options.credential && `Bearer ${options.credential.reveal()}`,
    addUsage: options.add_usage ?? sendsUsageWhenAsked({ name, address }),
    // As many connections as there are calls at once: a call that waits for another's stream to end would wait minutes.
    dispatcher: leavesThrough === undefined ? new Pool(url.origin, { ...connections, connections: null }) : proxied(proxy, connections),
  };
}

/** The resolver's word is checked at each connection, because a name may lead elsewhere tomorrow. */
const checkedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, "", 4);
    const allowed = addresses.filter(({ address }) => !isMetadata(address));
    const [first] = allowed;
    if (first === undefined) {
      return callback(
        Object.assign(new Error(`${hostname} leads to a cloud metadata service, which is never called`), { code: "EACCES" }),
        "",
        4,
      );
    }
    if (options.all) return callback(null, allowed);
    callback(null, first.address, first.family);
  });
};
