import { performance } from "node:perf_hooks";
import { LRUCache } from "lru-cache";
import * as names from "../../genai/attributes.ts";
import { toJson } from "../../genai/json.ts";
import type { Attributes, AttributeValue, Span } from "../../genai/span.ts";
import type { Processor } from "../processor.ts";
import { asWord, keyedHashes } from "../keyed_hash.ts";
import { detector } from "./detector.ts";
import { isIdentifier } from "./identifier.ts";
import { knownNames, wordsOf } from "./known_names.ts";
import { unscanned } from "./marker.ts";
import { Memo } from "./memo.ts";
import { looksLikeModel, modelDetector } from "./model_names.ts";
import { operate, operateOnIds, type Operators } from "./operate.ts";
import { ofDetector, type ScrubOptions } from "./options.ts";
import { scan, sum, type Counts, type Hand, type Scrubbed, type Walk } from "./scan.ts";
import { walk, walkLabelled, walkMessage, walkParts, type Pen } from "./walk.ts";

/** What we made up, or the operator: nothing of it comes from a person. */
const OURS: ReadonlySet<string> = new Set([
  names.CANCELLED_BY,
  names.GEN_AI_OPERATION_NAME,
  names.GEN_AI_OUTPUT_TYPE,
  names.GEN_AI_PROVIDER_NAME,
  names.HTTP_REQUEST_METHOD,
  names.HTTP_ROUTE,
  names.OPENAI_API_TYPE,
  names.REJECTION_REASON,
  names.SERVER_ADDRESS,
  names.UPSTREAM,
  names.URL_SCHEME,
  names.URL_TEMPLATE,
  names.USAGE_SOURCE,
  names.USER_HASH,
]);

/** Ids that the provider made up, and words of closed lists: joins depend on them. Anybody may send something else in their place, which is scanned. */
const IDENTIFIERS: ReadonlySet<string> = new Set([
  names.GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID,
  names.GEN_AI_RESPONSE_FINISH_REASONS,
  names.GEN_AI_RESPONSE_ID,
  names.OPENAI_REQUEST_SERVICE_TIER,
  names.OPENAI_RESPONSE_SERVICE_TIER,
  names.OPENAI_RESPONSE_SYSTEM_FINGERPRINT,
  names.RESPONSE_STATUS,
  names.UPSTREAM_REQUEST_ID,
]);

/** Whether an attribute is nobody's; every other text of a span is scanned. */
function isNobodys(name: string, value: AttributeValue): boolean {
  return OURS.has(name) || (IDENTIFIERS.has(name) && (Array.isArray(value) ? value.every(isIdentifier) : isIdentifier(value)));
}

/** Attributes that are lists: each member is scrubbed, and remembered, by itself. */
const LISTS: ReadonlyMap<string, Walk<AttributeValue>> = new Map([
  [names.GEN_AI_INPUT_MESSAGES, walkMessage],
  [names.GEN_AI_OUTPUT_MESSAGES, walkMessage],
  [names.GEN_AI_SYSTEM_INSTRUCTIONS, onePart],
  [names.GEN_AI_TOOL_DEFINITIONS, onePart],
]);

/** Names that prices and sums go by. */
const MODELS: ReadonlySet<string> = new Set([names.GEN_AI_REQUEST_MODEL, names.GEN_AI_RESPONSE_MODEL]);

/** Attributes whose names end in what somebody chose. */
const PREFIXES = [names.DIMENSION, names.GEN_AI_PROMPT_VARIABLE] as const;

/** Short texts that come again and again, such as models and user agents, by tenant, label and text. They stand in memory as they came. */
type ShortTexts = LRUCache<string, Scrubbed<AttributeValue>>;
const SHORT = 256;
const SHORT_TEXTS = 16_384;

export interface ScrubTools {
  /** Key of the pseudonyms. */
  readonly key: Uint8Array;
  /** Milliseconds on a clock that only goes forward. */
  readonly now?: () => number;
  /** Something is wrong that an operator should know; told each time. */
  readonly onProblem?: (problem: string) => void;
}

/**
 * Takes personal data and secrets out of spans, before anything stores or sends them: out of messages, instructions, tool calls and their results,
 * and out of every other text but what we made up. Where the tier is `full`, nothing is touched. A text that cannot be scanned, because the detector
 * failed or the time was over, becomes `[UNSCANNED:reason]`.
 */
