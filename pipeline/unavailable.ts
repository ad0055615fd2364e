import { StoreUnavailable } from "../storage/store.ts";
import { reasonOf } from "./letter.ts";

/** While this fails, what was recorded cannot reach the store: who asks learns what was tried, and that it is tried again. */
export async function orUnavailable<Value>(tried: string, work: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    throw unavailable(tried, cause);
  }
}

export const unavailable = (tried: string, cause: unknown): StoreUnavailable =>
  new StoreUnavailable(`${tried} (${reasonOf(cause)}); what was recorded waits on the journals, and it is tried again`, { cause });
