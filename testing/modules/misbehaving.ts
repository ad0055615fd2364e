import { parentPort } from "node:worker_threads";
import type { Span } from "../../genai/span.ts";
import type { Processor } from "../../processors/processor.ts";

type Misdeed = (spans: readonly Span[]) => unknown;

/** What a span of this name, or a chat with a model of this name, has the module do. */
const MISDEEDS: Readonly<Record<string, Misdeed>> = {
  throw() {
    throw new TypeError("my name is Ada Lovelace");
  },
  "throw a text"() {
    // oxlint-disable-next-line typescript/only-throw-error
    throw "my name is Ada Lovelace";
  },
  reject: () => Promise.reject(new Error("my name is Ada Lovelace")),
  spin() {
    for (;;);
  },
  "wait for ever": () => new Promise(() => {}),
  exit: () => process.exit(3),
  "throw later": () => {
    setTimeout(() => {
      throw new RangeError("my name is Ada Lovelace");
    });
    return new Promise(() => {});
  },
  hoard() {
    const hoard: string[][] = [];
    for (;;) hoard.push(Array.from({ length: 10_000 }, (_, i) => `${i} ${hoard.length}`));
  },
  "hoard buffers"() {
    const hoard: Buffer[] = [];
    for (;;) hoard.push(Buffer.alloc(1024 * 1024, hoard.length));
  },
  "hoard in one piece"() {
    const hoard = new Map<number, object>();
    for (let i = 0; ; i++) hoard.set(i, { i });
  },
  "post words of its own"() {
    parentPort?.postMessage("my name is Ada Lovelace");
    return new Promise(() => {});
  },
  "return nothing": () => undefined,
  "return a text": () => "spans",
  "return rubbish": () => [null],
  "return one twice": (spans) => [...spans, ...spans],
  "invent one": (spans) => [...spans, { ...spans[0], spanId: "invented" }],
  "move to another tenant": (spans) => spans.map((span) => ({ ...span, tenant: "another" })),
  "move to another trace": (spans) => spans.map((span) => ({ ...span, traceId: "another" })),
  "change the time": (spans) => spans.map((span) => ({ ...span, endTimeUnixNano: 0n })),
  "raise the tier": (spans) => spans.map((span) => ({ ...span, capture: "full" })),
  "invent a tier": (spans) => spans.map((span) => ({ ...span, capture: "more" })),
  "invent an outcome": (spans) => spans.map((span) => ({ ...span, outcome: "splendid" })),
  "give a number for a name": (spans) => spans.map((span) => ({ ...span, name: 7 })),
  "return a function": (spans) => spans.map((span) => ({ ...span, attributes: { f: () => 1 } })),
  "return a date": (spans) => spans.map((span) => ({ ...span, attributes: { date: new Date() } })),
  "return a circle": (spans) => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    return spans.map((span) => ({ ...span, attributes: { circle } }));
  },
  "change in place": (spans) => {
    for (const span of spans) Object.assign(span.attributes, { changed: true });
    return spans;
  },
};

export default (): Processor => ({
  name: "misbehave",
  process: (spans) => (MISDEEDS[spans[0]?.name.replace("chat ", "") ?? ""] ?? ((same) => same))(spans) as readonly Span[],
});
