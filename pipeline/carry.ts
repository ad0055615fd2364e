import { assemble } from "../genai/assemble.ts";
import { describe, type DescribeOptions } from "../genai/describe.ts";
import type { Recorded } from "../genai/recorded.ts";
import type { Span } from "../genai/span.ts";
import type { Processor } from "../processors/processor.ts";
import { decode } from "./decode.ts";

/** A compressed body is read up to this size. */
const DECODE_LIMIT_BYTES = 64 * 1024 * 1024;

/** Turns recorded exchanges into finished spans: the straight line of the pipeline, without a file or a clock. */
export async function carry(
  recorded: readonly Recorded[],
  processors: readonly Processor[],
  options: DescribeOptions,
): Promise<readonly Span[]> {
  let spans: readonly Span[] = recorded.flatMap((each) => describe(assemble(decode(each, DECODE_LIMIT_BYTES)), options));
  for (const processor of processors) spans = await processor.process(spans);
  return spans;
}
