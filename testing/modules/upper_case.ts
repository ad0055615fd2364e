import type { Processor } from "../../processors/processor.ts";

/** A processor as a user would write it: names in capitals, and one attribute more. */
export default (options: { readonly mark?: string }): Processor => ({
  name: "upper_case",
  process: (spans) =>
    spans.map((span) => ({
      ...span,
      name: span.name.toUpperCase(),
      attributes: { ...span.attributes, "acme.mark": options.mark ?? "seen" },
    })),
});
