import { hostname, networkInterfaces } from "node:os";
import { bare, isLoopback } from "../gateway/address.ts";
import type { ClientOptions, GatewayOptions, UpstreamOptions } from "../gateway/options.ts";
import type { ControlOptions } from "../analytics/options.ts";
import type { ProcessorOptions } from "../processors/options.ts";
import { misplaced } from "../processors/order.ts";
import type { Problem } from "./problem.ts";

/** What the checks below look at; a part that failed its own check is absent, and nothing is concluded from it. */
export interface Checked {
  readonly demo: boolean;
  readonly default_upstream?: string | undefined;
  readonly upstreams: { readonly [name: string]: Partial<UpstreamOptions> };
  readonly clients: readonly Partial<ClientOptions>[];
  /** Whole entries only: one that failed is undefined. */
  readonly processors: readonly (ProcessorOptions | undefined)[];
  readonly gateway: Partial<GatewayOptions>;
  readonly control: Partial<ControlOptions>;
}

/** What no setting can tell alone. */
export function crossCheck(config: Checked): readonly Problem[] {
  return [
    ...unknownDefault(config),
    ...ownListener(config),
    ...unguarded(config),
    ...duplicates(config),
    ...neverFits(config),
    ...outOfOrder(config),
  ];
}

function* unknownDefault({ default_upstream: name, upstreams, demo }: Checked): Iterable<Problem> {
  if (name === undefined || Object.hasOwn(upstreams, name) || (demo && name === "demo")) return;
  const known = [...Object.keys(upstreams), ...(demo ? ["demo"] : [])];
  const fix = known.length
    ? `Name one of ${known.join(", ")}, or add it to upstreams.`
    : `Add upstreams.${name}.base_url, or leave it out.`;
  yield { path: ["default_upstream"], message: `there is no upstream ${name}`, fix };
}

function* ownListener({ upstreams, gateway, control }: Checked): Iterable<Problem> {
  const ports = [gateway.port, control.port].filter((port) => port !== undefined && port !== 0);
  for (const [name, { base_url: text }] of Object.entries(upstreams)) {
    const url = text === undefined ? undefined : new URL(text);
    if (!url || !ports.includes(portOf(url)) || !isThisMachine(url.hostname)) continue;
    yield {
      path: ["upstreams", name, "base_url"],
      message: `${url.host} is Spangate itself, so a call would go round for ever`,
      fix: "Give the address of the model's API, or let Spangate listen on another port.",
    };
  }
}

function* unguarded({ gateway, upstreams, clients }: Checked): Iterable<Problem> {
  if (clients.length) return;
  const fix = "Add an entry to clients, with a name and a token.";
  if (gateway.host !== undefined && !isLoopback(gateway.host)) {
    yield { path: ["gateway", "host"], message: "reaches beyond this machine, and no clients say who may call", fix };
  }
  for (const [name, options] of Object.entries(upstreams)) {
    if (!Object.hasOwn(options, "credential")) continue;
    yield {
      path: ["upstreams", name, "credential"],
      message: "would serve whoever reaches the listener, as no clients say who may call",
      fix,
    };
  }
}

function* duplicates({ clients }: Checked): Iterable<Problem> {
  for (const [index, { name, token }] of clients.entries()) {
    const before = clients.slice(0, index);
    const sameName = before.findIndex((other) => name !== undefined && other.name === name);
    if (sameName >= 0)
      yield { path: ["clients", index, "name"], message: `the same as clients[${sameName}]`, fix: "Give each client its own name." };
    const sameToken = before.findIndex((other) => token !== undefined && other.token?.reveal() === token.reveal());
    if (sameToken >= 0)
      yield { path: ["clients", index, "token"], message: `the same as clients[${sameToken}]`, fix: "Give each client its own token." };
  }
}

function* neverFits({ gateway: { max_body_bytes: body, max_buffered_bytes: buffered } }: Checked): Iterable<Problem> {
  if (body === undefined || buffered === undefined || body <= buffered) return;
  const message = `less than gateway.max_body_bytes (${body}), so the largest body would never pass`;
  yield { path: ["gateway", "max_buffered_bytes"], message, fix: `Give at least ${body}, or lower gateway.max_body_bytes.` };
}

function outOfOrder({ processors }: Checked): readonly Problem[] {
  return misplaced(processors).map(({ index, option, message, fix }) => ({ path: ["processors", index, option], message, fix }));
}

function portOf(url: URL): number {
  return Number(url.port || (url.protocol === "https:" ? 443 : 80));
}

function isThisMachine(host: string): boolean {
  const name = bare(host);
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map(({ address }) => address) ?? []);
  return isLoopback(name) || ["0.0.0.0", "::", hostname().toLowerCase(), ...own].includes(name);
}
