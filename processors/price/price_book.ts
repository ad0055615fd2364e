import Big from "big.js";
import { MAX_NAME } from "../pattern.ts";
import type { Catalog } from "./catalog.ts";
import type { Factor, PriceEntry, PriceFile } from "./price_file.ts";
import type { Asked, Price, Prices, Unpriced } from "./prices.ts";
import { compiled, listedTiers } from "./rates.ts";

export interface PriceLists {
  /** The operator's file; undefined where there is none. */
  readonly overrides: PriceFile | undefined;
  readonly builtin: PriceFile;
  readonly catalog: Catalog;
}

/** What an answer was and from when until when it stays that. */
interface Remembered {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly answer: Price | Unpriced;
}

/** Callers choose the names of models, so what is remembered has a bound. */
const MAX_REMEMBERED = 10_000;
const MAX_KEY = 1024;
const MINUTE_MS = 60_000;
/** Whose prices those have that nobody sells: who serves a model at home, and models that anybody may serve. */
const NOBODY = "";

/** Who is asked about, by every name that a list may know them by. */
interface Subject {
  /** The catalog's name for the provider, if it has one. */
  readonly listed: string | undefined;
  readonly providers: readonly string[];
  readonly model: string;
}

/** Prices of the operator's file first, then of our own, then of the catalog; factors of the files apply to any of them. */
export function priceBook({ overrides, builtin, catalog }: PriceLists): Prices {
  const files = [...(overrides ? [{ file: overrides, source: "override" as const }] : []), { file: builtin, source: "builtin" as const }];
  const providers = files.flatMap(({ file }) => file.providers);
  const models = files.flatMap(({ file }) => file.models);
  const inherit = files.flatMap(({ file }) => file.inherit);
  const factors = files.flatMap(({ file, source }) => file.factors.map((factor) => ({ factor, source, version: file.version })));
  const changes = files.flatMap(({ file }) => [...file.prices, ...file.factors].flatMap(({ from, until }) => [from, until]));
  const changesMs = changes.filter((each) => each !== undefined);
  const remembered = new Map<string, Remembered>();

  function find(asked: Asked): Price | Unpriced {
    const key = keyOf(asked);
    const known = remembered.get(key);
    if (known && known.fromMs <= asked.atMs && asked.atMs < known.untilMs) return known.answer;
    const found = resolve(asked);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    if (key.length <= MAX_KEY) remembered.set(key, found);
    return found.answer;
  }

  function resolve(asked: Asked): Remembered {
    const moments = [...changesMs];
    let byHour = false;
    const answer = firstKnown();
    const minute = Math.floor(asked.atMs / MINUTE_MS) * MINUTE_MS;
    const fromMs = Math.max(byHour ? minute : -Infinity, ...moments.filter((each) => each <= asked.atMs));
    const untilMs = Math.min(byHour ? minute + MINUTE_MS : Infinity, ...moments.filter((each) => each > asked.atMs));
    return { fromMs, untilMs, answer };

    function firstKnown(): Price | Unpriced {
      const subjects = asked.models.flatMap((model) => subjectsOf(asked.provider, model));
      const overridden = overrides && firstOf(subjects, (subject) => inFile(overrides, "override", subject, asked));
      return (
        overridden ?? firstOf(subjects, (subject) => inFile(builtin, "builtin", subject, asked) ?? inCatalog(subject)) ?? "unknown_model"
      );
    }

    function inCatalog(subject: Subject): Price | Unpriced | undefined {
      const listed = subject.listed === undefined ? undefined : catalog.model(subject.listed, subject.model, asked.atMs);
      if (!listed) return undefined;
      moments.push(...listed.changesMs);
      byHour ||= listed.byHour;
      return priced({ id: listed.id, version: catalog.version, source: "catalog", tiers: listed.tiers }, subject, asked, false);
    }
  }

  /** The entry for the very tier, else the one for none, which a factor must then bring to the tier. */
  function inFile(file: PriceFile, source: "override" | "builtin", subject: Subject, asked: Asked): Price | Unpriced | undefined {
    const matching = file.prices.filter((entry) => matches(entry, subject, asked));
    const exact = asked.serviceTier === undefined ? undefined : matching.find((entry) => entry.service_tier !== undefined);
    const entry: PriceEntry | undefined = exact ?? matching.find((each) => each.service_tier === undefined);
    if (!entry) return undefined;
    const base = { id: entry.id, version: `${source} ${file.version}`, source, tiers: listedTiers(entry), currency: entry.currency };
    return priced(base, subject, asked, exact !== undefined);
  }

  function priced(
    base: Pick<Price, "id" | "version" | "source"> & { readonly tiers: ReturnType<typeof listedTiers>; readonly currency?: string },
    subject: Subject,
    asked: Asked,
    ofTier: boolean,
  ): Price | Unpriced {
    const matching = factors.filter(({ factor }) => matches(factor, subject, asked));
    const tier = ofTier || asked.serviceTier === undefined ? undefined : matching.find(({ factor }) => isOf(factor, "service_tier"));
    if (asked.serviceTier !== undefined && !ofTier && !tier) return "unknown_service_tier";
    const region = matching.find(({ factor }) => isOf(factor, "region"));
    const discount = matching.find(({ factor }) => isOf(factor, "discount"));
    const applied = [tier, region, discount].filter((each) => each !== undefined);
    const product = (list: typeof applied): Big => list.reduce((all, { factor }) => all.times(factor.multiply), new Big(1));
    const inherited = inherit.filter(({ provider, model }) => isAnyOf(provider, subject.providers) && isAnyOf(model, [subject.model]));
    const fromOperator = applied.some(({ source }) => source === "override");
    return {
      id: [base.id, ...applied.map(({ factor }) => factor.id)].join("+"),
      version: [...new Set([base.version, ...applied.map(({ source, version }) => `${source} ${version}`)])].join(" + "),
      source: fromOperator ? "override" : base.source,
      ...(base.currency !== undefined && base.currency !== "USD" && { currency: base.currency }),
      tiers: compiled(base.tiers, inherited, { all: product(discount ? [discount] : []), withoutFees: product(applied) }),
    };
  }

  /** A name as it is, and without what stands before its last slash; for an upstream nobody knows, by what the model's name says. */
  function subjectsOf(name: string | undefined, model: string): readonly Subject[] {
    if (model.length > MAX_NAME || (name ?? "").length > MAX_NAME) return [];
    const bare = model.slice(model.lastIndexOf("/") + 1);
    const canonical = name === undefined ? undefined : canonicalName(name);
    const known = canonical === undefined ? undefined : catalog.provider(canonical);
    const names = [...new Set([name, canonical, known].filter((each) => each !== undefined))];
    const own = [...new Set([model, bare])].map((each): Subject => ({ listed: known, providers: names, model: each }));
    const maker = known === undefined && canonical !== NOBODY ? makerOf(model, bare) : undefined;
    if (maker === undefined) return own;
    const listed = catalog.provider(maker);
    // `groq/openai/gpt-oss-120b` is `openai/gpt-oss-120b` at Groq.
    const there = [...new Set([model.slice(model.indexOf("/") + 1), bare])];
    return [...own, ...there.map((each): Subject => ({ listed, providers: [...names, maker], model: each }))];
  }

  /** What a model's name says of who sells it; the whole name first, for open models have their maker's before the slash, and others serve them. */
  function makerOf(model: string, bare: string): string | undefined {
    const named = (name: string): string | undefined => models.find((each) => isAnyOf(each.name, [name]))?.is;
    const before = model === bare ? undefined : catalog.provider(canonicalName(model.slice(0, model.indexOf("/"))));
    const maker = named(model) ?? before ?? named(bare);
    return maker === NOBODY ? undefined : maker;
  }

  function canonicalName(name: string): string {
    return providers.find((each) => isAnyOf(each.name, [name]))?.is ?? name;
  }

  return { find };
}

