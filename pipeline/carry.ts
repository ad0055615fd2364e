import { assemble } from "../genai/assemble.ts";
import { describe, type DescribeOptions } from "../genai/describe.ts";
import type { Recorded } from "../genai/recorded.ts";
import type { Processor } from "../processors/processor.ts";
import { decode } from "./decode.ts";
import { process, type Processed } from "./process.ts";

/** A compressed body is read up to this size, */
const BODY_LIMIT_BYTES = 64 * 1024 * 1024;
/** and all bodies that are carried together up to this one. */
const BATCH_LIMIT_BYTES = 128 * 1024 * 1024;

/** Turns recorded exchanges into finished spans: the straight line of the pipeline, without a file or a clock. */
export async function carry(recorded: readonly Recorded[], processors: readonly Processor[], options: DescribeOptions): Promise<Processed> {
  let left = BATCH_LIMIT_BYTES;
  const spans = recorded.flatMap((each) => {
    const decoded = decode(each, Math.min(left, BODY_LIMIT_BYTES));
    if (decoded !== each) left = Math.max(0, left - size(decoded));
    return describe(assemble(decoded), options);
  });
  return await process(spans, processors);
}

function size({ request, response }: Recorded): number {
  return response.reduce((sum, { bytes }) => sum + bytes.length, request.length);
}
