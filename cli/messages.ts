import type { RawConfig } from "../config/parse.ts";
import type { GatewayCounts } from "../gateway/counters.ts";
import type { GatewaySettings } from "../gateway/server.ts";
import type { PipelineCounts } from "../pipeline/counts.ts";
import type { FileQuery } from "../storage/query.ts";
import type { Rows } from "../storage/store.ts";

/** How the demo upstream, if there is one, joins the configured ones. */
export interface DemoAddress {
  readonly baseUrl: string;
}

/** What the supervisor tells its processes. Configuration goes as it was read: each process looks up the secrets it needs. */
export type ToGateway =
  | {
      readonly type: "start";
      readonly raw: RawConfig;
      readonly dataDir: string;
      readonly lane: string;
      readonly port: number;
      /** Whether other processes listen on the same port. */
      readonly shared: boolean;
      readonly demo?: DemoAddress;
    }
  | { readonly type: "reload"; readonly raw: RawConfig; readonly demo?: DemoAddress }
  | { readonly type: "stop" }
  | { readonly type: "report"; readonly id: number };

export type ToPipeline =
  | { readonly type: "start"; readonly raw: RawConfig; readonly dataDir: string; readonly socket: string; readonly live: readonly string[] }
  | { readonly type: "reload"; readonly raw: RawConfig }
  | { readonly type: "lanes"; readonly live: readonly string[] }
  | { readonly type: "stop" }
  | { readonly type: "report"; readonly id: number };

/** What calls in a gateway process obey whose caller has no settings of its own. */
export type InForce = Pick<GatewaySettings, "durability" | "audit" | "capture">;

/** What they answer. */
export type FromGateway =
  | { readonly type: "ready"; readonly port: number }
  | { readonly type: "report"; readonly id?: number; readonly counts: GatewayCounts; readonly inForce?: InForce }
  | { readonly type: "failed"; readonly message: string; readonly code?: string };

export type FromPipeline =
  | { readonly type: "ready" }
  | { readonly type: "report"; readonly id?: number; readonly counts: PipelineCounts }
  /** In place of a report that cannot be made. */
  | { readonly type: "alive" }
  | { readonly type: "failed"; readonly message: string; readonly code?: string };

/** One question for a query process, and its answer. */
export type ToQuery = FileQuery;
export type FromQuery = (Rows & { readonly truncated: boolean }) | { readonly error: string };
