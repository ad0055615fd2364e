import type { Environment } from "./resolve.ts";

/** The proxies that calls to upstreams leave through, by the usual variables; lower case first, as other programs read them. */
export function outboundProxy(env: Environment): { readonly httpProxy?: string; readonly httpsProxy?: string; readonly noProxy?: string } {
  const either = (name: string): string | undefined => env[name.toLowerCase()] || env[name] || undefined;
  const [httpProxy, httpsProxy, noProxy] = [either("HTTP_PROXY"), either("HTTPS_PROXY"), either("NO_PROXY")];
  return { ...(httpProxy && { httpProxy }), ...(httpsProxy && { httpsProxy }), ...(noProxy && { noProxy }) };
}
