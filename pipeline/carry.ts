import { assemble } from "../genai/assemble.ts";
import { describe, type DescribeOptions } from "../genai/describe.ts";
import type { Recorded } from "../genai/recorded.ts";
import type { Span } from "../genai/span.ts";
import type { Processor } from "../processors/processor.ts";
import { decode } from "./decode.ts";
import { StageError } from "./letter.ts";

/** A compressed body is read up to this size, */
const BODY_LIMIT_BYTES = 64 * 1024 * 1024;
/** and all bodies that are carried together up to this one. */
const BATCH_LIMIT_BYTES = 128 * 1024 * 1024;

/** Turns recorded exchanges into finished spans: the straight line of the pipeline, without a file or a clock. */
export async function carry(
  recorded: readonly Recorded[],
  processors: readonly Processor[],
  options: DescribeOptions,
): Promise<readonly Span[]> {
  let left = BATCH_LIMIT_BYTES;
  let spans: readonly Span[] = recorded.flatMap((each) => {
    const decoded = decode(each, Math.min(left, BODY_LIMIT_BYTES));
    if (decoded !== each) left = Math.max(0, left - size(decoded));
    return describe(assemble(decoded), options);
  });
  try {
    for (const processor of processors) spans = await processor.process(spans);
  } catch (error) {
    throw new StageError("process", error);
  }
  return spans;
}

function size({ request, response }: Recorded): number {
  return response.reduce((sum, { bytes }) => sum + bytes.length, request.length);
}