export function scrub(options: ScrubOptions, { key, now = () => performance.now(), onProblem = () => {} }: ScrubTools): Processor {
  const content = detector(ofDetector(options));
  // A team or a product may be called like a person; a name that is none would tear apart what belongs together.
  const ids = detector({ ...ofDetector(options), names: options.names === "off" ? "off" : "precision" });
  const models = modelDetector(options);
  const memo = new Memo<AttributeValue>(options.memo_bytes);
  const short: ShortTexts = new LRUCache({ max: SHORT_TEXTS });
  const hash = keyedHashes(key);
  const tenants = new Map<string, Scrubber>();

  function scrubberOf(tenant: string): Scrubber {
    let known = tenants.get(tenant);
    if (known === undefined) {
      const own = options.tenants[tenant];
      const operators: Operators = {
        operator: own?.operator ?? options.operator,
        operators: { ...options.operators, ...own?.operators },
      };
      const named = (type: string, canonical: string): string => asWord(hash(tenant, type, canonical));
      known = new Scrubber(tenant, memo, short, {
        content: { detector: content, operate: operate(operators, named) },
        ids: { detector: ids, operate: operateOnIds(named) },
        models: { detector: models, operate: operateOnIds(named) },
      });
      tenants.set(tenant, known);
    }
    return known;
  }

  return {
    name: "scrub",
    process: (spans) =>
      spans.map((span) => {
        if (span.capture === "full" || span.scrubbed) return span;
        const until = now() + options.budget_ms;
        const scrubbed = tried(() => scrubberOf(span.tenant).span(span, () => now() > until)) ?? bare(span);
        if (Object.hasOwn(scrubbed.attributes, UNSCANNED)) onProblem(PROBLEM);
        return scrubbed;
      }),
  };
}

const UNSCANNED = `${names.SCRUB_COUNT}UNSCANNED`;
const PROBLEM =
  "texts could not be scanned for personal data and were taken off: ask which calls by scrub_counts['UNSCANNED'] > 0, and raise budget_ms of scrub if they are long";

function tried<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** What is certainly nobody's of a span that could not be scrubbed, such as one whose texts do not fit into memory. */
function bare(span: Span): Span {
  const kept = Object.entries(span.attributes).filter(
    ([name, value]) => isNobodys(name, value) || (typeof value !== "string" && typeof value !== "object"),
  );
  const attributes = { ...Object.fromEntries(kept), [UNSCANNED]: 1 };
  return { ...span, name: unscanned("error"), attributes, scrubbed: true };
}

interface Hands {
  readonly content: Hand;
  readonly ids: Hand;
  readonly models: Hand;
}

/** The scrubber of one tenant. */
class Scrubber {
  readonly #tenant: string;
  readonly #memo: Memo<AttributeValue>;
  readonly #hands: Hands;
  readonly #short: ShortTexts;

  constructor(tenant: string, memo: Memo<AttributeValue>, short: ShortTexts, hands: Hands) {
    this.#tenant = tenant;
    this.#memo = memo;
    this.#short = short;
    this.#hands = hands;
  }

