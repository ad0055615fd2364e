import type { Bucket } from "./buckets.ts";
import type { Rate } from "./decimal.ts";
import type { Reason } from "./reason.ts";

/** What decides the price of a call. Texts as the span has them; a name that nobody told is undefined. */
export interface Asked {
  readonly provider: string | undefined;
  /** The model that served, and the one that was asked for: the first that is known to a list counts. */
  readonly models: readonly string[];
  /** Undefined at the standard tier. */
  readonly serviceTier: string | undefined;
  readonly region: string | undefined;
  /** Host of the upstream. */
  readonly address: string | undefined;
  readonly upstream: string | undefined;
  readonly tenant: string;
  readonly atMs: number;
}

export type Rates = { readonly [bucket in Bucket]?: Rate };

/** One price of one model, everything that multiplies it taken in. */
export interface Price {
  readonly id: string;
  readonly version: string;
  readonly source: "override" | "builtin" | "catalog";
  /** What the list is in, where that is not USD. The rates are in USD all the same. */
  readonly currency?: string;
  /** By the size of the whole input, highest first; the last is for every size. All of the call is billed at one of them. */
  readonly tiers: readonly { readonly above: number; readonly rates: Rates }[];
}

/** Why there is no price, as a word to group by. */
export type Unpriced = Extract<Reason, "unknown_model" | "unknown_service_tier">;

export interface Prices {
  /** Undefined for nothing: there is either a price, or a reason why not. Pure but for what it remembers. */
  find(asked: Asked): Price | Unpriced;
  /** Called before a batch: reads again what may have changed. Never throws. */
  refresh?(): void;
}
