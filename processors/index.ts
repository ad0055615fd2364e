import type { Processor } from "./processor.ts";
import { withhold } from "./withhold.ts";

/** The steps every span goes through, in this order. */
export function processors(): readonly Processor[] {
  return [withhold()];
}