function firstOf<T, Found>(all: readonly T[], look: (each: T) => Found | undefined): Found | undefined {
  for (const each of all) {
    const found = look(each);
    if (found !== undefined) return found;
  }
  return undefined;
}

function keyOf({ provider, models, serviceTier, region, address, upstream, tenant }: Asked): string {
  return JSON.stringify([provider, models, serviceTier, region, address, upstream, tenant]);
}

function isOf(factor: Factor, kind: Factor["kind"]): boolean {
  return factor.kind === kind;
}

function matches(entry: PriceEntry | Factor, { providers, model }: Subject, asked: Asked): boolean {
  return (
    (entry.from ?? -Infinity) <= asked.atMs &&
    asked.atMs < (entry.until ?? Infinity) &&
    isAnyOf(entry.provider, providers) &&
    isAnyOf(entry.model, [model]) &&
    isAnyOf(entry.service_tier, [asked.serviceTier]) &&
    isAnyOf(entry.region, [asked.region]) &&
    isAnyOf(entry.address, [asked.address]) &&
    isAnyOf(entry.upstream, [asked.upstream]) &&
    isAnyOf(entry.tenant, [asked.tenant])
  );
}

/** Where nothing is asked for, anything will do; a name that nobody told is none that is asked for. */
function isAnyOf(wanted: readonly RegExp[] | undefined, names: readonly (string | undefined)[]): boolean {
  return wanted === undefined || names.some((name) => name !== undefined && wanted.some((pattern) => pattern.test(name)));
}
