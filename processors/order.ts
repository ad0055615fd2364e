import { processorOptions, type ProcessorOptions } from "./options.ts";

/** A processor that cannot stand where it does. */
export interface Misplaced {
  readonly index: number;
  /** The option that says so. */
  readonly option: string;
  readonly message: string;
  readonly fix: string;
}

type Listed = readonly (ProcessorOptions | undefined)[];

/** Who can be there only once: the second would find its work done. */
const ONCE: readonly string[] = ["count_tokens", "scrub", "price"];
/** Nobody else is counted under these; the last is every object's already. */
const TAKEN: readonly string[] = [...processorOptions.options.map(({ shape }) => shape.use.value), "withhold", "constructor"];
/** Within which a batch leaves the modules, or the thread that carries it counts as hung. */
const MODULES_WITHIN_MS = 20_000;

/** What is wrong with the order of a list; entries that failed their own check are undefined, and nothing is concluded from them. */
export function misplaced(list: Listed): readonly Misplaced[] {
  return [...repeated(list), ...countedLate(list), ...unscrubbed(list), ...unpriced(list), ...tooSlow(list), ...misnamed(list)];
}

const usesOf = (list: Listed): readonly (string | undefined)[] => list.map((each) => each?.use);

function* repeated(list: Listed): Iterable<Misplaced> {
  const uses = usesOf(list);
  for (const [index, use] of uses.entries()) {
    if (use === undefined || !ONCE.includes(use) || uses.indexOf(use) === index) continue;
    yield { index, option: "use", message: `${use} is in the list already`, fix: "Remove one of them." };
  }
}

function* countedLate(list: Listed): Iterable<Misplaced> {
  const index = usesOf(list).indexOf("count_tokens");
  if (index <= 0) return;
  const message = "count_tokens comes too late: it counts what people wrote before others change it or take it off";
  yield { index, option: "use", message, fix: "Make it the first of the list." };
}

function* unscrubbed(list: Listed): Iterable<Misplaced> {
  const scrub = usesOf(list).indexOf("scrub");
  for (const [index, each] of list.entries()) {
    if (each?.use !== "module" || index > scrub) continue;
    const message = "a module before scrub would see what is not scrubbed yet";
    yield { index, option: "use", message, fix: "Move it behind scrub." };
  }
}

function* unpriced(list: Listed): Iterable<Misplaced> {
  const price = usesOf(list).indexOf("price");
  for (const [index, each] of list.entries()) {
    if (each?.use !== "sample" || each.keep.costlier_than_usd === undefined || (price !== -1 && price < index)) continue;
    const message = "there is no price before it, so no cost is known";
    yield { index, option: "keep", message, fix: "Put price before it, or leave costlier_than_usd out." };
  }
}

function* misnamed(list: Listed): Iterable<Misplaced> {
  for (const [index, each] of list.entries()) {
    if (each?.use !== "module" || each.name === "module" || !TAKEN.includes(each.name)) continue;
    yield { index, option: "name", message: `${each.name} is another's name`, fix: "Give the module a name of its own." };
  }
}

function* tooSlow(list: Listed): Iterable<Misplaced> {
  let sum = 0;
  for (const [index, each] of list.entries()) {
    if (each?.use !== "module") continue;
    sum += each.time_limit_ms;
    if (sum <= MODULES_WITHIN_MS) continue;
    const message = `with it, modules may take ${sum} ms for a batch, and ${MODULES_WITHIN_MS} is the most`;
    yield { index, option: "time_limit_ms", message, fix: "Lower the time limits." };
    return;
  }
}
