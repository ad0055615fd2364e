import { randomFrom } from "../../demo/random.ts";
import type { Random } from "./fault.ts";

/** The numbers of one row of one run. */
export function seededRandom(seed: number, row: string): Random {
  const random = randomFrom(`${row} ${seed}`);
  const whole = (from: number, to: number): number => from + random.below(to - from + 1);
  return {
    whole,
    pick: <T>(values: readonly T[]): T => {
      if (values.length === 0) throw new Error("there is nothing to pick from");
      return values[whole(0, values.length - 1)] as T;
    },
    bytes: (length) => Buffer.from(Array.from({ length }, () => whole(0, 255))),
  };
}
