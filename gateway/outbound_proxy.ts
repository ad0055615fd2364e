import { EnvHttpProxyAgent, Pool, type buildConnector, type Dispatcher } from "undici";

/** The proxies that calls leave through, as `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say. */
export interface OutboundProxy {
  readonly httpProxy?: string | undefined;
  readonly httpsProxy?: string | undefined;
  readonly noProxy?: string | undefined;
}

/** How connections are made and how long they may keep silent; the same on both ways. */
export interface ConnectionOptions {
  readonly connect: buildConnector.BuildOptions & { readonly timeout: number };
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
  readonly allowH2: false;
}

/** What a call needs of a dispatcher. */
export type Connections = Pick<Dispatcher, "dispatch" | "close" | "destroy">;

/** Connections through a proxy: tunnels to secure upstreams, whole URLs for plain ones. Hosts that `noProxy` names are called directly. */
export function proxied(proxy: OutboundProxy, options: ConnectionOptions): Connections {
  const { connect } = options;
  const agent = new EnvHttpProxyAgent({
    ...definedOnly(proxy),
    ...options,
    requestTls: connect,
    connectTimeout: connect.timeout,
    // Left alone, connections to the proxy itself have timeouts of their own.
    factory: (origin, more) => new Pool(origin, Object.assign({ ...options, connections: null }, more)),
    clientFactory: (origin, more) => new Pool(origin, { ...more, headersTimeout: connect.timeout }),
  });
  return {
    dispatch: (call, handler) => agent.dispatch({ ...call, headers: grouped(call.headers as readonly string[]) }, handler),
    close: () => agent.close(),
    destroy: (error: Error) => agent.destroy(error),
  } as Connections;
}

/** The agent keeps only the last of several headers of one name, unless they come as one list. */
function grouped(flat: readonly string[]): Record<string, string[]> {
  const values = new Map<string, string[]>();
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const [name = "", value = ""] = [flat[i], flat[i + 1]];
    const before = values.get(name);
    if (before) before.push(value);
    else values.set(name, [value]);
  }
  return Object.fromEntries(values);
}

function definedOnly(proxy: OutboundProxy): { httpProxy?: string; httpsProxy?: string; noProxy?: string } {
  return Object.fromEntries(Object.entries(proxy).filter(([, value]) => value !== undefined));
}
