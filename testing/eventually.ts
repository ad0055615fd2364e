import { setTimeout } from "node:timers/promises";

/** Reads again and again until the value is accepted. Throws with the last one when that takes longer than `withinMs`. */
export async function eventually<Value>(
  read: () => Value | Promise<Value>,
  accept: (value: Value) => boolean,
  withinMs = 5000,
): Promise<Value> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await read();
    if (accept(value)) return value;
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms; last seen: ${JSON.stringify(value)?.slice(0, 2000)}`);
    await setTimeout(20);
  }
}
