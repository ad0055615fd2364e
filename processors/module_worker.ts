import { parentPort, workerData } from "node:worker_threads";
import type { Attributes, AttributeValue, Span } from "../genai/span.ts";
import type { ModuleData, ModuleSaid, ModuleTask, Returned } from "./module_thread.ts";
import type { Processor } from "./processor.ts";
import { placesOf } from "./returned.ts";
import { thrown } from "./thrown.ts";

const STATUSES: readonly unknown[] = ["unset", "error"];
const OUTCOMES: readonly unknown[] = [undefined, "ok", "partial", "error", "refused", "cancelled"];
const DEEPEST = 64;

const port = parentPort;
if (port === null) throw new Error("this module runs in a worker thread");
const { url, options } = workerData as ModuleData;
const say = (said: ModuleSaid): void => port.postMessage(said);

let processor: Processor | undefined;
try {
  const made: unknown = await factory(await import(url))(options);
  if (!isProcessor(made)) throw new TypeError("what its function returns has no method process(spans)");
  processor = made;
  say({ loaded: true });
} catch (error) {
  say({ unusable: messageOf(error) });
}

port.on("message", (spans: ModuleTask) => {
  void answer(spans).then(say);
});

async function answer(spans: ModuleTask): Promise<ModuleSaid> {
  let returned: unknown;
  try {
    for (const span of spans) freeze(span);
    returned = await processor?.process(spans);
  } catch (error) {
    return { error: `it threw ${thrown(error)}` };
  }
  try {
    const places = placesOf(spans, returned);
    return { returned: places.map((at, i): Returned => ({ at, ...changesOf(spans[at], (returned as ModuleTask)[i]) })) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

function changesOf(given: Span | undefined, span: Span | undefined): Omit<Returned, "at"> {
  if (given === undefined || span === undefined || given === span) return {};
  const { name, status, capture, outcome } = span;
  if (typeof name !== "string" || !STATUSES.includes(status) || !OUTCOMES.includes(outcome)) {
    throw new TypeError("it returned a span with a name, status or outcome that there is not");
  }
  return { changes: { name, status, capture, outcome, attributes: plain(given.attributes, span.attributes) } };
}

/** Attributes that can be stored and sent; undefined takes one off. */
function plain(given: Attributes, attributes: Attributes): Attributes {
  const entries = Object.entries(attributes).filter(([, value]) => value !== undefined);
  for (const [name, value] of entries) {
    if (!(Object.hasOwn(given, name) && given[name] === value) && !isValue(value, DEEPEST))
      throw new TypeError("it returned an attribute that is no plain value");
  }
  return Object.fromEntries(entries);
}

function isValue(value: unknown, deepest: number): value is AttributeValue {
  if (value === null || ["string", "number", "bigint", "boolean"].includes(typeof value)) return true;
  if (typeof value !== "object" || deepest === 0) return false;
  if (Array.isArray(value)) return value.every((each) => isValue(each, deepest - 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    (prototype === Object.prototype || prototype === null) &&
    Object.values(value).every((each) => each === undefined || isValue(each, deepest - 1))
  );
}

/** Who changes a span in place hears of it: the change would be lost. */
function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  Object.freeze(value);
  for (const each of Object.values(value)) freeze(each);
}

function factory(loaded: unknown): (options: unknown) => unknown {
  const made: unknown = typeof loaded === "object" && loaded !== null && "default" in loaded ? loaded.default : undefined;
  if (typeof made !== "function") throw new TypeError("it has no function as its default export");
  return made as (options: unknown) => unknown;
}

function isProcessor(made: unknown): made is Processor {
  return typeof made === "object" && made !== null && "process" in made && typeof made.process === "function";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
