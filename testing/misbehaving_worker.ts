import { existsSync, writeFileSync } from "node:fs";
import { work } from "../pipeline/worker.ts";
import { processors } from "../processors/index.ts";
import type { Processor } from "../processors/processor.ts";
import type { ProcessorTools } from "../processors/tools.ts";

/** What a model of this name does to the worker that carries a call to it. `die-once:<file>`: only where there is no such file yet; `tell:<problem>` tells it. */
const MISDEEDS: Readonly<Record<string, (rest: string, tools: ProcessorTools) => void>> = {
  tell: (problem, { onProblem }) => onProblem(problem),
  die: () => process.exit(7),
  spin() {
    for (;;);
  },
  hoard() {
    const hoard: string[][] = [];
    for (;;) hoard.push(Array.from({ length: 10_000 }, (_, i) => `${i} ${hoard.length}`));
  },
  "die-once"(file) {
    if (existsSync(file)) return;
    writeFileSync(file, "");
    process.exit(7);
  },
};

const misbehave = (tools: ProcessorTools): Processor => ({
  name: "misbehave",
  process(spans) {
    for (const { attributes } of spans) {
      const model = attributes["gen_ai.request.model"];
      const [misdeed = "", rest = ""] = typeof model === "string" ? model.split(":") : [];
      if (Object.hasOwn(MISDEEDS, misdeed)) MISDEEDS[misdeed]?.(rest, tools);
    }
    return spans.map((span) => (span.attributes["gen_ai.request.model"] === "circle" ? { ...span, attributes: { circle } } : span));
  },
});

/** Nobody can encode it. */
const circle: Record<string, never> = {};
Object.assign(circle, { circle });

work((options, tools) => [...processors(options, tools), misbehave(tools)]);
