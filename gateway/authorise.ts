import { hash, timingSafeEqual } from "node:crypto";
import type { Tier } from "../genai/recorded.ts";
import type { Audit, Durability } from "../journal/options.ts";
import type { Call } from "./accept.ts";
import { bare, isLoopback } from "./address.ts";
import { GatewayError } from "./error.ts";
import type { ClientOptions } from "./options.ts";

/** Who calls. */
export interface Caller {
  /** `clients[].name`; undefined for whoever reaches an open loopback listener. */
  readonly name?: string;
  readonly tenant: string;
  readonly durability?: Durability;
  readonly audit?: Audit;
  readonly capture?: Tier;
}

/** Where a caller may put its key, besides our own header: the habits of other gateways. `Authorization` belongs to the upstream. */
const KEY_HEADERS = ["x-spangate-key", "helicone-auth", "x-portkey-api-key", "x-litellm-api-key", "x-bf-vk", "cf-aig-authorization"];

const ANYONE: Caller = { tenant: "default" };

export interface AuthoriseOptions {
  readonly clients: readonly ClientOptions[];
  /** `gateway.origins` */
  readonly origins: readonly string[];
}

/** Tells who calls. The function it gives throws a `GatewayError` for a caller who may not. */
export function authorise({ clients, origins }: AuthoriseOptions): (call: Call) => Caller {
  const callers = clients.map(({ token, name, tenant, durability, audit, capture }) => ({
    digest: hash("sha256", token.reveal(), "buffer"),
    caller: { name, tenant, ...(durability && { durability }), ...(audit && { audit }), ...(capture && { capture }) } satisfies Caller,
  }));
  const hosts = new Set(origins.map((origin) => new URL(origin).hostname));
  /** The last name that was ours: reading one costs more than all else here. */
  let known: string | undefined;

  return (call) => {
    const origin = call.read.get("origin");
    if (origin !== undefined && !origins.includes(origin) && !isOwn(origin, call)) {
      throw new GatewayError("unauthorized", `requests from web pages of ${origin} are refused; add it to gateway.origins to allow them`);
    }
    if (callers.length === 0) {
      const named = call.read.get("host");
      if (named !== undefined && named === known) return ANYONE;
      const host = hostname(named);
      if (!isLoopback(host) && !hosts.has(host)) {
        throw new GatewayError(
          "unauthorized",
          `the Host ${JSON.stringify(host)} is not this machine; call it by 127.0.0.1, or add http://${host} to gateway.origins`,
        );
      }
      known = named;
      return ANYONE;
    }
    const key = keyOf(call);
    if (key === undefined) throw new GatewayError("unauthorized", "no key: send the client's token as x-spangate-key");
    const digest = hash("sha256", key, "buffer");
    let found: Caller | undefined;
    // All of them, always: the time it takes says nothing about which keys exist.
    for (const each of callers) if (timingSafeEqual(each.digest, digest)) found = each.caller;
    if (found === undefined) throw new GatewayError("unauthorized", "unknown key: x-spangate-key matches none of the configured clients");
    return found;
  };
}

function keyOf(call: Call): string | undefined {
  for (const name of KEY_HEADERS) {
    const value = call.read.get(name);
    if (value !== undefined) return value.replace(/^bearer +/i, "");
  }
  return undefined;
}

/** A page served by this very listener. */
function isOwn(origin: string, call: Call): boolean {
  const host = call.read.get("host");
  return host !== undefined && isLoopback(hostname(host)) && origin === `http://${host}`;
}

function hostname(host: string | undefined): string {
  return bare(URL.parse(`http://${host ?? ""}`)?.hostname ?? "");
}