  span(span: Span, expired: () => boolean): Span {
    const tally = new Tally();
    const said = this.#said(span.attributes, expired);
    const attributes: [string, AttributeValue][] = [];
    for (const name in span.attributes) {
      const value = span.attributes[name] as AttributeValue;
      const list = said.get(name);
      if (list !== undefined) attributes.push([name, list.map(tally.add)]);
      else attributes.push(isNobodys(name, value) ? [name, value] : this.#attribute(name, value, expired, tally));
    }
    const name = tally.add(this.#name(span, expired)) as string;
    for (const [type, count] of tally.counts) attributes.push([`${names.SCRUB_COUNT}${type}`, count]);
    return { ...span, name, attributes: Object.fromEntries(attributes), scrubbed: true };
  }

  /** The lists of what was said, by attribute. A name that one message tells is known in all others. */
  #said(attributes: Attributes, expired: () => boolean): ReadonlyMap<string, readonly Scrubbed<AttributeValue>[]> {
    const lists = new Map<string, readonly Member[]>();
    for (const [name, each] of LISTS) {
      const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
      if (Array.isArray(value))
        lists.set(
          name,
          (value as readonly AttributeValue[]).map((member) => this.#member(member, each, expired)),
        );
    }
    const words = wordsOf([...lists.values()].flat().flatMap(({ scrubbed }) => scrubbed.people));
    if (words.size === 0) return new Map([...lists].map(([name, members]) => [name, members.map(({ scrubbed }) => scrubbed)]));
    const hand: Hand = { ...this.#hands.content, detector: knownNames(words) };
    const scope = `${this.#tenant}\0${[...words].toSorted().join(" ")}`;
    return new Map([...lists].map(([name, members]) => [name, members.map((member) => this.#again(member, hand, scope, expired))]));
  }

  /** A message, a part or a definition: what an application sends again with its next call. */
  #member(value: AttributeValue, each: Walk<AttributeValue>, expired: () => boolean): Member {
    const json = toJson(value);
    const name = this.#memo.nameOf(this.#tenant, json);
    const bytes = json.length * 2; // at most: most texts take one a character
    return { name, bytes, each, scrubbed: this.#memo.get(name, bytes, () => scan(value, this.#hands.content, each, expired)) };
  }

  #again({ name, bytes, each, scrubbed }: Member, hand: Hand, scope: string, expired: () => boolean): Scrubbed<AttributeValue> {
    return this.#memo.get(this.#memo.nameOf(scope, name), bytes, () => {
      const again = scan(scrubbed.value, hand, each, expired);
      return again.counts.size === 0 ? scrubbed : { ...again, counts: sum(scrubbed.counts, again.counts) };
    });
  }

  #attribute(name: string, value: AttributeValue, expired: () => boolean, tally: Tally): [string, AttributeValue] {
    const { content, ids } = this.#hands;
    const prefix = PREFIXES.find((known) => name.startsWith(known));
    const label = prefix === undefined ? undefined : name.slice(prefix.length);
    const key = label === undefined ? name : `${prefix}${tally.add(this.#text("", label, expired)) as string}`;
    if (names.isContent(name)) return [key, tally.add(scan(value, content, (each, pen) => walkLabelled(label ?? "", each, pen), expired))];
    if (MODELS.has(name) && typeof value === "string" && looksLikeModel(value)) return [key, tally.add(this.#model(value, expired))];
    if (typeof value === "string") return [key, tally.add(this.#text(label ?? name.slice(name.lastIndexOf(".") + 1), value, expired))];
    return [key, typeof value === "object" ? tally.add(scan(value, ids, walk, expired)) : value];
  }

  /** `chat gpt-4o`, which is what the conventions want, or whatever else somebody called a span. */
  #name({ name, attributes }: Span, expired: () => boolean): Scrubbed<AttributeValue> {
    const model = attributes[names.GEN_AI_REQUEST_MODEL];
    const operation = attributes[names.GEN_AI_OPERATION_NAME];
    const ours = typeof model === "string" && typeof operation === "string" && looksLikeModel(model) && name === `${operation} ${model}`;
    if (!ours) return this.#text("", name, expired);
    const scrubbed = this.#model(model, expired);
    return { ...scrubbed, value: `${operation} ${scrubbed.value as string}` };
  }

  /** A text that tells calls apart, and may come again. */
  #text(label: string, text: string, expired: () => boolean): Scrubbed<AttributeValue> {
    const scrubbed = (): Scrubbed<AttributeValue> => scan(text, this.#hands.ids, (value, pen) => walkLabelled(label, value, pen), expired);
    return text.length > SHORT ? scrubbed() : this.#remembered(`${label}\0${text}`, scrubbed);
  }

  #model(name: string, expired: () => boolean): Scrubbed<AttributeValue> {
    return this.#remembered(`\0\0${name}`, () => scan(name, this.#hands.models, walk, expired));
  }

  #remembered(text: string, scrubbed: () => Scrubbed<AttributeValue>): Scrubbed<AttributeValue> {
    const name = `${this.#tenant}\0${text}`;
    let known = this.#short.get(name);
    if (known === undefined) {
      known = scrubbed();
      if (!known.counts.has("UNSCANNED")) this.#short.set(name, known);
    }
    return known;
  }
}

/** A member of a list, after its own words alone decided. */
interface Member {
  /** What the memory knows it by. */
  readonly name: string;
  readonly bytes: number;
  readonly each: Walk<AttributeValue>;
  readonly scrubbed: Scrubbed<AttributeValue>;
}

/** What was found in one span. */
class Tally {
  counts: Counts = new Map();

  readonly add = <Value>({ value, counts }: Scrubbed<Value>): Value => {
    if (counts.size > 0) this.counts = sum(this.counts, counts);
    return value;
  };
}

function onePart(part: AttributeValue, pen: Pen): AttributeValue {
  return (walkParts([part], pen) as readonly AttributeValue[])[0] as AttributeValue;
}
