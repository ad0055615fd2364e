import type { Call } from "./accept.ts";
import { GatewayError } from "./error.ts";
import type { Upstream } from "./upstream.ts";

/** Where one call goes. */
export interface Route {
  readonly upstream: Upstream;
  /** Path and query as the upstream gets them. */
  readonly target: string;
  /** Path below the base URL, without the query: what tells the dialect. */
  readonly path: string;
}

export interface RouteOptions {
  readonly upstreams: ReadonlyMap<string, Upstream>;
  readonly defaultUpstream?: string | undefined;
}

/**
 * `/v1/X` and `/{upstream}/v1/X` lead to `base_url` + `/X`, `/{upstream}/Y` to the origin of `base_url` + `/Y`.
 * What stands in the path behind that goes on byte for byte.
 */
export function route({ upstreams, defaultUpstream }: RouteOptions): (call: Call) => Route {
  const names = [...upstreams.keys()].join(", ") || "none";
  return ({ path, query }) => {
    if (path === "/v1" || path.startsWith("/v1/")) {
      const upstream = defaultUpstream === undefined ? undefined : upstreams.get(defaultUpstream);
      if (upstream === undefined) {
        throw new GatewayError(
          "unknown_upstream",
          `no default upstream is set for /v1; set default_upstream, or call /<upstream>/v1 (configured: ${names})`,
        );
      }
      return below(upstream, path.slice("/v1".length), query);
    }
    const end = path.indexOf("/", 1);
    const name = end === -1 ? path.slice(1) : path.slice(1, end);
    const upstream = upstreams.get(name);
    if (upstream === undefined) {
      throw new GatewayError("unknown_upstream", `no upstream is named ${JSON.stringify(name.slice(0, 64))}; configured: ${names}`);
    }
    const rest = end === -1 ? "" : path.slice(end);
    if (rest === "/v1" || rest.startsWith("/v1/")) return below(upstream, rest.slice("/v1".length), query);
    return { upstream, target: `${rest || "/"}${query}`, path: rest || "/" };
  };
}

function below(upstream: Upstream, rest: string, query: string): Route {
  return { upstream, target: `${upstream.basePath}${rest}${query}` || "/", path: rest || "/" };
}
