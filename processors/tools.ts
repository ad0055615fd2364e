/** What the thread that runs processors gives to them. */
export interface ProcessorTools {
  /** The key that pseudonyms are derived from: `pseudonyms(key, purpose)`. */
  readonly key: Uint8Array;
  /** Path of the operator's own prices. */
  readonly priceOverrides?: string | undefined;
  /** Something is wrong that an operator should know; spans go on all the same. */
  readonly onProblem: (problem: string) => void;
  /** A line that a module of the user printed, shortened; there may be many. */
  readonly onPrinted: (processor: string, line: string) => void;
}
